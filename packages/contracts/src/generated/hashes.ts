// Written by scripts/build.ts from solidity/; do not edit.
/** SHA-256 of each compilation unit's sources, settings and compiler; a test compares them with the sources. */
export const unitHashes: Readonly<Record<string, string>> = {
  "causeway": "0x4583cf03bb9090b4642ebba3c7777df4ff82f7d2a3fc113aa1a507a5999ef6ec",
  "AccountingVerifier": "0xf2bf70de99b81975d48d8c3de2d17bec2fd3e71515b85877bc32cbe84d3c90b0"
}
