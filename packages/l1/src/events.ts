import { causewayHubAbi, causewayInboxAbi } from '@causeway/contracts'
import { NEVER, type DaReference, type L1InboxEntry } from '@causeway/core'
import { getAbiItem, parseEventLogs, type Address, type Hex, type Log } from 'viem'

/** Where on L1 an event was emitted. */
export type L1Position = { blockNumber: bigint; blockHash: Hex; transactionHash: Hex; logIndex: number }

/** An entry of a chain's L1 inbox, with the rolling hash after it. */
export type InboxRecord = { chainId: bigint; entry: L1InboxEntry; hash: Hex; l1: L1Position }

/**
 * A posted batch, with the rolling DA hash after it. `reference.index` is the number of postings up to and including it, `era` how often
 * the chain's batcher was changed before it.
 */
export type PostingRecord = { chainId: bigint; era: bigint; reference: DaReference; daHash: Hex; l1: L1Position }

/** A change of a chain's batcher, the `era`-th. Nobody may post if `batcher` is the zero address. */
export type BatcherRecord = { chainId: bigint; era: bigint; batcher: Address; l1: L1Position }

/** A registered chain, as it was then. `policy` is `k ‖ n ‖ n × (x ‖ y)` (docs/protocol.md, section 6). */
export type RegistrationRecord = {
  slot: bigint
  chainId: bigint
  queueIndex: bigint
  stateRoot: Hex
  policyHash: bigint
  policy: Hex
  batcher: Address
  owner: Address
  /** Of `DA_KINDS`. */
  daKind: number
  /** What makes the commitments of the kind `adapter`; zero for others. */
  daAdapter: Address
  /** What the chain is, in words that its nodes understand; nobody has checked it. */
  spec: string
  l1: L1Position
}

/** One certificate as the hub takes it (docs/protocol.md, section 10). */
export type CertificateData = {
  slot: number
  height: bigint
  /** ms */
  timestamp: bigint
  l1InboxCursor: bigint
  daIndex: bigint
  /** L1 time, ms */
  notAfter: bigint
  stateRoot: Hex
  inboxRoot: Hex
  balanceRoot: Hex
  importRoot: Hex
  leaves: readonly Hex[]
  withdrawals: readonly Hex[]
}

/** An epoch as the hub takes it. */
export type EpochData = {
  epoch: bigint
  /** T: the L1 time it was composed at, ms. */
  time: bigint
  newRoot: Hex
  queueCursor: bigint
  beneficiary: Address
  certificates: readonly CertificateData[]
}

/** A settled epoch. `withdrawalsRoot` is 0 when it has no withdrawals. */
export type EpochRecord = { epoch: bigint; newRoot: Hex; oldRoot: Hex; withdrawalsRoot: Hex; data: EpochData; l1: L1Position }

/** Everything on L1 that a cluster's nodes look at. */
export type L1Event =
  | ({ type: 'inbox' } & InboxRecord)
  | ({ type: 'posting' } & PostingRecord)
  | ({ type: 'registration' } & RegistrationRecord)
  | ({ type: 'batcher' } & BatcherRecord)
  | ({ type: 'epoch' } & EpochRecord)

/** An event as its own log tells it: the era of a posting, and the kind of its chain, follow from those before it. */
export type L1Log = Exclude<L1Event, { type: 'posting' }> | ({ type: 'posting'; reference: Omit<DaReference, 'kind'> } & Omit<PostingRecord, 'era' | 'reference'>)

const HUB_EVENTS = ['ChainRegistered', 'BatcherChanged', 'BatchPosted', 'EpochSettled'] as const
/** What to ask L1 for: all events of {@link decodeEvents}, and none of those that carry the data of postings. */
export const L1_EVENTS = [...HUB_EVENTS.map((name) => getAbiItem({ abi: causewayHubAbi, name })), ...causewayInboxAbi.filter((item) => item.type === 'event')] as const

/** The L1 events in raw logs of hub and inbox, in L1's order whatever the order of the logs. Foreign logs are left out. */
export function decodeEvents(logs: readonly Log[], l1ChainId: bigint): L1Log[] {
  return [...parseHubLogs(logs), ...parseInboxLogs(logs, l1ChainId)].sort(
    ({ l1: a }, { l1: b }) => Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex,
  )
}

function parseHubLogs(logs: readonly Log[]): L1Log[] {
  return parseEventLogs({ abi: causewayHubAbi, logs: [...logs], eventName: [...HUB_EVENTS] }).map((log): L1Log => {
    const l1 = position(log)
    switch (log.eventName) {
      case 'ChainRegistered': {
        const { slot, queueIndex, policyHash, registration } = log.args
        return { type: 'registration', slot: BigInt(slot), queueIndex, policyHash: BigInt(policyHash), ...registration, l1 }
      }
      case 'BatcherChanged':
        return { type: 'batcher', ...log.args, l1 }
      case 'BatchPosted': {
        const { chainId, index, daHash, commitment } = log.args
        const reference = { index, commitment, l1Block: l1.blockNumber, l1Transaction: l1.transactionHash }
        return { type: 'posting', chainId, reference, daHash, l1 }
      }
      case 'EpochSettled':
        return { type: 'epoch', ...log.args, l1 }
    }
  })
}

function parseInboxLogs(logs: readonly Log[], l1ChainId: bigint): L1Log[] {
  return parseEventLogs({ abi: causewayInboxAbi, logs: [...logs] }).map((log): L1Log => {
    const l1 = position(log)
    const { chainId, index, hash } = log.args
    if (log.eventName === 'Forced')
      return { type: 'inbox', chainId, hash, entry: { kind: 'forced', index, transaction: log.args.transaction }, l1 }
    const { timestamp, sender, recipient, refundTo, token, amount, gasLimit, payload } = log.args
    const message = {
      ...{ source: l1ChainId, nonce: index, timestamp, destination: chainId, sender, recipient, refundTo },
      ...{ token: { chain: l1ChainId, address: token }, amount, fee: 0n, gasLimit, expiry: NEVER, payload },
    }
    return { type: 'inbox', chainId, hash, entry: { kind: 'deposit', index, message }, l1 }
  })
}

function position({ blockNumber, blockHash, transactionHash, logIndex }: Log<bigint, number, false>): L1Position {
  return { blockNumber, blockHash, transactionHash, logIndex }
}
