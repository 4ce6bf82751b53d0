import type { Common } from '@ethereumjs/common'
import { interpreterModule } from '../generated/interpreter-module.js'
import { opcodeTable } from './opcodes.js'
import { compile, instantiate } from './wasm.js'

/** What wasm/interpreter.ts exports. Addresses and sizes are u32. */
type Exports = {
  memory: { buffer: ArrayBuffer }
  start(): void
  define(opcode: number, info: number): void
  analyse(code: number, size: number, jumps: number): void
  extend(frame: number, words: number): number
  run(frame: number): number
}

/** The interpreter with a memory of its own, for the frames of one execution at a time. */
export type Arena = {
  wasm: Exports
  bytes: Uint8Array
  words: Uint32Array
  longs: BigUint64Array
  /** Code that is kept behind the frames, by its array: where it is, and behind it, where its jump destinations are. */
  codes: Map<Uint8Array, Placed>
  /** Where the next code may be kept. */
  codesEnd: number
}
export type Placed = { code: number; jumps: number; end: number }

// As in wasm/interpreter.ts.
export const FIRST = 0x1000
export const ENVIRONMENT = 0xc00
const CODES = 0x400_0000
/** Offsets in a frame, in bytes. */
export const FRAME = { gas: 0, pc: 8, top: 12, code: 16, jumps: 20, memory: 24, words: 28, data: 32, dataSize: 36, returnSize: 40, codeSize: 44, result: 48, resultSize: 52, balanceKnown: 56, address: 64, caller: 96, value: 128, balance: 160, stack: 192, size: 192 + 32_768 + 64 } as const

let module: object | undefined
const idle = new Map<string, Arena[]>()
/** Arenas that wait for use, of one fork. Each reserves 512 MB of addresses, of which only what was touched is memory. */
const MOST_IDLE = 2
const forkOf = (common: Common) => String(common.isActivatedEIP(7939))

/** Takes an arena for one execution; give it back with {@link giveBack}. */
export function takeArena(common: Common): Arena {
  const waiting = idle.get(forkOf(common))?.pop()
  if (waiting) return waiting
  module ??= compile(interpreterModule)
  const wasm = instantiate<Exports>(module)
  wasm.start()
  opcodeTable(common).forEach((info, opcode) => wasm.define(opcode, info))
  const { buffer } = wasm.memory
  return { wasm, bytes: new Uint8Array(buffer), words: new Uint32Array(buffer), longs: new BigUint64Array(buffer), codes: new Map(), codesEnd: framesEnd(buffer.byteLength) }
}

/** Gives an arena back, whatever its frames were doing. */
export function giveBack(common: Common, arena: Arena): void {
  const { byteLength } = arena.bytes
  if (arena.codesEnd > byteLength - CODES / 2) Object.assign(arena, { codes: new Map(), codesEnd: framesEnd(byteLength) })
  const arenas = idle.get(forkOf(common)) ?? []
  idle.set(forkOf(common), arenas)
  if (arenas.length < MOST_IDLE) arenas.push(arena)
}

/** Where frames must end. */
export const framesEnd = (size: number): number => size - CODES

export const align = (address: number, to: number): number => Math.ceil(address / to) * to

/** Puts code into the arena, and marks its jump destinations behind it; resolves to where the next thing may be. */
export function placeCode({ bytes, wasm }: Arena, code: Uint8Array, at: number): Placed {
  const jumps = align(at + code.length + 64, 8)
  bytes.set(code, at)
  bytes.fill(0, at + code.length, at + code.length + 64)
  wasm.analyse(at, code.length, jumps)
  return { code: at, jumps, end: jumps + (code.length >>> 3) + 1 }
}

/** Where code is kept whose array stays the same, if there is room. */
export function keptCode(arena: Arena, code: Uint8Array): Placed | undefined {
  const known = arena.codes.get(code)
  if (known) return known
  if (arena.codesEnd + 2 * code.length + 256 > arena.bytes.length) return undefined
  const placed = placeCode(arena, code, arena.codesEnd)
  arena.codesEnd = align(placed.end, 64)
  arena.codes.set(code, placed)
  return placed
}

