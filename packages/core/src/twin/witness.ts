import type { Address, Hex } from 'viem'
import type { Certificate, ChainHeader, ClusterDomain, MerklePath, QueueEntry } from '../protocol/types.js'

/** A certificate with the paths that place it in an epoch. */
export type CertificateWitness = {
  slot: bigint
  certificate: Certificate
  /** Path of the chain's header, in the registry as the certificates before it left it. */
  registry: MerklePath
  /** Cluster root under which the sources are opened; 0 if nothing is imported. */
  importRoot: bigint
  /** The distinct source chains of the imports (at most 2), in order of first use. */
  sources: readonly { slot: bigint; header: ChainHeader; siblings: MerklePath }[]
  /** For each import entry, in order: which of `sources`, and the leaf's path in that outbox. */
  imports: readonly { source: number; siblings: MerklePath }[]
}

/** Everything the aggregate proof of one epoch is about. */
export type EpochWitness = {
  domain: ClusterDomain
  epoch: bigint
  /** T: the L1 time (ms) of composition. */
  time: bigint
  beneficiary: Address
  rootFrom: bigint
  queueHashFrom: Hex
  /** Applied before the certificates. `leaf` is what stood at the slot (0: free). */
  queue: readonly { entry: QueueEntry; leaf: bigint; siblings: MerklePath }[]
  certificates: readonly CertificateWitness[]
}

/** What the proof shows to L1, besides what {@link EpochWitness} already names. */
export type EpochResult = {
  rootTo: bigint
  queueHashTo: Hex
  /** SHA-256 chain over the certificates' L1 data. */
  accumulator: Hex
  /** The 16 public inputs in order (docs/protocol.md, section 11). */
  publicInputs: readonly bigint[]
}
