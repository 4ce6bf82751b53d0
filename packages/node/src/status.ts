import type { CertificateStatus, ChainStatus, MessageStatus } from '@causeway/client'
import { withdrawalTree } from '@causeway/contracts'
import { daKindName, messageId, messageOf, withdrawalDigest, type ClusterDomain, type Message, type Policy, type Rung } from '@causeway/core'
import type { L1Reader } from '@causeway/l1'
import type { Hex } from 'viem'
import { certificateOf, type Certifier } from './certificates/certify.js'
import type { MessagePlace, Chain } from './chain.js'
import type { Imports } from './imports/imports.js'
import type { Members } from './l1/members.js'
import type { SettledPoint } from './l1/settlement.js'
import { keys, read, type BlockRecord, type CertificateRecord } from './store/records.js'

/** What the ladder is read from. */
export type StatusOptions = {
  chain: Chain
  members: Members
  reader: L1Reader
  imports: Imports
  certifier: Certifier | null
  domain: ClusterDomain
  policy: Policy
  policyHash: bigint
  /** Of `DA_KINDS`. */
  daKind: number
  specDigest: Hex
  settled(at?: 'latest' | 'finalized'): SettledPoint
  /** Was this withdrawal claimed on L1? */
  claimed(digest: Hex): Promise<boolean>
  /** Hash of the system transaction that delivered a message in a block. */
  deliveryOf(block: bigint, id: Hex): Hex | undefined
  halted(): string | undefined
  /** Of a sequencer. */
  backlog(): ChainStatus['backlog']
}

