/** Deterministic random numbers for tests (mulberry32). Print the seed when a test fails. */
export function createRandom(seed: number): { next(): number; below(n: number): number; bigint(bits: number): bigint; pick<T>(list: readonly T[]): T } {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number) => Math.floor(next() * n)
  const bigint = (bits: number) => {
    let value = 0n
    for (let at = 0; at < bits; at += 16) value = (value << 16n) | BigInt(below(65536))
    return value & ((1n << BigInt(bits)) - 1n)
  }
  return { next, below, bigint, pick: (list) => list[below(list.length)] as (typeof list)[number] }
}
