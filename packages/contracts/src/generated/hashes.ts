// Written by scripts/build.ts from solidity/; do not edit.
/** SHA-256 of each compilation unit's sources, settings and compiler; a test compares them with the sources. */
export const unitHashes: Readonly<Record<string, string>> = {
  "causeway": "0x4bb0897055cefed77fcfd7a35e4dfad523c7b0159221006264cd52de0e788453",
  "AccountingVerifier": "0x267a093afadd32e586474bf6c766b4601d4afb1570c1bcc0824c8cb95beecc31"
}
