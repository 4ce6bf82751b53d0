import type { Address } from 'viem'
import { assemble, endless, OP, type OpName, type Part } from './assembler.js'
import { anyWord, type GasCase, type Program } from './case.js'

const OTHER: Address = '0x00000000000000000000000000000000000e1111'
const other = BigInt(OTHER)
/** A contract of the largest size, that stops at once. */
const LARGE = { [OTHER]: new Uint8Array(24_576).fill(OP.JUMPDEST).fill(OP.STOP, 0, 1) }
const MEGABYTE = 1_048_576n
const touch = (size: bigint): Part[] => [0n, size - 1n, 'MSTORE8']

const program = (input: string, code: Uint8Array, more: Partial<Program> = {}): Program => ({ input, code, ...more })

/** An opcode of arithmetic, on operands that a search looks for. */
const arithmetic = (name: OpName, operands: number, tries = 24): GasCase => ({
  name,
  programs: (random) =>
    Array.from({ length: tries }, (): Program => {
      const words = Array.from({ length: operands }, () => anyWord(random))
      // The operands lie below; a copy of them is used each time.
      return program(words.map((word) => `0x${word.toString(16)}`).join(' '), endless(words, [...words.map(() => ({ dup: operands })), name, 'POP']))
    }),
})

/** An opcode in several programs. */
type Given = readonly [input: string, setup: readonly Part[], body: readonly Part[], more?: Partial<Program>, copies?: number]
const several = (name: string, ...programs: readonly Given[]): GasCase => ({
  name,
  programs: () => programs.map(([input, setup, body, more, copies]) => program(input, endless(setup, body, copies), more)),
})

const pushed = (name: OpName): GasCase => several(name, ['', [], [name, 'POP']])

/** A call with the gas left, and its result popped. */
const call = (name: 'CALL' | 'CALLCODE' | 'DELEGATECALL' | 'STATICCALL', to: Part, { size = 0n, value = 0n, gas = 'GAS' as Part } = {}): Part[] => [
  ...(['CALL', 'CALLCODE'].includes(name) ? [0n, 0n, size, 0n, value] : [0n, 0n, size, 0n]), to, gas, name, 'POP',
]
const calls = (name: 'CALL' | 'CALLCODE' | 'DELEGATECALL' | 'STATICCALL'): GasCase =>
  several(
    name,
    ['an account without code, warm', [], call(name, 0xe2222n)],
    ['a contract of 24 kB, warm', [], call(name, other), { contracts: LARGE }],
    ['a fresh account each time', [], call(name, 'GAS')],
    ['1 MB of arguments', touch(MEGABYTE), call(name, other, { size: MEGABYTE }), { contracts: LARGE }],
    ['itself, to the depth that gas allows', [], call(name, 'ADDRESS'), {}, 1],
    ['after 5,000 logs', [5_000n, 'JUMPDEST', 0n, 0n, 'LOG0', 1n, { dup: 2 }, 'SUB', Uint8Array.of(0x90), 'POP', { dup: 1 }, 3n, 'JUMPI'], call(name, 0xe2222n)],
    ['after 200 creations', [200n, 'JUMPDEST', 0n, 0n, 0n, 'CREATE', 'POP', 1n, { dup: 2 }, 'SUB', Uint8Array.of(0x90), 'POP', { dup: 1 }, 2n, 'JUMPI'], call(name, 0xe2222n)],
    ...(name === 'CALL' ? ([['1 wei to an account without code', [], call(name, 0xe2222n, { value: 1n })]] as const) : []),
  )

