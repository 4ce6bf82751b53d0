import {
  draftCertificate,
  NEVER,
  schnorrVerify,
  statement,
  type Certificate,
  type Clock,
  type ClusterDomain,
  type ClusterLink,
  type Entry,
  type LinkEvent,
  type Log,
  type Policy,
} from '@causeway/core'
import type { L1Reader } from '@causeway/l1'
import { signProposal, verifyVerdict, type SignedVerdict } from '@causeway/messaging'
import type { Address, LocalAccount } from 'viem'
import type { Publisher } from '../batches/publish.js'
import type { Chain } from '../chain.js'
import { entriesBetween, type SettledPoint } from '../l1/settlement.js'
import { keys, put, readAll, type BlockRecord, type CertificateRecord } from '../store/records.js'
import type { createAttester } from './attest.js'
import { contradiction, l1ReferencesOf, isInboxOnL1 } from './l1-references.js'

/** When a chain closes certificates and how long they live. */
export type CertifyTiming = {
  /** ms after the first entry that is not settled. */
  delay: number
  /** ms after which blocks are certified though no message moved. */
  idle: number
  /** ms of L1 time that a certificate lives. */
  lifetime: number
}

/** What certification needs of the rest of the node. */
export type CertifierOptions = {
  chain: Chain
  publisher: Publisher
  reader: L1Reader
  link: ClusterLink
  domain: ClusterDomain
  policy: Policy
  attester: ReturnType<typeof createAttester> | null
  /** Signs proposals. */
  batcher: LocalAccount
  /** The account whose verdicts are believed; without one, none are. */
  aggregator?: Address
  settled(): SettledPoint
  /**
   * Until which L1 time (ms) an import can settle: until its source's certificate dies, `NEVER` if it has settled, null if its source
   * has not certified it.
   */
  coveredUntil(entry: Entry & { kind: 'import' }): bigint | null
  /** Gives up an import that was executed at a time (ms) if its source has certified nothing for `patience` ms. */
  giveUp(entry: Entry & { kind: 'import' }, since: bigint, patience: bigint): void
  timing: CertifyTiming
  clock: Clock
  log: Log
}

/** Closes certificates over posted blocks and gathers the signatures of the policy. */
export type Certifier = ReturnType<typeof createCertifier>

const REPEAT = 2_000n

