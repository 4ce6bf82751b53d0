// Written by scripts/build.ts from solidity/; do not edit.
/** SHA-256 of each compilation unit's sources, settings and compiler; a test compares them with the sources. */
export const unitHashes: Readonly<Record<string, string>> = {
  "causeway": "0xb3210b2544c18fa90b613210a59946ec08892afe8cc07e736bd2d5cf5a138e46",
  "AccountingVerifier": "0xf2bf70de99b81975d48d8c3de2d17bec2fd3e71515b85877bc32cbe84d3c90b0"
}
