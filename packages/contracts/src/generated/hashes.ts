// Written by scripts/build.ts from solidity/; do not edit.
/** SHA-256 of each compilation unit's sources, settings and compiler; a test compares them with the sources. */
export const unitHashes: Readonly<Record<string, string>> = {
  "causeway": "0xb3210b2544c18fa90b613210a59946ec08892afe8cc07e736bd2d5cf5a138e46",
  "AccountingVerifier": "0xd3bd676f81fb497d7e550a6d33da3bd3596f9e34f8a2594f80efe43418bc059f"
}
