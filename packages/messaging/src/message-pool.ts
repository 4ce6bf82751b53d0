import { CausewayError, eraOf, firstIncarnation, messageLeaf, type Certificate, type Message, type SignedHead } from '@causeway/core'
import type { Hex } from 'viem'
import { selectCandidates, type Candidate, type CandidateParameters } from './candidates.js'
import { emptySource, restoreSources, saveSources, type MessagePoolState, type PoolRecord, type PoolRung, type PoolSource, type PoolStanding } from './pool-state.js'

/** A message by where it stands. */
export type MessageKey = { source: bigint; nonce: bigint }

/** What a step did to messages that might have been imported. The node rolls back if it has consumed a dropped one. */
export type PoolChange = {
  /**
   * Messages to this chain that are no longer believed. `replaced`: the source was rebuilt; later the message comes back unchanged
   * (see `restored`) or is reported again as `contradicted`. `contradicted`: the new incarnation, a certificate or L1 says that
   * something else was sent under this nonce; that is for good.
   */
  dropped: readonly (MessageKey & { leaf: bigint; reason: 'replaced' | 'contradicted' })[]
  /** Dropped messages that turn out to exist after all, unchanged. */
  restored: readonly MessageKey[]
  /** The source has said two different things in one incarnation; it is back at `settled` until its next certificate settles. */
  equivocated: boolean
}

/** What became of a head. */
export type HeadResult = PoolChange & { accepted: boolean; reason?: 'unknown chain' | 'wrong grade' | 'stale incarnation' | 'pool full' }

/** Parameters of {@link createMessagePool}. */
export type MessagePoolParameters = {
  /** The chain that imports. */
  chainId: bigint
  /** Policy hash of a registered chain, from its header; undefined for others. Heads under another grade are refused. */
  policyFor(source: bigint): bigint | undefined
  /**
   * How far beyond its settled outbox a source may announce messages; further ones wait until those before them are settled. A chain that
   * keeps to its own backlog has a few dozen. Default 1024.
   */
  maxUnsettled?: number
  /** What `snapshot` gave before a restart. */
  state?: MessagePoolState
  /** What `standing` gave before a restart, by source; the rest of the pool is fed again. */
  standing?: ReadonlyMap<bigint, PoolStanding>
}

/** What a chain knows of the messages sent to it. A pure state machine: whoever feeds it has verified what it feeds. */
export type MessagePool = {
  /** A head whose signature has been verified (`verifyHead`). */
  addHead(head: SignedHead): HeadResult
  /**
   * The era of a source on L1. If it is another than before, what its earlier batcher has announced is no longer importable, until the new one
   * repeats it; the head that says so reports it.
   */
  enterEra(source: bigint, era: bigint): void
  /** A certificate whose signatures have been verified: its exports are `certified`. */
  addCertified(certificate: Pick<Certificate, 'before' | 'entries'>): PoolChange
  /**
   * A certificate that settled: the leaves it appended. Call it for each settled certificate of a source, in order and also for those
   * without leaves: the first of a new height ends the distrust of a source. History may be fed again.
   * @throws CausewayError `SETTLED_GAP` if leaves before `firstNonce` were not fed
   */
  addSettled(settled: { source: bigint; height: bigint; firstNonce: bigint; leaves: readonly bigint[] }): PoolChange
  /** Bodies of settled messages from anywhere, believed only if they have the settled leaf. Returns how many were of use. */
  supply(bodies: readonly { message: Message; policyHash: bigint }[]): number
  /** Settled positions whose message nobody has shown yet, ascending: ask for heads from the first on. */
  missing(source: bigint): bigint[]
  /** L1 went back: the outbox of the source is settled up to `size` only. */
  revertSettled(to: { source: bigint; size: bigint }): void
  /** An import from this source failed or had to be rolled back: it is back at `settled` until its next certificate settles. */
  importFailed(source: bigint): void
  candidates(parameters: CandidateParameters): Candidate[]
  /** What is known of one message to this chain. */
  get(key: MessageKey): { message: Message; policyHash: bigint; rung: PoolRung; incarnation: bigint; head?: Hex } | undefined
  /** Forgets settled messages that are consumed or expired. */
  prune(parameters: Pick<CandidateParameters, 'consumed' | 'now'>): void
  snapshot(): MessagePoolState
  /** What to keep over a restart of a pool that is fed again, by source. */
  standing(): Map<bigint, PoolStanding>
}

type Report = { dropped: PoolChange['dropped'][number][]; restored: MessageKey[]; equivocated: boolean }
const noChange = (): Report => ({ dropped: [], restored: [], equivocated: false })

