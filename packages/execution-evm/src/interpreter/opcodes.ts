import type { Common } from '@ethereumjs/common'

// What WebAssembly runs itself: opcode, constant gas, what it pops, what it pushes.
const PLAIN: readonly (readonly [opcode: number, gas: number, pops: number, pushes: number])[] = [
  [0x00, 0, 0, 0], // STOP
  [0x01, 3, 2, 1], // ADD
  [0x02, 5, 2, 1], // MUL
  [0x03, 3, 2, 1], // SUB
  [0x04, 5, 2, 1], // DIV
  [0x05, 5, 2, 1], // SDIV
  [0x06, 5, 2, 1], // MOD
  [0x07, 5, 2, 1], // SMOD
  [0x08, 8, 3, 1], // ADDMOD
  [0x09, 8, 3, 1], // MULMOD
  [0x0a, 10, 2, 1], // EXP
  [0x0b, 5, 2, 1], // SIGNEXTEND
  [0x10, 3, 2, 1], // LT
  [0x11, 3, 2, 1], // GT
  [0x12, 3, 2, 1], // SLT
  [0x13, 3, 2, 1], // SGT
  [0x14, 3, 2, 1], // EQ
  [0x15, 3, 1, 1], // ISZERO
  [0x16, 3, 2, 1], // AND
  [0x17, 3, 2, 1], // OR
  [0x18, 3, 2, 1], // XOR
  [0x19, 3, 1, 1], // NOT
  [0x1a, 3, 2, 1], // BYTE
  [0x1b, 3, 2, 1], // SHL
  [0x1c, 3, 2, 1], // SHR
  [0x1d, 3, 2, 1], // SAR
  [0x20, 30, 2, 1], // KECCAK256
  [0x30, 2, 0, 1], // ADDRESS
  [0x32, 2, 0, 1], // ORIGIN
  [0x33, 2, 0, 1], // CALLER
  [0x34, 2, 0, 1], // CALLVALUE
  [0x35, 3, 1, 1], // CALLDATALOAD
  [0x36, 2, 0, 1], // CALLDATASIZE
  [0x37, 3, 3, 0], // CALLDATACOPY
  [0x38, 2, 0, 1], // CODESIZE
  [0x39, 3, 3, 0], // CODECOPY
  [0x3a, 2, 0, 1], // GASPRICE
  [0x3d, 2, 0, 1], // RETURNDATASIZE
  [0x41, 2, 0, 1], // COINBASE
  [0x42, 2, 0, 1], // TIMESTAMP
  [0x43, 2, 0, 1], // NUMBER
  [0x44, 2, 0, 1], // PREVRANDAO
  [0x45, 2, 0, 1], // GASLIMIT
  [0x46, 2, 0, 1], // CHAINID
  [0x47, 5, 0, 1], // SELFBALANCE
  [0x48, 2, 0, 1], // BASEFEE
  [0x4a, 2, 0, 1], // BLOBBASEFEE
  [0x50, 2, 1, 0], // POP
  [0x51, 3, 1, 1], // MLOAD
  [0x52, 3, 2, 0], // MSTORE
  [0x53, 3, 2, 0], // MSTORE8
  [0x56, 8, 1, 0], // JUMP
  [0x57, 10, 2, 0], // JUMPI
  [0x58, 2, 0, 1], // PC
  [0x59, 2, 0, 1], // MSIZE
  [0x5a, 2, 0, 1], // GAS
  [0x5b, 1, 0, 0], // JUMPDEST
  [0x5e, 3, 3, 0], // MCOPY
  [0x5f, 2, 0, 1], // PUSH0
  ...Array.from({ length: 32 }, (_, i) => [0x60 + i, 3, 0, 1] as const),
  ...Array.from({ length: 16 }, (_, i) => [0x80 + i, 3, i + 1, i + 2] as const),
  ...Array.from({ length: 16 }, (_, i) => [0x90 + i, 3, i + 2, i + 2] as const),
  [0xf3, 0, 2, 0], // RETURN
  [0xfd, 0, 2, 0], // REVERT
]
const CLZ = [0x1e, 5, 1, 1] as const

/** What needs the state, another frame or a log: opcode and what it pops. The host charges for it. */
const HOSTED: readonly (readonly [opcode: number, pops: number])[] = [
  [0x31, 1], // BALANCE
  [0x3b, 1], // EXTCODESIZE
  [0x3c, 4], // EXTCODECOPY
  [0x3e, 3], // RETURNDATACOPY
  [0x3f, 1], // EXTCODEHASH
  [0x40, 1], // BLOCKHASH
  [0x49, 1], // BLOBHASH
  [0x54, 1], // SLOAD
  [0x55, 2], // SSTORE
  [0x5c, 1], // TLOAD
  [0x5d, 2], // TSTORE
  ...[0, 1, 2, 3, 4].map((topics) => [0xa0 + topics, 2 + topics] as const),
  [0xf0, 3], // CREATE
  [0xf1, 7], // CALL
  [0xf2, 7], // CALLCODE
  [0xf4, 6], // DELEGATECALL
  [0xf5, 4], // CREATE2
  [0xfa, 6], // STATICCALL
  [0xff, 1], // SELFDESTRUCT
]

/** Bits of an entry of the table in wasm/interpreter.ts. */
const HOST = 0x100
const NONE = 0x200

/** The table of wasm/interpreter.ts for a fork: an entry for each opcode. */
export function opcodeTable(common: Common): Uint32Array {
  const table = new Uint32Array(256).fill(NONE)
  for (const [opcode, gas, pops, pushes] of common.isActivatedEIP(7939) ? [...PLAIN, CLZ] : PLAIN) table[opcode] = pops | (gas << 16) | (pushes > pops ? 1 << 24 : 0)
  for (const [opcode, pops] of HOSTED) table[opcode] = pops | HOST
  return table
}
