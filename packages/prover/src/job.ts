import { CausewayError, decodeJson, encodeJson } from '@causeway/core'
import { concatBytes, sha256, stringToBytes, type Hex } from 'viem'

/** `queued`: waits for a worker (or its lease ran out); `leased`: a worker has it; `done`: its output is stored; `failed`: until it is submitted again. */
export type JobState = 'queued' | 'leased' | 'done' | 'failed'

/** What the broker stores of a job beside its input and output, which have rows of their own. */
export type JobRow = {
  id: Hex
  /** Which prover can do it. */
  kind: string
  state: JobState
  /** Order of submission: the oldest is claimed first. */
  sequence: bigint
  /** Times it was claimed since it was last submitted afresh. */
  attempts: number
  /** Number of the lease that holds it; grows with each claim. */
  lease: bigint
  /** ms; the lease is over from then on. */
  leaseUntil: bigint
  /** ms of the last change of state. */
  since: bigint
  error?: string
  /** Code of the error, if it had one. */
  code?: string
}

/** Name of a job: SHA-256 of its kind and input. The same work is the same job, whoever asks for it and however often. */
export function jobId(kind: string, input: Uint8Array): Hex {
  return sha256(concatBytes([stringToBytes(kind), Uint8Array.of(0), input]))
}

/** Rows of jobs in the store. */
export const JOB_ROWS = { start: 'prover/job/', end: 'prover/job0' }
export const rowKey = (id: Hex): string => `${JOB_ROWS.start}${id}`
export const inputKey = (id: Hex): string => `prover/input/${id}`
export const outputKey = (id: Hex): string => `prover/output/${id}`

/** A row as bytes. */
export function encodeRow(row: JobRow): Uint8Array {
  return stringToBytes(encodeJson(row))
}

/** Reads {@link encodeRow}'s form. @throws `CORRUPT_STORE` */
export function decodeRow(bytes: Uint8Array): JobRow {
  const row = decodeJson(new TextDecoder().decode(bytes)) as Partial<JobRow> | null
  if (typeof row?.id !== 'string' || typeof row.kind !== 'string' || typeof row.sequence !== 'bigint' || typeof row.lease !== 'bigint' || typeof row.state !== 'string')
    throw new CausewayError('A row of the proof broker is damaged.', { code: 'CORRUPT_STORE', fix: 'delete the rows under prover/; unfinished proofs are asked for again' })
  return row as JobRow
}
