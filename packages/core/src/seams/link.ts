import type { Hex } from 'viem'
import type { Certificate, Message, Signature } from '../protocol/types.js'
import type { CertificateDraft } from '../twin/draft.js'

/** A block of a chain as its sequencer announces it: what left in it, before L1 knows. Signed by the chain's batcher account. */
export type SignedHead = {
  chainId: bigint
  /** Grows with each rebuild of the chain and each change of its batcher (u128, see `eraOf`). */
  incarnation: bigint
  number: bigint
  hash: Hex
  parentHash: Hex
  /** ms */
  timestamp: bigint
  /** Grade under which `messages` were sent. */
  policyHash: bigint
  messages: readonly Message[]
  /** EIP-191 signature of the head digest by the batcher that the hub has registered. */
  signature: Hex
}

/** What travels between the nodes of a cluster. Everything in it is checked by whoever reads it; the link has no authority. */
export type LinkEvent =
  | { kind: 'head'; head: SignedHead }
  /** The sequencer asks its attesters to sign. `signature`: of the batcher, as of heads; whoever else could choose what is signed next would hold the chain up. */
  | { kind: 'proposal'; draft: CertificateDraft; toBlock: bigint; signature: Hex }
  | { kind: 'attestation'; chainId: bigint; height: bigint; statement: bigint; signer: number; signature: Signature }
  | { kind: 'refusal'; chainId: bigint; height: bigint; statement: bigint; reason: string }
  /** A fully signed certificate for the aggregator and for importers. */
  | { kind: 'certificate'; certificate: Certificate; toBlock: bigint }
  /**
   * The aggregator's view of a certificate. `signature`: of its L1 account, as of heads; who does not know the account ignores it. `time` (ms)
   * grows with each verdict, so that an old one that is sent again says nothing.
   */
  | { kind: 'verdict'; chainId: bigint; height: bigint; statement: bigint; verdict: 'waiting' | 'invalid' | 'composed' | 'proven'; epoch: bigint; time: bigint; reason: string; signature: Hex }

/** What a node may ask another: the heads of a chain that carry messages, from a nonce on; or its live certificate. */
export type LinkQuery = { kind: 'heads'; chainId: bigint; fromNonce: bigint; limit: number } | { kind: 'certificate'; chainId: bigint }
export type LinkAnswer = { kind: 'heads'; heads: readonly SignedHead[] } | { kind: 'certificate'; certificate: Certificate | null; toBlock: bigint }

/** How a node hears of others before L1 does. Delivery is best effort; what is lost is asked for again. */
export type ClusterLink = {
  publish(event: LinkEvent): void
  /** Events of others (never one's own). Returns the unsubscribe function. */
  subscribe(handler: (event: LinkEvent) => void): () => void
  /**
   * Asks whoever serves the chain. Yields each answer that fits the question as it comes, one of each that answers, in no order that means
   * anything, and ends when all have answered or had their time. None of them has been checked: whoever asks verifies and chooses.
   */
  query(query: LinkQuery): AsyncIterable<LinkAnswer>
  /** Answers queries of others; return null to let another node answer. */
  serve(handler: (query: LinkQuery) => Promise<LinkAnswer | null>): () => void
  close(): Promise<void>
}