/** Where blocks, messages and certificates stand on the ladder. */
export function createStatus(options: StatusOptions) {
  const { chain, members, reader, imports, certifier, domain, settled } = options
  const { engine, store } = chain

  function blockRung(number: bigint): Exclude<Rung, 'executed'> {
    if (number <= settled('finalized').block) return 'final'
    if (number <= settled().block) return 'settled'
    const live = certifier?.newest()
    if (!live || number > live.toBlock || live.state === 'dead' || live.state === 'settled' || live.state === 'proposed') return 'included'
    return live.state === 'proven' ? 'proven' : 'certified'
  }

  function entryAt(place: MessagePlace): Message | undefined {
    const entry = (chain.block(place.block) as BlockRecord).entries[place.entry]
    return entry && messageOf(entry)
  }

  async function withdrawal(message: Message): Promise<MessageStatus['withdrawal']> {
    const digest = withdrawalDigest(message)
    for (const { epoch, data } of reader.epochs()) {
      const digests = data.certificates.flatMap(({ withdrawals }) => withdrawals)
      const at = digests.findIndex((item) => item.toLowerCase() === digest)
      if (at < 0) continue
      return { epoch, path: withdrawalTree(digests).path(at), message, claimed: await options.claimed(digest) }
    }
    return undefined
  }

  async function placed(id: Hex, place: MessagePlace): Promise<MessageStatus | null> {
    const message = entryAt(place)
    if (!message) return null
    const { source, destination, nonce } = message
    const rung = blockRung(place.block)
    if (place.direction === 'sent') {
      const claim = destination === domain.l1ChainId && (rung === 'settled' || rung === 'final') ? await withdrawal(message) : undefined
      return { id, source, destination, nonce, rung: destination === domain.l1ChainId ? rung : 'included', sourceRung: rung, ...(claim && { withdrawal: claim }) }
    }
    const transaction = options.deliveryOf(place.block, id)
    return {
      id,
      source,
      destination,
      nonce,
      rung: rung === 'included' ? 'executed' : rung,
      sourceRung: sourceRung(message),
      ...(transaction && { execution: { block: place.block, transaction, ok: place.ok } }),
    }
  }

  function sourceRung({ source, nonce }: Message): Rung {
    if (source === domain.l1ChainId) return 'final'
    if (nonce < members.settledOutbox(source, 'finalized')) return 'final'
    if (nonce < members.settledOutbox(source)) return 'settled'
    return imports.pool.get({ source, nonce })?.rung ?? 'included'
  }

  /** A message that waits: in the L1 inbox, or announced by its source. */
  function waiting(id: Hex): MessageStatus | null {
    const cursor = chain.head.accounting.l1InboxCursor
    for (const { entry } of reader.inbox(engine.chainId, cursor))
      if (entry.kind === 'deposit' && messageId(entry.message) === id) return { id, source: domain.l1ChainId, destination: engine.chainId, nonce: entry.index, rung: 'included', sourceRung: 'included' }
    for (const { source, records } of imports.pool.snapshot().sources)
      for (const { nonce, body, rung } of records)
        if (body.kind === 'here' && messageId(body.message) === id) {
          const expired = body.message.expiry <= chain.head.timestamp
          return { id, source, destination: engine.chainId, nonce, rung: 'included', sourceRung: rung, ...(expired && { failure: 'it expired before it was delivered' }) }
        }
    return null
  }

  return {
    blockRung,
    async message(id: Hex): Promise<MessageStatus | null> {
      const place = read<MessagePlace>(store, keys.message(id))
      const status = place && chain.block(place.block)?.hash === place.hash ? await placed(id, place) : waiting(id)
      const fell = imports.rolledBack(id)
      if (!fell) return status
      const { reason, source, nonce, ...rolledBack } = fell
      if (status?.execution) return { ...status, rolledBack }
      return { id, source, destination: engine.chainId, nonce, rung: 'included', sourceRung: status?.sourceRung ?? 'included', rolledBack, failure: reason }
    },
    chain(): ChainStatus {
      const { head, incarnation } = chain
      const point = settled()
      const final = settled('finalized')
      const reference = (number: bigint) => ({ number, hash: (chain.block(number) as BlockRecord).hash })
      const live = certifier?.newest()
      const alive = live && live.state !== 'settled' && live.state !== 'dead' ? live : undefined
      const halted = options.halted()
      const backlog = options.backlog()
      return {
        chainId: engine.chainId,
        l1ChainId: domain.l1ChainId,
        hub: domain.hub,
        clusterId: domain.clusterId,
        slot: members.find(engine.chainId)?.slot ?? null,
        incarnation,
        blocks: { latest: reference(head.number), safe: reference(point.block), finalized: reference(final.block) },
        settled: point.header,
        epoch: BigInt(reader.epochs().length),
        certificate: alive ? { height: alive.height, rung: certificateRung(alive), toBlock: alive.toBlock } : null,
        l1: { block: reader.heads.latest.number, inboxLength: reader.inboxLength(engine.chainId), inboxCursor: head.accounting.l1InboxCursor },
        policy: options.policy,
        policyHash: options.policyHash,
        da: daKindName(options.daKind),
        specDigest: options.specDigest,
        ...(backlog && { backlog }),
        ...(halted && { halted }),
      }
    },
    certificate(height: bigint | 'latest'): CertificateStatus | null {
      const record = height === 'latest' ? certifier?.newest() : read<CertificateRecord>(store, keys.certificate(height))
      if (!record) return null
      const { statement, fromBlock, toBlock, epoch, reason } = record
      return {
        chainId: engine.chainId,
        height: record.height,
        statement,
        fromBlock,
        toBlock,
        rung: certificateRung(record),
        signed: record.signatures.length,
        required: options.policy.attested.k,
        ...(epoch !== undefined && { epoch }),
        ...(reason !== undefined && { reason }),
        ...(record.state !== 'proposed' && { certificate: certificateOf(record) }),
      }
    },
  }

  function certificateRung({ height, state }: CertificateRecord): Rung {
    if (height <= settled('finalized').header.height) return 'final'
    if (height <= settled().header.height) return 'settled'
    return state === 'proven' ? 'proven' : state === 'proposed' || state === 'dead' ? 'included' : 'certified'
  }
}