/** Makes a {@link MessagePool}. */
export function createMessagePool({ chainId, policyFor, maxUnsettled = 1024, state, standing }: MessagePoolParameters): MessagePool {
  const sources = state ? restoreSources(state) : new Map<bigint, PoolSource>()
  for (const [id, held] of standing ?? []) sources.set(id, { ...(sources.get(id) ?? emptySource()), ...held })
  const sourceOf = (id: bigint) => {
    const source = sources.get(id) ?? emptySource()
    sources.set(id, source)
    return source
  }
  const isTooFar = ({ settled }: PoolSource, nonce: bigint) => nonce >= settled + BigInt(maxUnsettled)
  const bodyOf = (message: Message, policyHash: bigint): PoolRecord['body'] => (message.destination === chainId ? { kind: 'here', message, policyHash } : { kind: 'elsewhere' })

  /** Takes a position out and says so if it held a message to this chain. */
  const drop = (id: bigint, source: PoolSource, record: PoolRecord, report: Report) => {
    source.records.delete(record.nonce)
    if (record.body.kind === 'here') report.dropped.push({ source: id, nonce: record.nonce, leaf: record.leaf, reason: 'contradicted' })
  }
  const distrust = (source: PoolSource, report: Report) => {
    source.distrusted = true
    report.equivocated = true
  }
  /** A message below the settled size: L1 has decided, only its body can be news. */
  const fill = (source: PoolSource, message: Message, policyHash: bigint, leaf: bigint): boolean => {
    const record = source.records.get(message.nonce)
    if (record?.body.kind !== 'missing' || record.leaf !== leaf) return false
    record.body = bodyOf(message, policyHash)
    if (record.body.kind === 'elsewhere') source.records.delete(message.nonce)
    return true
  }

  /** What now stands at a position decides what became of the message that the replaced incarnation had there. */
  const claimOrphan = (id: bigint, source: PoolSource, nonce: bigint, leaf: bigint, report: Report): PoolRecord | undefined => {
    const orphan = source.orphans.get(nonce)
    source.orphans.delete(nonce)
    if (!orphan) return undefined
    if (orphan.leaf === leaf) {
      report.restored.push({ source: id, nonce })
      return orphan
    }
    report.dropped.push({ source: id, nonce, leaf: orphan.leaf, reason: 'contradicted' })
    return undefined
  }

  const replaceIncarnation = (id: bigint, source: PoolSource, incarnation: bigint, report: Report) => {
    for (const record of [...source.records.values()]) {
      if (record.rung === 'settled') continue
      source.records.delete(record.nonce)
      if (record.body.kind === 'here') source.orphans.set(record.nonce, record)
    }
    // Also those of earlier ones that nobody has repeated.
    for (const { nonce, leaf } of source.orphans.values()) report.dropped.push({ source: id, nonce, leaf, reason: 'replaced' })
    source.incarnation = incarnation
  }

  const addHead = (head: SignedHead): HeadResult => {
    const report = noChange()
    const refused = (reason: NonNullable<HeadResult['reason']>): HeadResult => ({ ...report, accepted: false, reason })
    const id = head.chainId
    const grade = policyFor(id)
    if (grade === undefined || id === chainId) return refused('unknown chain')
    if (grade !== head.policyHash) return refused('wrong grade')
    const source = sourceOf(id)
    const sent = head.messages.map((message) => ({ message, leaf: messageLeaf(message, grade) }))
    const settled = sent.filter(({ message }) => message.nonce < source.settled)
    for (const { message, leaf } of settled) fill(source, message, grade, leaf)
    // A verified head is of the era that L1 has now; a reorg may have made that an earlier one than what was heard before.
    if (head.incarnation < source.incarnation && eraOf(head.incarnation) === eraOf(source.incarnation)) return refused('stale incarnation')
    if (head.incarnation !== source.incarnation) replaceIncarnation(id, source, head.incarnation, report)
    for (const { message, leaf } of sent.slice(settled.length)) {
      const { nonce } = message
      const held = source.records.get(nonce)
      if (held) {
        if (held.leaf !== leaf) distrust(source, report)
        else held.head ??= head.hash
        continue
      }
      if (isTooFar(source, nonce)) return refused('pool full')
      claimOrphan(id, source, nonce, leaf, report)
      source.records.set(nonce, { nonce, leaf, body: bodyOf(message, grade), rung: 'included', incarnation: head.incarnation, head: head.hash })
    }
    return { ...report, accepted: true }
  }

  const addCertified: MessagePool['addCertified'] = ({ before, entries }) => {
    const report = noChange()
    const id = before.chainId
    if (id === chainId || policyFor(id) !== before.policyHash) return report
    const source = sourceOf(id)
    for (const entry of entries) {
      if (entry.kind !== 'export') continue
      const { message } = entry
      const { nonce } = message
      const leaf = messageLeaf(message, before.policyHash)
      if (nonce < source.settled) {
        fill(source, message, before.policyHash, leaf)
        continue
      }
      const held = source.records.get(nonce)
      if (held?.leaf === leaf) {
        held.rung = 'certified'
        continue
      }
      if (held?.rung === 'certified') {
        distrust(source, report)
        continue
      }
      // A certificate of the replaced incarnation that comes late must not bring its messages back.
      if (source.orphans.get(nonce)?.leaf === leaf) continue
      if (held) {
        drop(id, source, held, report)
        distrust(source, report)
      } else if (isTooFar(source, nonce)) continue
      claimOrphan(id, source, nonce, leaf, report)
      source.records.set(nonce, { nonce, leaf, body: bodyOf(message, before.policyHash), rung: 'certified', incarnation: source.incarnation })
    }
    return report
  }

  const addSettled: MessagePool['addSettled'] = ({ source: id, height, firstNonce, leaves }) => {
    const report = noChange()
    const source = sourceOf(id)
    if (firstNonce > source.settled)
      throw new CausewayError(`Leaves ${source.settled} to ${firstNonce - 1n} of chain ${id} are missing.`, { code: 'SETTLED_GAP', fix: 'feed the settled epochs in order' })
    if (height > source.height) {
      source.height = height
      source.distrusted = false
    }
    leaves.forEach((leaf, i) => {
      const nonce = firstNonce + BigInt(i)
      if (nonce < source.settled) return
      source.settled = nonce + 1n
      const orphan = claimOrphan(id, source, nonce, leaf, report)
      let held = source.records.get(nonce)
      if (held && held.leaf !== leaf) {
        drop(id, source, held, report)
        distrust(source, report)
        held = undefined
      }
      held ??= orphan
      if (held?.body.kind === 'elsewhere') source.records.delete(nonce)
      else source.records.set(nonce, held ? { ...held, rung: 'settled' } : { nonce, leaf, body: { kind: 'missing' }, rung: 'settled', incarnation: source.incarnation })
    })
    return report
  }

  return {
    addHead,
    enterEra(id, era) {
      const source = sources.get(id)
      if (source && eraOf(source.incarnation) !== era) replaceIncarnation(id, source, firstIncarnation(era), noChange())
    },
    addCertified,
    addSettled,
    supply: (bodies) =>
      bodies.filter(({ message, policyHash }) => {
        const source = sources.get(message.source)
        return source !== undefined && fill(source, message, policyHash, messageLeaf(message, policyHash))
      }).length,
    missing: (id) =>
      [...(sources.get(id)?.records.values() ?? [])]
        .filter(({ body }) => body.kind === 'missing')
        .map(({ nonce }) => nonce)
        .sort((a, b) => (a < b ? -1 : 1)),
    revertSettled({ source: id, size }) {
      const source = sourceOf(id)
      if (size >= source.settled) return
      source.settled = size
      for (const record of [...source.records.values()]) {
        if (record.nonce < size || record.rung !== 'settled') continue
        // The epoch that L1 forgot was proven, and so its certificates were signed.
        if (record.body.kind === 'missing') source.records.delete(record.nonce)
        else record.rung = 'certified'
      }
    },
    importFailed: (id) => void (sourceOf(id).distrusted = true),
    candidates: (parameters) => selectCandidates(sources, parameters),
    get({ source, nonce }) {
      const record = sources.get(source)?.records.get(nonce)
      if (record?.body.kind !== 'here') return undefined
      const { body, rung, incarnation, head } = record
      return { message: body.message, policyHash: body.policyHash, rung, incarnation, ...(head && { head }) }
    },
    prune({ consumed, now }) {
      for (const [id, { records }] of sources)
        for (const { nonce, rung, body } of [...records.values()])
          if (rung === 'settled' && body.kind !== 'elsewhere' && ((body.kind === 'here' && body.message.expiry <= now) || consumed(id, nonce))) records.delete(nonce)
    },
    snapshot: () => saveSources(sources),
    standing: () => new Map([...sources].map(([id, { incarnation, height, distrusted }]) => [id, { incarnation, height, distrusted }])),
  }
}
