import type { Address, Hex } from 'viem'

/** A token under its home identity. ETH is `{ chain: <L1 id>, address: 0x0 }`. A wrapper is never a home. */
export type Token = { chain: bigint; address: Address }

/** The only thing that crosses a boundary: deposits, withdrawals, transfers and calls (docs/protocol.md, section 3). */
export type Message = {
  source: bigint
  /** Index in the source's outbox; for a deposit, in the destination's L1 inbox. */
  nonce: bigint
  /** Time of emission, ms. */
  timestamp: bigint
  destination: bigint
  sender: Address
  recipient: Address
  /** Gets the value, on the destination, if the call fails. */
  refundTo: Address
  token: Token
  /** u128, in the token's smallest unit. */
  amount: bigint
  /** Paid on the source for delivery; u128 wei. */
  fee: bigint
  gasLimit: bigint
  /** Last ms at which it may be imported; `NEVER` for no end. */
  expiry: bigint
  payload: Hex
}

/** A chain as the cluster sees it (docs/protocol.md, section 5). Roots are canonical field elements except `stateRoot`. */
export type ChainHeader = {
  chainId: bigint
  /** Number of certificates so far. */
  height: bigint
  /** Time of the last block covered, ms. */
  timestamp: bigint
  stateRoot: Hex
  outboxRoot: bigint
  outboxSize: bigint
  inboxRoot: bigint
  balanceRoot: bigint
  /** How many entries of its L1 inbox it has consumed. */
  l1InboxCursor: bigint
  policyHash: bigint
  policySince: bigint
}

/** A point on Grumpkin. */
export type PublicKey = { x: bigint; y: bigint }
/** A Schnorr signature on Grumpkin (docs/protocol.md, section 6). */
export type Signature = { s: bigint; e: bigint }

/** k of n signatures by nodes that re-executed. Signers ascend strictly by x. */
export type AttestedLeg = { k: number; signers: readonly PublicKey[] }
/** How a chain's state transition is justified. `validity` and `external` are digests with their place kept; 0 or absent today. */
export type Policy = { attested: AttestedLeg; validity?: bigint; external?: bigint }

/** EIP-712 domain of a cluster. */
export type ClusterDomain = { l1ChainId: bigint; hub: Address; clusterId: Hex }

/** One entry of the ordered L1 inbox of a chain. */
export type L1InboxEntry =
  | { kind: 'deposit'; index: bigint; message: Message }
  | { kind: 'forced'; index: bigint; transaction: Hex }

/** What a certificate did, in order. `time` is that of the block, ms. */
export type Entry =
  | { kind: 'l1'; time: bigint; entry: L1InboxEntry }
  | { kind: 'import'; time: bigint; message: Message; policyHash: bigint }
  | { kind: 'export'; time: bigint; message: Message }

/** Merkle siblings from the leaf's level up to below the root. */
export type MerklePath = readonly bigint[]

/**
 * Openings of a chain's own trees, each against the root left by those before it; with them anybody can check a certificate
 * without holding the chain's trees.
 */
export type CertificateOpenings = {
  /** One per distinct (slot, nonce / 128) in order of first use: the bitmap before, and siblings. */
  inbox: readonly { index: bigint; before: bigint; siblings: MerklePath }[]
  /** One per distinct foreign token in order of first use: its position, and the balance before (null: empty leaf). */
  balances: readonly { token: Token; position: bigint; before: bigint | null; siblings: MerklePath }[]
  /** The aligned groups of 8 outbox leaves that the exports touch (1 or 2): leaves before, and siblings above level 3. */
  outbox: readonly { group: bigint; leaves: readonly bigint[]; siblings: MerklePath }[]
}

/** A chain's claim that it moved from `before` to `after` (docs/protocol.md, section 7). */
export type Certificate = {
  before: ChainHeader
  after: ChainHeader
  entries: readonly Entry[]
  /** Rolling L1 inbox hash at `before.l1InboxCursor` (not signed: it follows from `inboxHash` and the entries) and at `after.l1InboxCursor`. */
  inboxHashBefore: Hex
  inboxHash: Hex
  /** How many DA postings of the chain the certificate's data ends at: not signed, and nobody but the chain itself goes by it. */
  daIndex: bigint
  /** Rolling DA hash there, which L1 has at this index only. */
  daHash: Hex
  /** L1 time (ms) after which the certificate is dead. */
  notAfter: bigint
  policy: Policy
  signatures: readonly { signer: number; signature: Signature }[]
  openings: CertificateOpenings
}

/** An entry of the hub's registration queue. */
export type QueueEntry = { kind: number; slot: bigint; chainId: bigint; stateRoot: Hex; policyHash: Hex }

/** The rungs of finality, lowest first. */
export const RUNGS = ['included', 'executed', 'certified', 'proven', 'settled', 'final'] as const
export type Rung = (typeof RUNGS)[number]