/** Writes a number in the form of the stack: four u64, the lowest first. */
export function writeWord({ longs }: Arena, at: number, value: bigint): void {
  const i = at >>> 3
  longs[i] = value
  // The array takes its elements mod 2^64 by itself.
  if (value >> 64n === 0n) longs[i + 1] = longs[i + 2] = longs[i + 3] = 0n
  else {
    longs[i + 1] = value >> 64n
    longs[i + 2] = value >> 128n
    longs[i + 3] = value >> 192n
  }
}

/** Writes a number of less than 2^32. */
export function writeSmall({ words }: Arena, at: number, value: number): void {
  const i = at >>> 2
  words[i] = value
  words[i + 1] = words[i + 2] = words[i + 3] = words[i + 4] = words[i + 5] = words[i + 6] = words[i + 7] = 0
}

/** Whether a number is zero. */
export function isZero({ words }: Arena, at: number): boolean {
  const i = at >>> 2
  return ((words[i] as number) | (words[i + 1] as number) | above(words, i)) === 0
}

const above = (words: Uint32Array, i: number): number =>
  (words[i + 2] as number) | (words[i + 3] as number) | (words[i + 4] as number) | (words[i + 5] as number) | (words[i + 6] as number) | (words[i + 7] as number)

/** Reads a number in the form of the stack. */
export function readWord({ longs, words }: Arena, at: number): bigint {
  const i = at >>> 3
  const low = longs[i] as bigint
  if (above(words, at >>> 2) === 0) return low
  return low | ((longs[i + 1] as bigint) << 64n) | ((longs[i + 2] as bigint) << 128n) | ((longs[i + 3] as bigint) << 192n)
}

/** Reads a number that is a size, an offset or gas: of 2^53 and more all are alike. */
export function readNumber({ words }: Arena, at: number): number {
  const i = at >>> 2
  const high = words[i + 1] as number
  return above(words, i) !== 0 || high >= 0x20_0000 ? Number.POSITIVE_INFINITY : high * 0x1_0000_0000 + (words[i] as number)
}

/** Copies a number, or the lowest 160 bits of one. */
export function copyWord({ words }: Arena, to: number, from: number, isAddress = false): void {
  const [t, f] = [to >>> 2, from >>> 2]
  const size = isAddress ? 5 : 8
  for (let i = 0; i < size; i++) words[t + i] = words[f + i] as number
  for (let i = size; i < 8; i++) words[t + i] = 0
}

/** Writes bytes, at most 32, as a number in the form of the stack. */
export function writeBytes({ bytes }: Arena, at: number, value: Uint8Array): void {
  const size = value.length
  for (let i = 0; i < 32; i++) bytes[at + i] = i < size ? (value[size - 1 - i] as number) : 0
}

/** A number of the stack as big-endian bytes, of which the lowest `size` are wanted. */
export function readBytes({ bytes }: Arena, at: number, size = 32): Uint8Array {
  const result = new Uint8Array(size)
  for (let i = 0; i < size; i++) result[i] = bytes[at + size - 1 - i] as number
  return result
}

/** The same without leading zeros. */
export function readTrimmed({ bytes }: Arena, at: number): Uint8Array {
  let size = 32
  while (size > 0 && bytes[at + size - 1] === 0) size--
  const result = new Uint8Array(size)
  for (let i = 0; i < size; i++) result[i] = bytes[at + size - 1 - i] as number
  return result
}

const scratch = Buffer.alloc(32)

/** The same as hex digits. */
export function readHex({ bytes }: Arena, at: number, size: number): string {
  for (let i = 0; i < size; i++) scratch[i] = bytes[at + size - 1 - i] as number
  return scratch.toString('hex', 0, size)
}
