/**
 * Incarnations order the branches of a chain: of two that contradict one another the higher stands. The upper part is the *era*, how often L1 has
 * changed the chain's batcher; the lower 64 bits count what the batchers have rebuilt. So whoever had an earlier batcher's key outranks nobody.
 */
const SPAN = 1n << 64n

/** How often L1 had changed the chain's batcher. */
export function eraOf(incarnation: bigint): bigint {
  return incarnation / SPAN
}

/** The lowest incarnation of an era. */
export function firstIncarnation(era: bigint): bigint {
  return era * SPAN
}

/**
 * The incarnation of the next branch, in the same era or in the one that L1 has begun. It never leaves its era: after n = 2^64 - 1 comes 1.
 * (An era's n = 0 is where importers wait for its batcher to speak.)
 */
export function nextIncarnation(incarnation: bigint, era: bigint = eraOf(incarnation)): bigint {
  const n = incarnation % SPAN
  return firstIncarnation(era) + (n === SPAN - 1n ? 1n : n + 1n)
}
