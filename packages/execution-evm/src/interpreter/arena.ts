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
  /** The last frame, behind whose memory the next one begins; 0 if there is none. */
  frame: number
}

// As in wasm/interpreter.ts.
const FIRST = 0x1000
/** Offsets in a frame, in bytes. */
export const FRAME = { gas: 0, pc: 8, top: 12, code: 16, jumps: 20, memory: 24, words: 28, data: 32, dataSize: 36, returnSize: 40, codeSize: 44, result: 48, resultSize: 52, environment: 64, stack: 512, size: 512 + 32_768 + 64 } as const

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
  return { wasm, bytes: new Uint8Array(buffer), words: new Uint32Array(buffer), longs: new BigUint64Array(buffer), frame: 0 }
}

/** Gives an arena back, whatever its frames were doing. */
export function giveBack(common: Common, arena: Arena): void {
  arena.frame = 0
  const arenas = idle.get(forkOf(common)) ?? []
  idle.set(forkOf(common), arenas)
  if (arenas.length < MOST_IDLE) arenas.push(arena)
}

/** Where the next frame begins: where the memory of the last one ends now, since an opcode that calls may just have extended it. */
export function nextFrame({ words, frame }: Arena): number {
  return frame === 0 ? FIRST : (words[(frame + FRAME.memory) >>> 2] as number) + 32 * (words[(frame + FRAME.words) >>> 2] as number)
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

/** Reads a number in the form of the stack. */
export function readWord({ longs, words }: Arena, at: number): bigint {
  const i = at >>> 3
  const w = at >>> 2
  const low = longs[i] as bigint
  if (((words[w + 2] as number) | (words[w + 3] as number) | (words[w + 4] as number) | (words[w + 5] as number) | (words[w + 6] as number) | (words[w + 7] as number)) === 0) return low
  return low | ((longs[i + 1] as bigint) << 64n) | ((longs[i + 2] as bigint) << 128n) | ((longs[i + 3] as bigint) << 192n)
}

/** Writes bytes, at most 32, as a number in the form of the stack. */
export function writeBytes({ bytes }: Arena, at: number, value: Uint8Array): void {
  const size = value.length
  for (let i = 0; i < 32; i++) bytes[at + i] = i < size ? (value[size - 1 - i] as number) : 0
}
