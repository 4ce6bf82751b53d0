import { createRandom } from '@causeway/testing'
import { permute as secondSource } from '@zkpassport/poseidon2'
import { describe, expect, it } from 'vitest'
import { FIELD } from '../protocol/limits.js'
import { permute, referenceSponge } from './poseidon2-reference.js'
import { wasmSponge } from './poseidon2-wasm.js'
import { poseidon2, TAG } from './poseidon2.js'

const seed = Number(process.env['SEED'] ?? 20_261)
const fast = wasmSponge() as NonNullable<ReturnType<typeof wasmSponge>>
/** Values around the limbs, words and multiples of p. */
const EDGES = [0n, 1n, 2n, FIELD - 1n, FIELD - 2n, (FIELD - 1n) / 2n, ...[28n, 29n, 58n, 64n, 128n, 192n, 232n, 253n].flatMap((bits) => [(1n << bits) - 1n, 1n << bits])]
const BEYOND = [FIELD, FIELD + 1n, 2n * FIELD, (1n << 254n) - 1n, (1n << 256n) - 1n, 1n << 256n, 1n << 300n]

describe('the WebAssembly sponge', () => {
  it('exists', () => {
    expect(fast).toBeDefined()
  })

  it(`is the reference (seed ${seed})`, () => {
    const random = createRandom(seed)
    for (let round = 0; round < 300; round++) {
      const inputs = Array.from({ length: random.below(21) }, () => (random.below(4) ? random.bigint(256) % FIELD : random.pick(EDGES)))
      const capacity = random.below(2) ? random.bigint(48) : random.pick(EDGES)
      expect(fast(capacity, inputs), `round ${round}`).toBe(referenceSponge(capacity, inputs))
    }
  })

  it('is the reference for pairs of edge values', () => {
    for (const left of EDGES) for (const right of EDGES) expect(fast(left ^ 1n, [left, right])).toBe(referenceSponge(left ^ 1n, [left, right]))
  })

  it('takes inputs mod p, as the reference does', () => {
    for (const value of BEYOND) for (const sponge of [fast, referenceSponge]) expect(sponge(7n, [1n, value])).toBe(fast(7n, [1n, value % FIELD]))
    for (const sponge of [fast, referenceSponge]) expect(sponge(7n, [-1n, -FIELD, -FIELD - 2n])).toBe(fast(7n, [FIELD - 1n, 0n, FIELD - 2n]))
  })

  it('keeps nothing from one call to the next', () => {
    const before = fast(5n, [1n, 2n])
    fast(FIELD - 1n, Array.from({ length: 10 }, () => FIELD - 1n))
    expect(fast(5n, [1n, 2n])).toBe(before)
    expect(fast(5n, [])).toBe(0n)
    expect(wasmSponge()?.(5n, [1n, 2n])).toBe(before)
  })
})

describe('the reference', () => {
  it(`is an independent implementation (seed ${seed})`, () => {
    const random = createRandom(seed)
    for (let round = 0; round < 100; round++) {
      const state = Array.from({ length: 4 }, () => (random.below(4) ? random.bigint(256) % FIELD : random.pick(EDGES))) as [bigint, bigint, bigint, bigint]
      expect(permute(state)).toEqual(secondSource([...state]))
    }
  })
})

describe('H', () => {
  it('takes no remembered result for another', () => {
    // They fall in the same place: the difference is a multiple of 2^31 - 1.
    const inputs = [0n, 1n, 2n].map((i) => [5n + i * 0x7fffffffn, 6n])
    const digests = inputs.map((pair) => referenceSponge((TAG.leaf << 32n) + 2n, pair))
    for (let round = 0; round < 3; round++) for (const [i, pair] of inputs.entries()) expect(poseidon2(TAG.leaf, pair)).toBe(digests[i])
    for (let round = 0; round < 2; round++) {
      expect(poseidon2(TAG.token, inputs[0] as bigint[])).toBe(referenceSponge((TAG.token << 32n) + 2n, inputs[0] as bigint[]))
      expect(poseidon2(TAG.leaf, [5n])).toBe(referenceSponge((TAG.leaf << 32n) + 1n, [5n]))
    }
  })

  it('keeps its own copy of the inputs', () => {
    const inputs = [71n, 72n]
    const before = poseidon2(TAG.leaf, inputs)
    inputs[0] = 73n
    expect(poseidon2(TAG.leaf, inputs)).toBe(referenceSponge((TAG.leaf << 32n) + 2n, [73n, 72n]))
    expect(poseidon2(TAG.leaf, [71n, 72n])).toBe(before)
  })
})
