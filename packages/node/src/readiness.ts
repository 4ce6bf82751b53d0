import type { Readiness } from '@causeway/core'

/** What readiness is judged by. Times in ms. */
export type ChainState = {
  now: bigint
  /** When L1 was read. */
  l1ReadAt: bigint
  /** When the last block was built; of a follower, when it last had derived what L1 has. */
  movedAt: bigint
  /** ms between blocks, of a sequencer; a follower has none. */
  blockTime: number | undefined
  halted: string | undefined
  head: bigint
  safe: bigint
  finalized: bigint
  l1Block: bigint
}

/** ms after which a node that has not read L1 is not ready: several L1 blocks. */
const L1_SILENT = 60_000n
/** ms after which one that has not moved is not; a sequencer has three blocks' time besides. */
const STUCK = 30_000n

/** Whether a node can be relied on: it reads L1, it is not halted, and its chain moves. */
export function chainReadiness({ now, l1ReadAt, movedAt, blockTime, halted, head, safe, finalized, l1Block }: ChainState): Readiness {
  const seconds = (since: bigint) => `${(now - since) / 1000n} s`
  const reasons = [
    ...(halted === undefined ? [] : [`halted: ${halted}`]),
    ...(now - l1ReadAt > L1_SILENT ? [`L1 was not read for ${seconds(l1ReadAt)}`] : []),
    ...(now - movedAt > STUCK + 3n * BigInt(Math.ceil(blockTime ?? 0)) ? [blockTime !== undefined ? `no block was built for ${seconds(movedAt)}` : `nothing could be derived from L1 for ${seconds(movedAt)}`] : []),
  ]
  return { ready: reasons.length === 0, reasons, head: Number(head), safe: Number(safe), finalized: Number(finalized), l1Block: Number(l1Block) }
}
