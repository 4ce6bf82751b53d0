// Written by scripts/build.ts from solidity/; do not edit.
export * from './MockVerifier.js'
