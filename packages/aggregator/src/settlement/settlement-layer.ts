import type { ClusterDomain, QueueEntry } from '@causeway/core'
import type { EpochData } from '@causeway/l1'
import type { Hex } from 'viem'
import type { SettledEpoch } from '../registry/registry.js'

/** L1 at one moment. */
export type SettlementView = {
  /** Time of the latest block, ms. */
  time: bigint
  /** Number of the last settled epoch; 0 before the first. */
  epoch: bigint
  /** Last settled epoch that no reorg can take back. */
  finalizedEpoch: bigint
}

/** What the aggregator needs of L1. All answers are those of the last {@link SettlementLayer.refresh}. */
export type SettlementLayer = {
  readonly domain: ClusterDomain
  /** Looks at L1 again. */
  refresh(): Promise<SettlementView>
  /** The hub's queue from index 0 on, as far as an epoch may apply it; `hash` is the rolling hash after the entry. */
  queue(): readonly { entry: QueueEntry; hash: Hex }[]
  /** Settled epochs from number `from` (≥ 1) on, in order. */
  epochs(from: bigint): readonly SettledEpoch[]
  /** Rolling hash of a chain's L1 inbox after `index` entries, or null if it has fewer. */
  inboxHash(chainId: bigint, index: bigint): Hex | null
  /** After how many of a chain's DA postings their rolling hash is this one, or null if L1 has no such posting. It is never twice the same. */
  daIndex(chainId: bigint, daHash: Hex): bigint | null
  /**
   * Settles an epoch; resolves when the transaction is mined, or with `adopted` if L1 has this epoch with this root already.
   * @throws CausewayError `L1_REVERTED` or `EPOCH_SUPERSEDED` when L1 refuses this very data; anything else may work later
   */
  settle(data: EpochData, proof: Hex, signal?: AbortSignal): Promise<{ adopted: boolean; transaction: Hex | null }>
}
