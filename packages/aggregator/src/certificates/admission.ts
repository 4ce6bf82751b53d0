import { CAPACITY, encodeJson, errorCode, parseCertificate, statement, type Certificate, type ChainHeader, type ClusterDomain, type QueueEntry } from '@causeway/core'
import { slotOf, type Registry } from '../registry/registry.js'
import type { Candidates } from './candidates.js'
import { staleRefusal, type FindSlot, type Refusal, type Validation } from './validation.js'

/** What a certificate that comes in is checked against. */
export type AdmissionContext = {
  domain: ClusterDomain
  registry: Registry
  /** Queue entries that have not been applied. */
  queue: readonly QueueEntry[]
  candidates: Candidates
  validate: (certificate: Certificate, slotOf: FindSlot) => Validation
  /** Whether a candidate has failed where it should not: then another copy may take its place. */
  suspect(certificate: Certificate): boolean
  /** ms of the host's clock */
  now: bigint
}

/** What became of it; `statement` is missing for what nobody has signed. `new` is false if it was there. */
export type Admission = { accepted: true; new: boolean; certificate: Certificate; statement: bigint } | ({ accepted: false; certificate?: Certificate; statement?: bigint } & Refusal)

/**
 * Reads a certificate, checks it by itself, and keeps it. The cheap checks come first: nobody but the signers of a member
 * chain makes the aggregator do the expensive one. Copies are told apart by what is signed, and one of which the unsigned part is bad takes no
 * place: the next may be as it was signed.
 */
export async function admitCertificate(raw: unknown, { domain, registry, queue, candidates, validate, suspect, now }: AdmissionContext): Promise<Admission> {
  let certificate: Certificate
  try {
    certificate = parseCertificate(raw)
  } catch (error) {
    return { accepted: false, verdict: 'invalid', copy: true, code: errorCode(error) ?? 'MALFORMED', reason: error instanceof Error ? error.message : String(error) }
  }
  const { before } = certificate
  const ofNobody = (refusal: Omit<Refusal, 'verdict'>): Admission => ({ accepted: false, verdict: 'invalid', certificate, ...refusal, copy: true })
  const headers = new Map<bigint, Pick<ChainHeader, 'chainId' | 'policyHash' | 'height'>>(registry.headers)
  for (const { slot, chainId, policyHash } of queue.slice(0, CAPACITY.queue * 8)) if (!headers.has(slot)) headers.set(slot, { chainId, policyHash: BigInt(policyHash), height: 0n })
  const find: FindSlot = (chainId) => {
    for (const [slot, header] of headers) if (header.chainId === chainId) return slot
    return undefined
  }
  const slot = slotOf(registry, before.chainId) ?? find(before.chainId)
  const held = slot === undefined ? undefined : headers.get(slot)
  if (!held) return ofNobody({ code: 'UNKNOWN_CHAIN', reason: `chain ${before.chainId} is not a member of the cluster` })
  if (held.policyHash !== before.policyHash) return ofNobody({ code: 'WRONG_POLICY', reason: `the policy of chain ${before.chainId} is another one` })
  const stale = staleRefusal(certificate, held)
  if (stale) return ofNobody(stale)

  const signed = statement(domain, certificate)
  const known = candidates.get(before.chainId, signed)
  if (known && !(suspect(known.certificate) && encodeJson(known.certificate) !== encodeJson(certificate))) return { accepted: true, new: false, certificate, statement: signed }
  const validation = validate(certificate, find)
  if (!validation.ok && validation.verdict === 'invalid') return validation.copy ? ofNobody(validation) : { accepted: false, certificate, statement: signed, ...validation }
  if (!(await candidates.add({ certificate, statement: signed, receivedAt: known?.receivedAt ?? now })))
    return { accepted: false, certificate, statement: signed, verdict: 'waiting', code: 'TOO_MANY', reason: 'the chain has too many certificates waiting' }
  return { accepted: true, new: true, certificate, statement: signed }
}