/** Makes a certifier. One certificate lives at a time; it waits, whatever epochs it misses, until it settles or dies. */
export function createCertifier(options: CertifierOptions) {
  const { chain, publisher, reader, link, domain, policy, attester, batcher, aggregator, settled, coveredUntil, giveUp, timing, clock, log } = options
  const { store, engine } = chain
  let announced = 0n
  let refused = 0n
  /** The last verdict that counted, whether or not it was written. */
  let heard = { statement: -1n, time: -1n }

  const newest = (): CertificateRecord | undefined => [...readAll<CertificateRecord>(store, 'chain/certificate/', { reverse: true, limit: 1 })][0]
  const save = (record: CertificateRecord) => store.write([put(keys.certificate(record.height), record)])

  /** The certificate under way, after what L1 has said since. */
  async function live(): Promise<CertificateRecord | undefined> {
    const record = newest()
    if (!record || record.state === 'dead') return undefined
    const point = settled()
    if (point.header.height >= record.height) {
      if (record.state !== 'settled') await save({ ...record, state: 'settled', epoch: point.epoch, toBlock: point.block })
      return undefined
    }
    const end = record.draft.notAfter < reader.heads.finalized.timestamp ? 'notAfter passed before it settled' : contradiction(l1ReferencesOf(record.draft), engine.chainId, reader)
    if (end) {
      log.warn('certificate died', { height: record.height, reason: end })
      await save({ ...record, state: 'dead', reason: end })
      return undefined
    }
    if (record.state !== 'settled') return record
    log.warn('L1 took back the epoch of a certificate; it lives on', { height: record.height })
    const again: CertificateRecord = { ...record, state: record.signatures.length >= policy.attested.k ? 'certified' : 'proposed' }
    await save(again)
    return again
  }

  /** The last block that a certificate from here can cover, and the last L1 time at which all that it imports can settle. */
  function reach(point: SettledPoint): { last: bigint; until: bigint } {
    const entries: Entry[] = []
    let last = point.block
    let until = NEVER
    const posted = publisher.posted()
    for (let number = point.block + 1n; number <= posted; number++) {
      const block = chain.block(number) as BlockRecord
      // L1 took back what it consumed: it is rebuilt, or L1 returns to it.
      if (!isInboxOnL1(block, engine.chainId, reader)) break
      entries.push(...block.entries)
      const covered = block.entries.map((entry) => (entry.kind === 'import' ? (coveredUntil(entry) ?? 0n) : NEVER))
      for (const entry of block.entries) if (entry.kind === 'import' && coveredUntil(entry) === null) giveUp(entry, block.timestamp, BigInt(timing.lifetime))
      if (covered.some((time) => time <= reader.heads.latest.timestamp) || !chain.fits(entries)) break
      for (const time of covered) if (time < until) until = time
      last = number
    }
    return { last, until }
  }

  function isDue(point: SettledPoint, last: bigint): boolean {
    if (last === point.block) return false
    const now = clock.now()
    for (let number = point.block + 1n; number <= last; number++) {
      const block = chain.block(number) as BlockRecord
      if (block.entries.length > 0) return now - block.timestamp >= BigInt(timing.delay)
    }
    return now - (chain.block(point.block + 1n) as BlockRecord).timestamp >= BigInt(timing.idle)
  }

  async function propose(): Promise<CertificateRecord | undefined> {
    const point = settled()
    const { last: toBlock, until } = reach(point)
    const block = chain.block(toBlock)
    const posting = publisher.postingOf(toBlock)
    if (!isDue(point, toBlock) || !block || !posting) return undefined
    // No longer than what it imports: once a source's certificate is dead, so is this one, and the chain is free to do without.
    const end = reader.heads.latest.timestamp + BigInt(timing.lifetime)
    const draft = draftCertificate(
      chain.nodes,
      {
        before: point.header,
        entries: entriesBetween(chain, point.block, toBlock),
        stateRoot: block.stateRoot,
        timestamp: block.timestamp,
        inboxHashBefore: point.inboxHash,
        inboxHash: block.inboxHash,
        daIndex: posting.daIndex,
        daHash: posting.daHash,
        notAfter: end < until ? end : until,
        policy,
      },
      chain.accounting.slotOf,
    )
    const record: CertificateRecord = {
      height: draft.after.height,
      fromBlock: point.block + 1n,
      toBlock,
      statement: statement(domain, draft),
      draft,
      signatures: [],
      state: 'proposed',
    }
    await store.write([...chain.nodes.takeChanges(), put(keys.certificate(record.height), record)])
    log.info('certificate proposed', { height: record.height, fromBlock: record.fromBlock, toBlock, entries: draft.entries.length })
    announced = 0n
    return record
  }

  async function announce(record: CertificateRecord): Promise<void> {
    if (clock.now() - announced < REPEAT) return
    announced = clock.now()
    if (record.state !== 'proposed') return link.publish({ kind: 'certificate', certificate: certificateOf(record), toBlock: record.toBlock })
    link.publish(await signProposal(domain, record.draft, record.toBlock, batcher))
    if (!attester || record.signatures.some(({ signer }) => signer === attester.index)) return
    const own = await attester.attest(record.draft, record.toBlock)
    if (own.verdict === 'signed') await addSignature(record.height, own.statement, own)
    else log.warn('this node does not sign its own proposal', { height: record.height, reason: own.reason })
  }

  async function addSignature(height: bigint, signed: bigint, { signer, signature }: Certificate['signatures'][number]): Promise<void> {
    const record = newest()
    const key = policy.attested.signers[signer]
    if (!record || record.height !== height || record.state !== 'proposed' || record.statement !== signed || !key) return
    if (record.signatures.some((item) => item.signer === signer) || !schnorrVerify(key, record.statement, signature)) return
    const signatures = [...record.signatures, { signer, signature }].sort((a, b) => a.signer - b.signer)
    const complete = signatures.length >= policy.attested.k
    await save({ ...record, signatures, state: complete ? 'certified' : 'proposed' })
    if (complete) {
      log.info('certificate signed', { height, signatures: signatures.length })
      announced = 0n
    }
  }

  /** The certificate under way, if that is what the event is about. */
  function underWay({ chainId, statement: about }: { chainId: bigint; statement: bigint }): CertificateRecord | undefined {
    const record = newest()
    return chainId === engine.chainId && record?.statement === about && record.state !== 'settled' && record.state !== 'dead' ? record : undefined
  }

  /**
   * Only the aggregator that the chain knows can say how far a certificate is between its signatures and L1. What it has said before, sent
   * again by whomever, says nothing, and what changes nothing is not written.
   */
  async function takeVerdict(event: SignedVerdict): Promise<void> {
    const said = () => {
      const record = underWay(event)
      return record && event.time > (heard.statement === record.statement ? heard.time : (record.verdictTime ?? -1n)) ? record : undefined
    }
    if (!aggregator || !said() || !(verifyVerdict(domain, event, aggregator))) return
    const record = said()
    if (!record || record.state === 'proposed') return
    heard = { statement: record.statement, time: event.time }
    const state = event.verdict === 'waiting' || event.verdict === 'invalid' ? 'certified' : event.verdict
    const next: CertificateRecord = { ...record, state, ...(event.reason ? { reason: event.reason } : {}), ...(event.epoch > 0n ? { epoch: event.epoch } : {}), verdictTime: event.time }
    if (next.state !== record.state || next.reason !== record.reason || next.epoch !== record.epoch) await save(next)
  }

  return {
    newest,
    live,
    /** Takes signatures, refusals and verdicts from the link. */
    async onLink(event: LinkEvent): Promise<void> {
      if (event.kind === 'attestation' && event.chainId === engine.chainId) await addSignature(event.height, event.statement, event)
      if (event.kind === 'verdict') await takeVerdict(event)
      if (event.kind === 'refusal') {
        const record = underWay(event)
        // Nobody signs refusals: a text to look at while signatures are missing, and not worth a write for each that a stranger sends.
        if (record?.state !== 'proposed' || record.reason === event.reason || clock.now() - refused < REPEAT) return
        refused = clock.now()
        await save({ ...record, reason: event.reason })
      }
    },
    /** Proposes, repeats, or notices that L1 decided. */
    async step(): Promise<void> {
      const record = (await live()) ?? (await propose())
      if (record) await announce(newest() ?? record)
      const after = newest()
      if (after?.state === 'certified' && announced === 0n) await announce(after)
    },
  }
}

/** The certificate of a record. */
export function certificateOf(record: CertificateRecord): Certificate {
  return { ...record.draft, signatures: record.signatures }
}
