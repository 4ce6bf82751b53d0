import type { Certificate } from '@causeway/core'
import type { Refusal } from './validation.js'

/**
 * Whom a hopeless failure may be due to. The twin accepts every certificate that gets this far, so one that the circuit or
 * L1 refuses shows a fault of ours; it must not stop the others all the same.
 */
export type FailureRecord = {
  /** An epoch of these was refused for good. Alone, a certificate is the cause if the proof could not be made. */
  note(certificates: readonly Certificate[], code: string, epoch: bigint): void
  /** Refused epochs that a certificate was in, and the number of the last one (0: none). */
  of(certificate: Certificate): { failures: number; failedIn: bigint }
  /** Why a certificate is not tried again. */
  refusal(certificate: Certificate): Refusal | undefined
}

const INNOCENT = { failures: 0, failedIn: 0n }

/** Kept in memory: after a restart everybody gets another chance. */
export function createFailureRecord(): FailureRecord {
  const records = new WeakMap<Certificate, { failures: number; failedIn: bigint }>()
  const guilty = new WeakMap<Certificate, Refusal>()
  const of = (certificate: Certificate) => records.get(certificate) ?? INNOCENT
  return {
    note(certificates, code, epoch) {
      for (const certificate of certificates) records.set(certificate, { failures: of(certificate).failures + 1, failedIn: epoch })
      const [only, ...others] = certificates
      if (only && others.length === 0 && (code === 'UNSATISFIED' || code.startsWith('RULE_')))
        guilty.set(only, { verdict: 'invalid', code, reason: 'the prover refuses an epoch of this certificate alone' })
    },
    of,
    refusal: (certificate) => guilty.get(certificate),
  }
}
