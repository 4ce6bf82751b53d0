import type { Certificate, ChainHeader, Message, Policy, Rung } from '@causeway/core'
import { numberToHex, type Address, type Hex } from 'viem'

/**
 * `T` as it travels over JSON-RPC: integers are hex quantities (`0x1f`, no leading zeros), the rest is unchanged.
 * {@link toRpc} makes it.
 */
export type ToRpc<T> = T extends bigint
  ? Hex
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends readonly (infer Item)[]
      ? readonly ToRpc<Item>[]
      : { [Key in keyof T]: ToRpc<T[Key]> }

/** Turns every bigint in plain data into a hex quantity. The value must not hold negative integers. */
export function toRpc<const T>(value: T): ToRpc<T> {
  if (typeof value === 'bigint') return numberToHex(value) as ToRpc<T>
  if (Array.isArray(value)) return value.map((item: unknown) => toRpc(item)) as ToRpc<T>
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).flatMap(([key, item]: [string, unknown]) => (item === undefined ? [] : [[key, toRpc(item)]]))) as ToRpc<T>
  return value as ToRpc<T>
}

/** Where and how the destination delivered a message. */
export type MessageExecution = {
  /** Number of the destination's block. */
  block: bigint
  /** Hash of the system transaction that delivered it. */
  transaction: Hex
  /** Whether the call succeeded; if not, the value went to `refundTo`. */
  ok: boolean
}

/** What is needed to claim a message to L1 at the bridge. Present from rung `settled` on. */
export type WithdrawalStatus = {
  /** Epoch in which it settled. */
  epoch: bigint
  /** Merkle path to the epoch's withdrawals root: the third argument of `claim`. */
  path: readonly Hex[]
  /** The message itself; `claim` takes its fields. */
  message: Message
  /** Whether the bridge has paid it. */
  claimed: boolean
}

/**
 * What a node knows of a message. The ladder of a message, each rung implying those below:
 * - `included`: a block of the source sent it (a deposit: it is in the L1 inbox).
 * - `executed`: a block of the destination delivered it; see `execution`.
 * - `certified`, `proven`, `settled`, `final`: the block that *delivered* it has that rung (and so has the one that sent it).
 *
 * A message to L1 has nothing to execute there before it is claimed: its rung is that of the block that sent it.
 */
export type MessageStatus = {
  /** `messageId` of core. */
  id: Hex
  source: bigint
  destination: bigint
  nonce: bigint
  rung: Rung
  /** Rung of the block that sent it, as far as this node knows; says how far a message that is not yet executed has come. */
  sourceRung: Rung
  execution?: MessageExecution
  /** Why it will never be executed, one sentence: it expired, its grade is refused, L1 has no such message. Absent while it may be. */
  failure?: string
  /** What it waits for, if the node knows, one sentence: the source to settle, room under the cap of the source … */
  waitingFor?: string
  /** The source or destination was rebuilt and the message fell back. `block` is the first block that was replaced. */
  rolledBack?: { chainId: bigint; incarnation: bigint; block: bigint }
  withdrawal?: WithdrawalStatus
}

/** A block by number and hash. */
export type BlockReference = { number: bigint; hash: Hex }

/** Where a chain stands in its cluster. */
export type ChainStatus = {
  chainId: bigint
  l1ChainId: bigint
  hub: Address
  clusterId: Hex
  /** Place in the registry; null until the hub has registered the chain. */
  slot: bigint | null
  /** Number of rebuilds of the chain so far. */
  incarnation: bigint
  /** `safe` is the last settled block, `finalized` the last whose epoch is final on L1. */
  blocks: { latest: BlockReference; safe: BlockReference; finalized: BlockReference }
  /** The last settled header; height 0 for a chain that never settled. */
  settled: ChainHeader
  /** Last epoch the node saw settle; 0 for none. */
  epoch: bigint
  /** The live certificate, if one is under way. */
  certificate: { height: bigint; rung: Rung; toBlock: bigint } | null
  /** Last L1 block the node followed, entries in the chain's L1 inbox there, and how many the chain has consumed. */
  l1: { block: bigint; inboxLength: bigint; inboxCursor: bigint }
  policy: Policy
  policyHash: bigint
  /** How the chain's batches are posted: `blobs` or `calldata`, for ever. */
  da: string
  /** Of all that decides blocks, engine, rules, data availability and policy: equal on all nodes of the chain, and what its registration has published. */
  specDigest: Hex
  /**
   * Of a sequencer: certificates that the blocks not settled yet need, one of which settles in an epoch; how many they may need; and how
   * many transactions wait in the mempool because what they send has no room there.
   */
  backlog?: { certificates: number; limit: number; waiting: number }
  /** Why the chain produces no blocks, if it does not. */
  halted?: string
}

/** A certificate and how far it has come. */
export type CertificateStatus = {
  chainId: bigint
  height: bigint
  /** What its signers sign. */
  statement: bigint
  /** First and last block it covers. */
  fromBlock: bigint
  toBlock: bigint
  /** `included` until enough signers have signed, then `certified`, `proven`, `settled`, `final`. */
  rung: Rung
  /** How many have signed, and how many must. */
  signed: number
  required: number
  /** Epoch it was composed into; absent before. */
  epoch?: bigint
  /** Last refusal of a signer or of the aggregator, one sentence. */
  reason?: string
  /** The signed certificate; absent while signatures are missing. */
  certificate?: Certificate
}

/** What the native twin says of a certificate under the node's current view of the cluster. */
export type SimulationVerdict =
  | {
      ok: true
      statement: bigint
      /** Outbox leaves it appends and digests of withdrawals it records. */
      leaves: readonly bigint[]
      withdrawals: readonly Hex[]
    }
  | {
      ok: false
      /** Which rule refuses it: `RULE_R1` … (docs/protocol.md, section 7), or another error code. */
      code: string
      reason: string
    }

/**
 * JSON-RPC methods of a Causeway node, for viem's `rpcSchema<CausewayRpcSchema>()`.
 * Parameters and results are {@link ToRpc} forms.
 */
export type CausewayRpcSchema = [
  /** Null: this node never heard of the message. Source and destination both answer; only the destination's node is sure to know of the execution. */
  { Method: 'causeway_getMessageStatus'; Parameters: [id: Hex]; ReturnType: ToRpc<MessageStatus> | null },
  { Method: 'causeway_getChainStatus'; Parameters?: undefined; ReturnType: ToRpc<ChainStatus> },
  /** By height, or the newest one. Null: no such certificate. */
  { Method: 'causeway_getCertificate'; Parameters: [height: Hex | 'latest']; ReturnType: ToRpc<CertificateStatus> | null },
  /** Without a certificate the node judges the one it would draft now. */
  { Method: 'causeway_simulateCertificate'; Parameters: [certificate?: ToRpc<Certificate>]; ReturnType: ToRpc<SimulationVerdict> },
]
