import {
  applyCertificate,
  applyEpoch,
  headerHash,
  MAX_CLOCK_DRIFT,
  type Certificate,
  type ChainHeader,
  type ClusterDomain,
  type EpochResult,
  type EpochWitness,
  type QueueEntry,
} from '@causeway/core'
import type { Address } from 'viem'
import { cachedValidation, faultOf, staleRefusal, type FindSlot, type Refusal, type Validation } from '../certificates/validation.js'
import { slotOf, type Registry } from '../registry/registry.js'
import { applyQueue, type Base } from './apply-queue.js'
import { dependenciesOf, selectClosed, type Placed } from './dependencies.js'
import { assembleEpoch } from './witness.js'

/** A certificate that is not in the epoch, and why. */
export type Dropped = { certificate: Certificate } & Refusal

/** An epoch ready to be proven. */
export type ComposedEpoch = {
  witness: EpochWitness
  result: EpochResult
  certificates: readonly Certificate[]
  /** Queue entries applied once the epoch settles. */
  queueCursor: bigint
}

/** What an epoch is composed from. */
export type ComposeParameters = {
  registry: Registry
  domain: ClusterDomain
  /** T: L1 time, ms. */
  time: bigint
  beneficiary: Address
  /** Queue entries after `registry.queueApplied`; as many as the circuit takes are applied. */
  queue: readonly QueueEntry[]
  /** In order of preference. At most one of a chain gets in. */
  candidates: readonly Certificate[]
  /** Certificate places of the circuit. */
  places: number
  /** Checks single certificates; give the same one each time, so that none is checked twice. */
  validate?: (certificate: Certificate, slotOf: FindSlot) => Validation
}

/**
 * Composes an epoch: keeps the certificates that the twin accepts under the new root, and drops the others together with
 * whatever depends on them. Chains that do not depend on a dropped one are not touched. Whoever is bad alone goes first,
 * so that nobody is blamed for another's fault.
 */
export function composeEpoch(parameters: ComposeParameters): { epoch: ComposedEpoch | null; dropped: Dropped[] } {
  const { places, registry } = parameters
  const base = applyQueue(parameters)
  const { placed: open, refused } = placeAll(parameters, base)
  const dropped: Dropped[] = [...refused]
  for (let pool = open; ; ) {
    const { placed, needs, unmet } = fitTogether(pool, base)
    dropped.push(...unmet)
    if (placed.size === 0) return { epoch: null, dropped }
    const { chosen, left } = selectClosed([...placed.keys()], needs, places)
    const members = [...chosen].sort((a, b) => (a < b ? -1 : 1)).map((slot) => placed.get(slot) as Placed)
    const witness = members.length > 0 ? assembleEpoch(parameters, base, members) : null
    const result = witness && tryEpoch(witness)
    const gone = new Set(unmet.map(({ certificate }) => certificate))
    pool = pool.filter(({ certificate }) => !gone.has(certificate))
    if (result instanceof Map) {
      for (const [slot, refusal] of result) dropped.push({ certificate: (placed.get(slot) as Placed).certificate, ...refusal })
      pool = pool.filter((item) => !(placed.get(item.slot) === item && result.has(item.slot)))
      continue
    }
    for (const item of pool) {
      const refusal = placed.get(item.slot) === item ? left.get(item.slot) : SECOND
      if (refusal) dropped.push({ certificate: item.certificate, ...refusal })
    }
    if (!witness || !result) return { epoch: null, dropped }
    const queueCursor = registry.queueApplied + BigInt(base.queue.length)
    return { epoch: { witness, result, certificates: members.map(({ certificate }) => certificate), queueCursor }, dropped }
  }
}

/** The candidates that are sound by themselves and stand on the settled header of their chain; and the others. */
export function placeAll(parameters: Omit<ComposeParameters, 'beneficiary' | 'places'>, base: Base): { placed: Placed[]; refused: Dropped[] } {
  const validate = parameters.validate ?? cachedValidation(parameters.domain)
  const refused: Dropped[] = []
  const placed = parameters.candidates.flatMap((certificate): Placed[] => {
    const found = placeCertificate(certificate, base, parameters, validate)
    if ('slot' in found) return [found]
    refused.push({ certificate, ...found })
    return []
  })
  return { placed, refused }
}

/** One certificate a chain, the first that has all that it imports among the others or settled; and those that have not. */
export function fitTogether(pool: readonly Placed[], base: Base): { placed: Map<bigint, Placed>; needs: Map<bigint, Set<bigint>>; unmet: Dropped[] } {
  const dropped: Dropped[] = []
  for (let open = pool; ; ) {
    const placed = new Map<bigint, Placed>()
    for (const item of open) if (!placed.has(item.slot)) placed.set(item.slot, item)
    const { needs, unmet } = dependenciesOf(placed, base)
    if (unmet.size === 0) return { placed, needs, unmet: dropped }
    // One round at a time: who leaves may take others along, or make room for another certificate of its chain.
    for (const [slot, refusal] of unmet) dropped.push({ certificate: (placed.get(slot) as Placed).certificate, ...refusal })
    open = open.filter((item) => !(unmet.has(item.slot) && placed.get(item.slot) === item))
  }
}

const SECOND: Refusal = { verdict: 'waiting', code: 'SECOND_CERTIFICATE', reason: 'its chain has another certificate in this epoch' }

/** Whether a certificate is sound by itself and stands on the settled header of its chain. */
function placeCertificate(certificate: Certificate, base: Base, { time, queue }: Pick<ComposeParameters, 'time' | 'queue'>, validate: NonNullable<ComposeParameters['validate']>): Placed | Refusal {
  const { before, after } = certificate
  const slot = slotOf(base, before.chainId)
  if (slot === undefined)
    return queue.some(({ chainId }) => chainId === before.chainId)
      ? { verdict: 'waiting', code: 'NOT_REGISTERED_YET', reason: `the registration of chain ${before.chainId} has not settled` }
      : { verdict: 'invalid', code: 'UNKNOWN_CHAIN', reason: `chain ${before.chainId} is not a member of the cluster` }
  const held = base.headers.get(slot) as ChainHeader
  const stale = staleRefusal(certificate, held)
  if (stale) return stale
  const validation = validate(certificate, (chainId) => slotOf(base, chainId))
  if (!validation.ok) return validation
  if (held.height < before.height) return { verdict: 'waiting', code: 'EARLY_CERTIFICATE', reason: `height ${before.height} of chain ${before.chainId} has not settled` }
  if (headerHash(held) !== headerHash(before)) return { verdict: 'invalid', code: 'NOT_ON_HEADER', reason: 'it does not start at the settled header of its chain' }
  if (after.timestamp > time + MAX_CLOCK_DRIFT)
    return { verdict: 'waiting', code: 'RULE_R3', reason: `the chain's clock is ${after.timestamp - time} ms ahead of L1; it fits once L1 has caught up to ${MAX_CLOCK_DRIFT} ms` }
  return { slot, certificate, leaves: validation.leaves }
}

/** What the epoch proves, or the certificates that the twin refuses in their place. */
function tryEpoch(witness: EpochWitness): EpochResult | Map<bigint, Refusal> {
  try {
    return applyEpoch(witness)
  } catch (error) {
    const faults = new Map<bigint, Refusal>()
    for (const item of witness.certificates) {
      try {
        applyCertificate(item, witness)
      } catch (fault) {
        faults.set(item.slot, { verdict: 'invalid', ...faultOf(fault) })
      }
    }
    // Each stands alone and the whole does not: then the composer is wrong, and hiding it would be worse than stopping.
    if (faults.size === 0) throw error
    return faults
  }
}
