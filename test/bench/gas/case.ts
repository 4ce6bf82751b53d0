import type { Address } from 'viem'

/** A program that uses up the gas of a transaction in one way. */
export type Program = {
  /** What is special about it, for the table: sizes, values, warm or cold. */
  input: string
  code: Uint8Array
  calldata?: Uint8Array
  /** Other contracts that it needs. */
  contracts?: Readonly<Record<Address, Uint8Array>>
}

/** Random numbers in [0, 1), the same for the same seed. */
export type Random = () => number

/** Something whose time is measured against its gas: an opcode or a precompile. */
export type GasCase = {
  name: string
  /** Programs to try, of which the slowest counts. */
  programs(random: Random): readonly Program[]
}

/** Seeded random numbers (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A whole number below `limit`. */
export const below = (random: Random, limit: number): number => Math.floor(random() * limit)

/** A number of up to 256 bits, rather one at an edge. */
export function anyWord(random: Random): bigint {
  const bits = BigInt(1 + below(random, 256))
  const edge = 1n << (bits - 1n)
  const kind = below(random, 4)
  if (kind === 0) return edge
  if (kind === 1) return (1n << bits) - 1n
  return Array.from({ length: 8 }).reduce<bigint>((all) => (all << 32n) | BigInt(below(random, 0x1_0000_0000)), 0n) >> (256n - bits)
}

/** `size` random bytes. */
export const anyBytes = (random: Random, size: number): Uint8Array => Uint8Array.from({ length: size }, () => below(random, 256))
