// Written by scripts/build.ts from solidity/; do not edit.
export * from './GasBurner.js'
export * from './Greeter.js'
export * from './JunkToken.js'
export * from './ModeratedToken.js'
export * from './Reenterer.js'
export * from './ReturnBomb.js'
export * from './Reverter.js'
export * from './TestToken.js'
