// Written by scripts/build.ts from solidity/; do not edit.
/** SHA-256 of each compilation unit's sources, settings and compiler; a test compares them with the sources. */
export const unitHashes: Readonly<Record<string, string>> = {
  "causeway": "0xa05a6a6f212b20262d29fe2d36aed390b34f0a5a300545027cf4ead733492f48",
  "AccountingVerifier": "0x267a093afadd32e586474bf6c766b4601d4afb1570c1bcc0824c8cb95beecc31"
}