/** Every opcode. */
export const opcodes: readonly GasCase[] = [
  ...(['ADD', 'MUL', 'SUB', 'DIV', 'SDIV', 'MOD', 'SMOD', 'SIGNEXTEND', 'LT', 'GT', 'SLT', 'SGT', 'EQ', 'AND', 'OR', 'XOR', 'BYTE', 'SHL', 'SHR', 'SAR', 'EXP'] as const).map((name) => arithmetic(name, 2)),
  arithmetic('ADDMOD', 3, 48),
  arithmetic('MULMOD', 3, 48),
  arithmetic('ISZERO', 1, 8),
  arithmetic('NOT', 1, 8),
  arithmetic('CLZ', 1, 8),
  {
    name: 'KECCAK256',
    programs: () => [0n, 1n, 32n, 64n, 135n, 136n, 137n, 1_000n, 10_000n, MEGABYTE].map((size) => program(`${size} bytes`, endless(size > 0n ? touch(size) : [], [size, 0n, 'KECCAK256', 'POP']))),
  },
  ...(['ADDRESS', 'ORIGIN', 'CALLER', 'CALLVALUE', 'CALLDATASIZE', 'CODESIZE', 'GASPRICE', 'RETURNDATASIZE', 'COINBASE', 'TIMESTAMP', 'NUMBER', 'PREVRANDAO', 'GASLIMIT', 'CHAINID', 'SELFBALANCE', 'BASEFEE', 'BLOBBASEFEE', 'PC', 'MSIZE', 'GAS', 'PUSH0'] as const).map(pushed),
  several('POP', ['', ['GAS'], [{ dup: 1 }, 'POP']]),
  several('PUSH1–32', ...Array.from({ length: 32 }, (_, i): [string, Part[], Part[]] => [`PUSH${i + 1}`, [], [Uint8Array.of(0x60 + i, ...new Uint8Array(i + 1).fill(0xff)), 'POP']])),
  several('DUP1–16', ...[1, 16].map((n): [string, Part[], Part[]] => [`DUP${n}`, Array.from({ length: 16 }, () => (1n << 256n) - 1n), [{ dup: n }, 'POP']])),
  several('SWAP1–16', ...[1, 16].map((n): [string, Part[], Part[]] => [`SWAP${n}`, Array.from({ length: 17 }, () => (1n << 256n) - 1n), [Uint8Array.of(0x8f + n)]])),
  several('JUMPDEST', ['', [], ['JUMPDEST']]),
  several('JUMP', ['a loop of three opcodes', [], [], {}, 1]),
  several('JUMPI', ['not taken', [], [0n, 0n, 'JUMPI']]),
  several('CALLDATALOAD', ['', [], [0n, 'CALLDATALOAD', 'POP'], { calldata: new Uint8Array(64).fill(0xff) }], ['at the end', [], [63n, 'CALLDATALOAD', 'POP'], { calldata: new Uint8Array(64).fill(0xff) }]),
  several('CALLDATACOPY', ...[0n, 1n, 32n, 1_024n, MEGABYTE].map((size): [string, Part[], Part[], Partial<Program>] => [`${size} bytes`, size > 0n ? touch(size) : [], [size, 0n, 0n, 'CALLDATACOPY'], { calldata: new Uint8Array(20_000).fill(0xff) }])),
  several('CODECOPY', ...[0n, 1n, 32n, 1_024n, MEGABYTE].map((size): [string, Part[], Part[]] => [`${size} bytes`, size > 0n ? touch(size) : [], [size, 0n, 0n, 'CODECOPY']])),
  several('RETURNDATACOPY', ['no bytes', [], [0n, 0n, 0n, 'RETURNDATACOPY']], ...[1n, 32n, 1_024n].map((size): [string, Part[], Part[]] => [`${size} bytes`, [...touch(2_048n), 0n, 0n, 2_048n, 0n, 4n, 'GAS', 'STATICCALL', 'POP'], [size, 0n, 0n, 'RETURNDATACOPY']])),
  several('MCOPY', ...[0n, 1n, 32n, 1_024n, MEGABYTE].map((size): [string, Part[], Part[]] => [`${size} bytes`, size > 0n ? touch(size) : [], [size, 0n, 1n, 'MCOPY']])),
  several('MLOAD', ['', touch(64n), [0n, 'MLOAD', 'POP']], ['unaligned', touch(64n), [1n, 'MLOAD', 'POP']]),
  several('MSTORE', ['', [], [(1n << 256n) - 1n, 0n, 'MSTORE']], ['growing', [], ['GAS', 'MSIZE', 'MSTORE']]),
  several('MSTORE8', ['', [], ['GAS', 0n, 'MSTORE8']], ['growing', [], ['GAS', 'MSIZE', 'MSTORE8']]),
  several('BALANCE', ['warm', [], [0xe2222n, 'BALANCE', 'POP']], ['cold', [], ['GAS', 'BALANCE', 'POP']]),
  several('EXTCODESIZE', ['warm, 24 kB', [], [other, 'EXTCODESIZE', 'POP'], { contracts: LARGE }], ['cold', [], ['GAS', 'EXTCODESIZE', 'POP']]),
  several('EXTCODEHASH', ['warm, 24 kB', [], [other, 'EXTCODEHASH', 'POP'], { contracts: LARGE }], ['cold', [], ['GAS', 'EXTCODEHASH', 'POP']]),
  several('EXTCODECOPY', ...[0n, 32n, 24_576n, MEGABYTE].map((size): [string, Part[], Part[], Partial<Program>] => [`warm, ${size} bytes`, size > 0n ? touch(size) : [], [size, 0n, 0n, other, 'EXTCODECOPY'], { contracts: LARGE }])),
  several('BLOCKHASH', ['the parent', [], [1n, 'NUMBER', 'SUB', 'BLOCKHASH', 'POP']], ['none', [], ['GAS', 'BLOCKHASH', 'POP']]),
  several('BLOBHASH', ['none', [], [0n, 'BLOBHASH', 'POP']]),
  several('SLOAD', ['warm', [], [0n, 'SLOAD', 'POP']], ['cold', [], ['GAS', 'SLOAD', 'POP']]),
  several('SSTORE', ['warm, dirty', [], ['GAS', 0n, 'SSTORE']], ['warm, unchanged', [], [0n, 0n, 'SSTORE']], ['a fresh slot', [], ['GAS', { dup: 1 }, 'SSTORE']], ['cold, unchanged', [], [0n, 'GAS', 'SSTORE']]),
  several('TLOAD', ['', [], [0n, 'TLOAD', 'POP']], ['fresh', [], ['GAS', 'TLOAD', 'POP']]),
  several('TSTORE', ['', [], ['GAS', 0n, 'TSTORE']], ['fresh', [], ['GAS', { dup: 1 }, 'TSTORE']]),
  several('LOG0', ['no bytes', [], [0n, 0n, 'LOG0']], ['1 kB', touch(1_024n), [1_024n, 0n, 'LOG0']]),
  several('LOG1–4', ...([1, 4] as const).map((n): [string, Part[], Part[]] => [`LOG${n}`, [], [...Array.from({ length: n }, () => 'GAS' as const), 0n, 0n, `LOG${n}` as OpName]])),
  calls('CALL'),
  calls('CALLCODE'),
  calls('DELEGATECALL'),
  calls('STATICCALL'),
  several('CREATE', ['no code', [], [0n, 0n, 0n, 'CREATE', 'POP']], ['48 kB of init code that stops', touch(49_152n), [49_152n, 0n, 0n, 'CREATE', 'POP']], ['24 kB of code', [0x61600080600a3d393df3n, 0n, 'MSTORE'], [32n, 0n, 0n, 'CREATE', 'POP']]),
  several('CREATE2', ['no code', [], ['GAS', 0n, 0n, 0n, 'CREATE2', 'POP']], ['48 kB of init code that stops', touch(49_152n), ['GAS', 49_152n, 0n, 0n, 'CREATE2', 'POP']]),
  several('SELFDESTRUCT', ['a contract that calls one each time', [], call('CALL', other), { contracts: { [OTHER]: assemble(['CALLER', 'SELFDESTRUCT']) } }], ['created and destroyed', [0x33ffn << 240n, 0n, 'MSTORE'], [2n, 0n, 0n, 'CREATE', 'POP']]),
  several('REVERT', ['a contract that reverts 24 kB', [], call('CALL', other), { contracts: { [OTHER]: assemble([24_576n, 0n, 'REVERT']) } }]),
  several('RETURN', ['a contract that returns 1 kB', [], call('CALL', other), { contracts: { [OTHER]: assemble([1_024n, 0n, 'RETURN']) } }]),
  several('an opcode that is none', ['in a contract that has 1,000 gas', [], call('CALL', other, { gas: 1_000n }), { contracts: { [OTHER]: Uint8Array.of(0xfe) } }]),
]
