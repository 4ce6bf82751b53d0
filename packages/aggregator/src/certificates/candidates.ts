import { decodeJson, encodeJson, parseCertificate, statement, type Certificate, type ClusterDomain, type Log, type Store } from '@causeway/core'
import { stringToBytes } from 'viem'

/** A certificate that may get into an epoch. It was sound by itself when it came. */
export type CandidateCertificate = {
  certificate: Certificate
  statement: bigint
  /** ms of the host's clock. */
  receivedAt: bigint
}

/** The certificates that wait, on disk; one for each chain and statement. */
export type Candidates = {
  get(chainId: bigint, statement: bigint): CandidateCertificate | undefined
  /** Oldest first. */
  list(): readonly CandidateCertificate[]
  /** Keeps a candidate, in place of one with the same statement. False if the chain has {@link MAX_PER_CHAIN} others waiting already. */
  add(candidate: CandidateCertificate): Promise<boolean>
  remove(candidates: readonly CandidateCertificate[]): Promise<void>
}

/** Certificates of one chain that may wait at once: only its own signers could fill them, and they need one or two. */
export const MAX_PER_CHAIN = 8
const ROWS = { start: 'aggregator/candidate/', end: 'aggregator/candidate0' }
const keyOf = (chainId: bigint, signed: bigint) => `${ROWS.start}${chainId}/${signed.toString(16)}`

/** Opens the candidates in a store. A row that cannot be read is left out; its chain will send it again. */
export function createCandidates({ store, domain, log }: { store: Store; domain: ClusterDomain; log: Log }): Candidates {
  const held = new Map<string, CandidateCertificate>()
  for (const { key, value } of store.range(ROWS)) {
    try {
      const row = decodeJson(new TextDecoder().decode(value)) as { certificate: unknown; receivedAt: unknown }
      const certificate = parseCertificate(row.certificate)
      held.set(key, { certificate, statement: statement(domain, certificate), receivedAt: typeof row.receivedAt === 'bigint' ? row.receivedAt : 0n })
    } catch (error) {
      log.warn('a stored certificate cannot be read', { key, error: String(error) })
    }
  }
  const key = ({ certificate, statement: signed }: CandidateCertificate) => keyOf(certificate.before.chainId, signed)
  return {
    get: (chainId, signed) => held.get(keyOf(chainId, signed)),
    list: () => [...held.values()].sort((a, b) => Number(a.receivedAt - b.receivedAt)),
    async add(candidate) {
      const { chainId } = candidate.certificate.before
      if (!held.has(key(candidate)) && [...held.values()].filter(({ certificate }) => certificate.before.chainId === chainId).length >= MAX_PER_CHAIN) return false
      await store.write([{ key: key(candidate), value: stringToBytes(encodeJson({ certificate: candidate.certificate, receivedAt: candidate.receivedAt })) }])
      held.set(key(candidate), candidate)
      return true
    },
    async remove(candidates) {
      if (candidates.length === 0) return
      await store.write(candidates.map((candidate) => ({ key: key(candidate), value: null })))
      for (const candidate of candidates) held.delete(key(candidate))
    },
  }
}
