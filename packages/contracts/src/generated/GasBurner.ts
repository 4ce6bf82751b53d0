// Written by scripts/build.ts from solidity/; do not edit.

/** ABI of `GasBurner` (solidity/samples/GasBurner.sol). */
export const gasBurnerAbi = [
  {"stateMutability":"payable","type":"fallback"},
  {"stateMutability":"payable","type":"receive"},
] as const

/** Creation bytecode of `GasBurner`, without constructor arguments. */
export const gasBurnerBytecode: `0x${string}` =
  '0x608080604052346013576001908160188239f35b5f80fdfefe'

/** Runtime bytecode of `GasBurner`; immutables, if it has any, are zero. */
export const gasBurnerDeployedBytecode: `0x${string}` =
  '0xfe'
