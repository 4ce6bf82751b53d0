// Written by scripts/build.ts from solidity/; do not edit.
/** SHA-256 of each compilation unit's sources, settings and compiler; a test compares them with the sources. */
export const unitHashes: Readonly<Record<string, string>> = {
  "causeway": "0x445517f297dca40a4c5d1d7696b1b9fef63d993df75c11cc27b0c63670105a19"
}
