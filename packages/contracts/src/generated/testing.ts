// Written by scripts/build.ts from solidity/; do not edit.
export * from './MockAvailability.js'
export * from './MockVerifier.js'
