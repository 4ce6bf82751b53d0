import { hexToBytes, type Hex } from 'viem'

/** Opcodes that the benchmark's programs use by name. */
export const OP = {
  STOP: 0x00, ADD: 0x01, MUL: 0x02, SUB: 0x03, DIV: 0x04, SDIV: 0x05, MOD: 0x06, SMOD: 0x07, ADDMOD: 0x08, MULMOD: 0x09, EXP: 0x0a, SIGNEXTEND: 0x0b,
  LT: 0x10, GT: 0x11, SLT: 0x12, SGT: 0x13, EQ: 0x14, ISZERO: 0x15, AND: 0x16, OR: 0x17, XOR: 0x18, NOT: 0x19, BYTE: 0x1a, SHL: 0x1b, SHR: 0x1c, SAR: 0x1d, CLZ: 0x1e,
  KECCAK256: 0x20, ADDRESS: 0x30, BALANCE: 0x31, ORIGIN: 0x32, CALLER: 0x33, CALLVALUE: 0x34, CALLDATALOAD: 0x35, CALLDATASIZE: 0x36, CALLDATACOPY: 0x37,
  CODESIZE: 0x38, CODECOPY: 0x39, GASPRICE: 0x3a, EXTCODESIZE: 0x3b, EXTCODECOPY: 0x3c, RETURNDATASIZE: 0x3d, RETURNDATACOPY: 0x3e, EXTCODEHASH: 0x3f,
  BLOCKHASH: 0x40, COINBASE: 0x41, TIMESTAMP: 0x42, NUMBER: 0x43, PREVRANDAO: 0x44, GASLIMIT: 0x45, CHAINID: 0x46, SELFBALANCE: 0x47, BASEFEE: 0x48, BLOBHASH: 0x49, BLOBBASEFEE: 0x4a,
  POP: 0x50, MLOAD: 0x51, MSTORE: 0x52, MSTORE8: 0x53, SLOAD: 0x54, SSTORE: 0x55, JUMP: 0x56, JUMPI: 0x57, PC: 0x58, MSIZE: 0x59, GAS: 0x5a, JUMPDEST: 0x5b, TLOAD: 0x5c, TSTORE: 0x5d, MCOPY: 0x5e, PUSH0: 0x5f,
  LOG0: 0xa0, LOG1: 0xa1, LOG2: 0xa2, LOG3: 0xa3, LOG4: 0xa4,
  CREATE: 0xf0, CALL: 0xf1, CALLCODE: 0xf2, RETURN: 0xf3, DELEGATECALL: 0xf4, CREATE2: 0xf5, STATICCALL: 0xfa, REVERT: 0xfd, SELFDESTRUCT: 0xff,
} as const
export type OpName = keyof typeof OP

/** A part of a program: an opcode, or a number to push. */
export type Part = OpName | bigint | Uint8Array | { dup: number }

/** Bytecode. A number becomes the shortest PUSH. */
export function assemble(parts: readonly Part[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => {
      if (typeof part === 'string') return [OP[part]]
      if (part instanceof Uint8Array) return [...part]
      if (typeof part === 'object') return [0x7f + part.dup]
      if (part === 0n) return [OP.PUSH0]
      const hex = part.toString(16)
      const bytes = hexToBytes(`0x${hex.padStart(hex.length + (hex.length % 2), '0')}` as Hex)
      return [0x5f + bytes.length, ...bytes]
    }),
  )
}

/** Bytes of code that a contract may have. */
const MAX_CODE = 24_576

/** A program that runs `setup` once and then `body` for ever; `body` leaves the stack as it was. Unrolled, so that jumping costs nothing. */
export function endless(setup: readonly Part[], body: readonly Part[], copies = Number.POSITIVE_INFINITY): Uint8Array {
  const before = assemble(setup)
  const once = assemble(body)
  const times = Math.max(1, Math.min(copies, Math.floor((MAX_CODE - before.length - 16) / once.length)))
  const again = assemble([BigInt(before.length), 'JUMP'])
  const code = new Uint8Array(before.length + 1 + times * once.length + again.length)
  code.set(before)
  code[before.length] = OP.JUMPDEST
  for (let i = 0; i < times; i++) code.set(once, before.length + 1 + i * once.length)
  code.set(again, code.length - again.length)
  return code
}
