import { poseidon2Module } from '../generated/poseidon2-module.js'
import { FIELD } from '../protocol/limits.js'
import { DIAGONAL, ROUND_CONSTANTS } from './poseidon2-parameters.js'

/** What wasm/poseidon2.ts exports. */
type Exports = { memory: { buffer: ArrayBuffer }; start(): void; setConstant(i: number): void; begin(): void; absorb(): void; squeeze(): void }

/** Of the WebAssembly API, what is used here: its types come with those of browsers only. */
declare const WebAssembly: { Module: new (bytes: Uint8Array) => object; Instance: new (module: object) => { exports: Exports } }

/** Where the module keeps the words that go in and out, and how far apart, in u64. */
const WORDS = 40
const SLOT = 5

/**
 * The sponge of rate 3 in WebAssembly, seven times as fast as bigints: inputs are taken mod p.
 * @returns undefined where there is no WebAssembly, or a content security policy forbids it (it has no `wasm-unsafe-eval`)
 */
export function wasmSponge(): ((capacity: bigint, inputs: readonly bigint[]) => bigint) | undefined {
  const wasm = instantiate()
  if (!wasm) return undefined
  const memory = new BigUint64Array(wasm.memory.buffer)
  // The array itself takes its elements mod 2^64.
  const write = (slot: number, value: bigint) => {
    const at = WORDS + SLOT * slot
    const word = value >= 0n && value < FIELD ? value : ((value % FIELD) + FIELD) % FIELD
    memory[at] = word
    memory[at + 1] = word >> 64n
    memory[at + 2] = word >> 128n
    memory[at + 3] = word >> 192n
  }
  const word = (i: number) => memory[WORDS + i] as bigint

  write(0, (1n << 522n) % FIELD)
  wasm.start()
  for (const [i, constant] of [...DIAGONAL, ...ROUND_CONSTANTS].entries()) {
    write(0, constant)
    wasm.setConstant(i)
  }
  return (capacity, inputs) => {
    write(3, capacity)
    wasm.begin()
    for (let at = 0; at < inputs.length; at += 3) {
      for (let i = 0; i < 3; i++) write(i, inputs[at + i] ?? 0n)
      wasm.absorb()
    }
    wasm.squeeze()
    const digest = word(0) | (word(1) << 64n) | (word(2) << 128n) | (word(3) << 192n)
    return digest === FIELD ? 0n : digest
  }
}

function instantiate(): Exports | undefined {
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(atob(poseidon2Module), (character) => character.charCodeAt(0)))).exports
  } catch {
    // Engines throw different errors where it is absent or forbidden, and Chrome before 114 where it has more than 4 kB.
    return undefined
  }
}
