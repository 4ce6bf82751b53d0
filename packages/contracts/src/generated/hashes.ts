// Written by scripts/build.ts from solidity/; do not edit.
/** SHA-256 of each compilation unit's sources, settings and compiler; a test compares them with the sources. */
export const unitHashes: Readonly<Record<string, string>> = {
  "causeway": "0xf32cb447a3f1e70e4f077a0b8caece10d4e0246fc4d2fa3ccb6e08df2287a6b9",
  "AccountingVerifier": "0x267a093afadd32e586474bf6c766b4601d4afb1570c1bcc0824c8cb95beecc31"
}
