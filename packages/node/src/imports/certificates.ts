import { checkCertificate, checkSignatures, checkStated, encodeJson, errorCode, messageLeaf, statement, type Certificate, type Clock, type ClusterDomain, type Entry, type Log } from '@causeway/core'
import type { L1Reader } from '@causeway/l1'
import type { MessagePool } from '@causeway/messaging'
import { isInboxOnL1 } from '../certificates/l1-references.js'
import type { Members } from '../l1/members.js'
import type { ExecutedImports } from './executed.js'
import type { LostImports } from './lost.js'

/** What certificates of other chains are taken with. */
export type SourceCertificatesOptions = {
  chainId: bigint
  members: Members
  reader: L1Reader
  pool: MessagePool
  executed: ExecutedImports
  lost: LostImports
  domain: ClusterDomain
  clock: Clock
  log: Log
}

/** The certificates of other chains: what their signers answer for, and what has lost its ground because one is invalid or dead. */
export type SourceCertificates = {
  /**
   * Takes a certificate that its source's signers have made. They answer for what they have signed, and for nothing else: a copy whose unsigned
   * parts are wrong is not taken, and is the fault of whoever passed it on (docs/protocol.md, section 13).
   */
  take(certificate: Certificate): void
  /** Takes those that came before L1 had what they refer to, and gives up those that L1 has left behind. */
  onL1(): void
  /** L1 has settled a source up to a height. */
  settled(chainId: bigint, height: bigint): void
  /** The certificate of a source that may still settle. */
  live(chainId: bigint): Certificate | undefined
  /** When a source last showed a certificate that lives, ms of the host's clock; a source that is new here has a moment. */
  heard(chainId: bigint): bigint
}

type Source = {
  live?: Certificate
  heard: bigint
  /** Signed certificates that refer to what this node's L1 does not have (yet), by statement. */
  early: Map<bigint, Certificate>
}
/** Certificates of one source that are kept until L1 shows what they refer to: its signers have made them all. */
const MAX_EARLY = 4

export function createSourceCertificates({ chainId: ownId, members, reader, pool, executed, lost, domain, clock, log }: SourceCertificatesOptions): SourceCertificates {
  const sources = new Map<bigint, Source>()
  const sourceOf = (chainId: bigint): Source => {
    const source = sources.get(chainId) ?? { heard: clock.now(), early: new Map() }
    sources.set(chainId, source)
    return source
  }

  function take(certificate: Certificate): void {
    const { chainId, policyHash, height } = certificate.before
    const member = members.find(chainId)
    if (!member || chainId === ownId || member.policyHash !== policyHash || certificate.notAfter < reader.heads.finalized.timestamp) return
    const source = sourceOf(chainId)
    // History, whoever repeats it.
    if (height < members.settledHeight(chainId) || (source.live && height < source.live.before.height)) return
    // Said again, as is usual: no signature is checked twice.
    if (source.live && encodeJson(source.live) === encodeJson(certificate)) return void (source.heard = clock.now())
    const context = { domain, time: clock.now(), slotOf: members.slotOf }
    if (faultOf(() => checkSignatures(certificate, domain)) !== undefined) return
    const broken = faultOf(() => checkStated(certificate, context))
    // Its clock may be ahead of ours: it comes again.
    if (broken === 'RULE_R3') return
    if (broken !== undefined) {
      log.warn('a member signed an invalid certificate', { chainId, height: certificate.after.height, code: broken })
      return abandon(chainId, certificate, `the certificate of its source is invalid (${broken})`)
    }
    const fault = faultOf(() => checkCertificate(certificate, context))
    if (fault !== undefined) return log.info('a copy of a certificate is not as it was signed, or refers to what is not known here; it is not taken', { chainId, height: certificate.after.height, code: fault })
    // Signers sign what L1 has. Either this node has not read it yet, or L1 has taken it back, and then another certificate of this height may live.
    if (!isOnL1(certificate)) return keepEarly(source, certificate)
    source.live = certificate
    source.heard = clock.now()
    lost.note(pool.addCertified(certificate))
    const { before, after, entries } = certificate
    lost.contradict(executed.unsettled(), chainId, before.outboxSize, exportedLeaves(entries, policyHash), after.timestamp)
  }

  function isOnL1({ before: { chainId }, after, inboxHash, daHash }: Certificate): boolean {
    return reader.daIndex(chainId, daHash) !== null && isInboxOnL1({ accounting: after, inboxHash }, chainId, reader)
  }

  function keepEarly({ early }: Source, certificate: Certificate): void {
    early.set(statement(domain, certificate), certificate)
    for (const oldest of early.keys()) {
      if (early.size <= MAX_EARLY) break
      early.delete(oldest)
    }
  }

  /** A source's certificate is dead or invalid: what was imported of it has no ground any more. */
  function abandon(chainId: bigint, certificate: Certificate, reason: string): void {
    pool.importFailed(chainId)
    const exported = new Set(exportedLeaves(certificate.entries, certificate.before.policyHash))
    // By what was sent, not by its number: what the source sends under it after a rebuild is another message.
    for (const { message, leaf } of executed.unsettled())
      if (message.source === chainId && exported.has(leaf) && message.nonce >= members.settledOutbox(chainId)) lost.lose(chainId, message.nonce, reason)
    delete sourceOf(chainId).live
  }

  return {
    take,
    onL1() {
      for (const [chainId, { live }] of sources)
        if (live && live.notAfter < reader.heads.finalized.timestamp && members.settledHeight(chainId) < live.after.height) abandon(chainId, live, 'the certificate of its source died: L1 passed its notAfter')
      for (const { early } of sources.values())
        for (const [key, certificate] of early) {
          if (!isOnL1(certificate)) continue
          early.delete(key)
          take(certificate)
        }
    },
    settled(chainId, height) {
      const source = sources.get(chainId)
      if (source?.live && source.live.after.height <= height) delete source.live
    },
    live: (chainId) => sources.get(chainId)?.live,
    heard: (chainId) => sourceOf(chainId).heard,
  }
}

/** The leaves that entries append to their chain's outbox. */
function exportedLeaves(entries: readonly Entry[], policyHash: bigint): bigint[] {
  return entries.flatMap((entry) => (entry.kind === 'export' ? [messageLeaf(entry.message, policyHash)] : []))
}

/** Code of what a check throws; undefined if it passes. Defects of this node pass through. */
function faultOf(check: () => unknown): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined) throw error
    return code
  }
}
