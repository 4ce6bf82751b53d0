import { EVMError } from '@ethereumjs/evm'
import { FRAME, readWord, writeWord, type Arena } from './arena.js'

const MAX_HEIGHT = 1024

// Classes, because one of each is made for every frame, and EthereumJS' handlers call their methods.

/** A frame's stack in the arena, as EthereumJS' handlers know it. */
export class ArenaStack {
  readonly #arena: Arena
  readonly #bottom: number
  /** Where its top is written, in words. */
  readonly #top: number

  constructor(arena: Arena, frame: number) {
    this.#arena = arena
    this.#bottom = frame + FRAME.stack
    this.#top = (frame + FRAME.top) >>> 2
  }

  get length(): number {
    return ((this.#arena.words[this.#top] as number) - this.#bottom) >>> 5
  }

  push(value: bigint): void {
    if (this.length >= MAX_HEIGHT) throw new EVMError(EVMError.errorMessages.STACK_OVERFLOW)
    const { words } = this.#arena
    writeWord(this.#arena, words[this.#top] as number, value)
    words[this.#top] = (words[this.#top] as number) + 32
  }

  pop(): bigint {
    return this.popN(1)[0] as bigint
  }

  popN(count = 1): bigint[] {
    const values = this.peek(count)
    this.#arena.words[this.#top] = (this.#arena.words[this.#top] as number) - 32 * count
    return values
  }

  peek(count = 1): bigint[] {
    if (this.length < count) throw new EVMError(EVMError.errorMessages.STACK_UNDERFLOW)
    const top = this.#arena.words[this.#top] as number
    const values: bigint[] = []
    for (let i = 1; i <= count; i++) values.push(readWord(this.#arena, top - 32 * i))
    return values
  }
}

/** A frame's memory in the arena, as EthereumJS' handlers know it. They have paid for it. */
export class ArenaMemory {
  readonly #arena: Arena
  readonly #frame: number
  readonly #start: number

  constructor(arena: Arena, frame: number) {
    this.#arena = arena
    this.#frame = frame
    this.#start = arena.words[(frame + FRAME.memory) >>> 2] as number
  }

  extend(offset: number, size: number): void {
    if (size > 0 && this.#arena.wasm.extend(this.#frame, Math.ceil((offset + size) / 32)) === 0) throw new EVMError(EVMError.errorMessages.OUT_OF_GAS)
  }

  write(offset: number, size: number, value: Uint8Array): void {
    if (size === 0) return
    this.extend(offset, size)
    this.#arena.bytes.set(value, this.#start + offset)
  }

  read(offset: number, size: number, avoidCopy?: boolean): Uint8Array {
    this.extend(offset, size)
    const from = size === 0 ? this.#start : this.#start + offset
    return avoidCopy === true ? this.#arena.bytes.subarray(from, from + size) : this.#arena.bytes.slice(from, from + size)
  }
}
