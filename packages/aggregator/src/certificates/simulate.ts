import type { Certificate } from '@causeway/core'
import { applyQueue } from '../epoch/apply-queue.js'
import { fitTogether, placeAll, type ComposeParameters } from '../epoch/compose.js'
import { closureOf } from '../epoch/dependencies.js'
import { slotOf, type Registry } from '../registry/registry.js'
import type { Refusal } from './validation.js'

/** What the twin says of a certificate now. `needs`: chains whose certificates must be in the same epoch. */
export type Simulation = { verdict: 'valid'; needs: readonly bigint[] } | Refusal

/**
 * The twin's verdict on a certificate against a registry, with the code of the rule that it breaks. Other candidates count
 * as sources of its imports. Says nothing of what only L1 knows (its inbox, its batches, its last moment).
 */
export function simulateCertificate(
  registry: Registry,
  certificate: Certificate,
  parameters: Omit<ComposeParameters, 'registry' | 'candidates' | 'beneficiary' | 'places'> & { candidates?: readonly Certificate[] },
): Simulation {
  const { candidates = [], ...rest } = parameters
  const others = candidates.filter(({ before }) => before.chainId !== certificate.before.chainId)
  const context = { ...rest, registry, candidates: [certificate, ...others] }
  const base = applyQueue(context)
  const { placed: pool, refused } = placeAll(context, base)
  const { needs, unmet } = fitTogether(pool, base)
  const found = [...refused, ...unmet].find((item) => item.certificate === certificate)
  if (found) return { verdict: found.verdict, code: found.code, reason: found.reason }
  const slot = slotOf(base, certificate.before.chainId) as bigint
  return { verdict: 'valid', needs: [...closureOf(slot, needs)].flatMap((needed) => (needed === slot ? [] : [base.headers.get(needed)?.chainId ?? 0n])) }
}
