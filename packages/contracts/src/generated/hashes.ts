// Written by scripts/build.ts from solidity/; do not edit.
/** SHA-256 of each compilation unit's sources, settings and compiler; a test compares them with the sources. */
export const unitHashes: Readonly<Record<string, string>> = {
  "causeway": "0x6039dd172d3154b2ea82b470bf25f179ba419bb94c8edb9056d8d0ed2350bed7",
  "AccountingVerifier": "0x267a093afadd32e586474bf6c766b4601d4afb1570c1bcc0824c8cb95beecc31"
}
