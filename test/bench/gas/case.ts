import type { createRandom } from '@causeway/testing'
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

/** Seeded random numbers of `@causeway/testing`. */
export type Random = ReturnType<typeof createRandom>

/** Something whose time is measured against its gas: an opcode or a precompile. */
export type GasCase = {
  name: string
  /** Programs to try, of which the slowest counts. */
  programs(random: Random): readonly Program[]
}

/** A number of up to 256 bits, rather one at an edge. */
export function anyWord(random: Random): bigint {
  const bits = BigInt(1 + random.below(256))
  const edge = 1n << (bits - 1n)
  const kind = random.below(4)
  if (kind === 0) return edge
  if (kind === 1) return (1n << bits) - 1n
  return random.bigint(Number(bits))
}

/** `size` random bytes. */
export const anyBytes = (random: Random, size: number): Uint8Array => Uint8Array.from({ length: size }, () => random.below(256))
