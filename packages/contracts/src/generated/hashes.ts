// Written by scripts/build.ts from solidity/; do not edit.
/** SHA-256 of each compilation unit's sources, settings and compiler; a test compares them with the sources. */
export const unitHashes: Readonly<Record<string, string>> = {
  "causeway": "0x5d65c5d903bdb132cee7488307e9c11159a227796ba1e3988de273c55ab25696"
}
