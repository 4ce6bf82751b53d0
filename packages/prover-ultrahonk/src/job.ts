import { decodeJson, encodeJson, CausewayError, type EpochProof, type EpochWitness } from '@causeway/core'
import type { ProverOptions } from './prove.js'

/** What a worker is asked to do. */
export type ProofJob = { witness: EpochWitness; options?: ProverOptions }

/** A job as text, for a file or a store. */
export function encodeJob(job: ProofJob): string {
  return encodeJson(job)
}

/**
 * Reads {@link encodeJob}'s form. Only the outline is checked here: the twin judges the epoch before it is proven.
 * @throws `BAD_JSON`, `BAD_JOB`
 */
export function decodeJob(text: string): ProofJob {
  const job = decodeJson(text)
  if (typeof job !== 'object' || job === null || !('witness' in job) || typeof job.witness !== 'object' || job.witness === null || !('certificates' in job.witness))
    throw new CausewayError('This is not a proof job.', { code: 'BAD_JOB' })
  return job as ProofJob
}

/** A worker's answer as text. */
export function encodeProof(proof: EpochProof): string {
  return encodeJson(proof)
}

/** Reads a worker's answer. @throws `BAD_JSON`, `BAD_PROOF` */
export function decodeProof(text: string): EpochProof {
  const value = decodeJson(text)
  const isHex = (item: unknown) => typeof item === 'string' && /^0x[0-9a-f]*$/.test(item)
  if (typeof value !== 'object' || value === null || !('proof' in value) || !('publicInputs' in value) || !isHex(value.proof) || !Array.isArray(value.publicInputs) || !value.publicInputs.every(isHex))
    throw new CausewayError('This is not a proof.', { code: 'BAD_PROOF' })
  return value as EpochProof
}
