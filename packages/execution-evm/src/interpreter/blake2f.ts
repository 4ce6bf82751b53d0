import { EVMError, type ExecResult, type PrecompileInput } from '@ethereumjs/evm'
import { blake2Module } from '../generated/blake2-module.js'
import { failed } from './failed.js'
import { compile, instantiate } from './wasm.js'

/** What wasm/blake2.ts exports. */
type Exports = { memory: { buffer: ArrayBuffer }; compress(rounds: number, last: boolean): void }

/** Rows of the message schedule (RFC 7693, section 2.7), a hex digit each. */
const SCHEDULE = [
  '0123456789abcdef',
  'ea489fd61c02b753',
  'b8c052fdae367194',
  '7931dcbe265a40f8',
  '905724afe1bc683d',
  '2c6a0b834d75fe19',
  'c51fed4a0763928b',
  'db7ec13950f4862a',
  '6fe9b308c2d714a5',
  'a2847615fb9e3cd0',
]
/** Where the module has them. */
const SCHEDULE_AT = 256

let wasm: Exports | undefined
function load(): Exports {
  if (wasm) return wasm
  wasm = instantiate<Exports>(compile(blake2Module))
  const rows = Uint8Array.from(SCHEDULE.join(''), (digit) => parseInt(digit, 16))
  new Uint8Array(wasm.memory.buffer).set(rows, SCHEDULE_AT)
  return wasm
}

const INPUT = 213

/** Rounds that an input asks for, 0 for one of another length. */
export const blake2Rounds = (data: Uint8Array): number => (data.length === INPUT ? new DataView(data.buffer, data.byteOffset).getUint32(0) : 0)

/** BLAKE2F (0x09, EIP-152): a round for a gas. */
export function blake2f({ data, gasLimit }: PrecompileInput): ExecResult {
  const last = data[INPUT - 1]
  if (data.length !== INPUT) return failed(gasLimit, EVMError.errorMessages.OUT_OF_RANGE)
  if (last !== 0 && last !== 1) return failed(gasLimit, EVMError.errorMessages.OUT_OF_RANGE)
  const rounds = blake2Rounds(data)
  if (BigInt(rounds) > gasLimit) return failed(gasLimit)
  const { memory, compress } = load()
  const bytes = new Uint8Array(memory.buffer)
  bytes.set(data.subarray(4, INPUT - 1))
  compress(rounds, last === 1)
  return { executionGasUsed: BigInt(rounds), returnValue: bytes.slice(0, 64) }
}
