import type { Certificate } from '@causeway/core'
import type { Refusal } from './judge.js'

/**
 * Whom a hopeless failure may be due to. The twin accepts every certificate that gets this far, so one that the circuit or
 * L1 refuses shows a fault of ours; it must not stop the others all the same.
 */
export type Blame = {
  /** An epoch of these was refused for good. Alone, a certificate is the cause if the proof could not be made. */
  note(certificates: readonly Certificate[], code: string): void
  /** Least suspect first; otherwise the order stays. */
  order<T extends { certificate: Certificate }>(candidates: readonly T[]): T[]
  /** Why a certificate is not tried again. */
  refusal(certificate: Certificate): Refusal | undefined
}

/** Kept in memory: after a restart everybody gets another chance. */
export function createBlame(): Blame {
  const counts = new WeakMap<Certificate, number>()
  const guilty = new WeakMap<Certificate, Refusal>()
  return {
    note(certificates, code) {
      for (const certificate of certificates) counts.set(certificate, (counts.get(certificate) ?? 0) + 1)
      const [only, ...others] = certificates
      if (only && others.length === 0 && (code === 'UNSATISFIED' || code.startsWith('RULE_')))
        guilty.set(only, { verdict: 'invalid', code, reason: 'the prover refuses an epoch of this certificate alone' })
    },
    order: (candidates) => [...candidates].sort((a, b) => (counts.get(a.certificate) ?? 0) - (counts.get(b.certificate) ?? 0)),
    refusal: (certificate) => guilty.get(certificate),
  }
}
