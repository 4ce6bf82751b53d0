// Written by scripts/build.ts from solidity/; do not edit.
/** SHA-256 of each compilation unit's sources, settings and compiler; a test compares them with the sources. */
export const unitHashes: Readonly<Record<string, string>> = {
  "causeway": "0x3afbbb0f717f31ea9ba823113ab4358ae1265483b36f8bc725aa69232a879e4d",
  "AccountingVerifier": "0x267a093afadd32e586474bf6c766b4601d4afb1570c1bcc0824c8cb95beecc31"
}
