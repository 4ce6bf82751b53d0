import { CausewayError, createSerial, type Clock, type Log, type Store } from '@causeway/core'
import type { Hex } from 'viem'
import { decodeRow, encodeRow, inputKey, JOB_ROWS, jobId, outputKey, rowKey, type JobRow } from './job.js'

/** What {@link createBroker} needs. */
export type BrokerParameters = {
  store: Store
  clock: Clock
  log: Log
  /** Claims after which a job that no worker finished is failed; submitting it again starts over. Default 5. */
  maxAttempts?: number
  /** How long (ms) finished jobs are kept. Default one day. */
  keepMs?: number
}

/** A job in a worker's hands. */
export type ClaimedJob = { id: Hex; kind: string; input: Uint8Array; lease: bigint }

/** Hands proof jobs to workers, and keeps them through crashes of either. */
export type Broker = {
  /** Asks for work and names it. Work that is known is not asked for twice; a failed job is queued again. */
  submit(job: { kind: string; input: Uint8Array }): Promise<Hex>
  /** Takes the oldest waiting job of one of the kinds for `leaseMs`, or null. */
  claim(kinds: readonly string[], leaseMs: number): Promise<ClaimedJob | null>
  /** Extends a lease. False when the job is no longer the caller's (lease lost, done, or cancelled): stop working on it. */
  heartbeat(id: Hex, lease: bigint, leaseMs: number): Promise<boolean>
  /** Hands in a result, in time or late: a correct proof is one whoever made it. False if nobody wants it any more. */
  complete(id: Hex, output: Uint8Array): Promise<boolean>
  /** Reports a failure. Ignored when `lease` is given and is not the current one. With `retry` the job goes back to the queue. */
  fail(id: Hex, error: string, options: { retry: boolean; lease?: bigint; code?: string }): Promise<void>
  /** Gives a job back untouched: the worker is shutting down. */
  release(id: Hex, lease: bigint): Promise<void>
  /** Forgets a job, whatever its state. A worker that has it learns so by its next heartbeat. */
  cancel(id: Hex): Promise<void>
  /** The output, or null while there is none. */
  result(id: Hex): Uint8Array | null
  /** Resolves with the output. @throws `PROOF_FAILED` with the worker's error as its cause, `JOB_UNKNOWN`, or the signal's reason */
  wait(id: Hex, signal?: AbortSignal): Promise<Uint8Array>
  /** All jobs, oldest first. */
  list(): readonly Readonly<JobRow>[]
  /** Called after every change of a job's state; the row is undefined when it was cancelled. */
  subscribe(listener: (id: Hex, row: Readonly<JobRow> | undefined) => void): () => void
}

/**
 * The proof-job broker, after Aztec's: jobs are named by their content, every change is one atomic write, a job is leased and
 * not given, and nothing is remembered as failed for good. A new broker over an old store goes on where that one ended:
 * its leases are void at once, since workers hold them from a broker and not from the store.
 */
export function createBroker({ store, clock, log, maxAttempts = 5, keepMs = 86_400_000 }: BrokerParameters): Broker {
  const jobs = new Map<Hex, JobRow>()
  for (const { value } of store.range(JOB_ROWS)) {
    const row = decodeRow(value)
    jobs.set(row.id, row.state === 'leased' ? { ...row, state: 'queued' } : row)
  }
  let sequence = [...jobs.values()].reduce((last, row) => (row.sequence > last ? row.sequence : last), 0n)
  const listeners = new Set<(id: Hex, row: Readonly<JobRow> | undefined) => void>()
  const exclusive = createSerial()

  const notify = (id: Hex) => {
    for (const listener of listeners) listener(id, jobs.get(id))
  }
  /** Disk first, then memory: what a caller was told survives. */
  const save = async (row: JobRow, blobs: { key: string; value: Uint8Array | null }[] = []) => {
    await store.write([{ key: rowKey(row.id), value: encodeRow(row) }, ...blobs])
    jobs.set(row.id, row)
    notify(row.id)
  }
  const drop = async (ids: readonly Hex[]) => {
    if (ids.length === 0) return
    await store.write(ids.flatMap((id) => [rowKey(id), inputKey(id), outputKey(id)].map((key) => ({ key, value: null }))))
    for (const id of ids) {
      jobs.delete(id)
      notify(id)
    }
  }
  const list = () => [...jobs.values()].sort((a, b) => (a.sequence < b.sequence ? -1 : 1))
  const isFree = ({ state, leaseUntil }: JobRow, now: bigint) => state === 'queued' || (state === 'leased' && leaseUntil <= now)
  const isHeldBy = (row: JobRow | undefined, lease: bigint): row is JobRow => row?.state === 'leased' && row.lease === lease
  const prune = () => {
    const now = clock.now()
    return drop(list().flatMap(({ id, state, since }) => ((state === 'done' || state === 'failed') && since + BigInt(keepMs) < now ? [id] : [])))
  }

  return {
    submit: ({ kind, input }) =>
      exclusive(async () => {
        await prune()
        const id = jobId(kind, input)
        const held = jobs.get(id)
        if (held && held.state !== 'failed') return id
        const row: JobRow = { id, kind, state: 'queued', sequence: ++sequence, attempts: 0, lease: held?.lease ?? 0n, leaseUntil: 0n, since: clock.now() }
        await save(row, [{ key: inputKey(id), value: input }])
        return id
      }),

    claim: (kinds, leaseMs) =>
      exclusive(async () => {
        const now = clock.now()
        for (const row of list()) {
          if (!kinds.includes(row.kind) || !isFree(row, now)) continue
          const input = store.get(inputKey(row.id))
          if (row.attempts >= maxAttempts || !input) {
            const error = input ? `no worker finished it in ${row.attempts} attempts${row.error ? `; the last one: ${row.error}` : ''}` : 'its input is gone from the store'
            log.error('proof job failed', { id: row.id, kind: row.kind, error })
            await save({ ...row, state: 'failed', since: now, error })
            continue
          }
          const leased: JobRow = { ...row, state: 'leased', attempts: row.attempts + 1, lease: row.lease + 1n, leaseUntil: now + BigInt(leaseMs), since: now }
          await save(leased)
          return { id: row.id, kind: row.kind, input, lease: leased.lease }
        }
        return null
      }),

    heartbeat: (id, lease, leaseMs) =>
      exclusive(async () => {
        const row = jobs.get(id)
        if (!isHeldBy(row, lease)) return false
        // In memory only: a lease does not outlive the broker, so its end need not be on disk.
        jobs.set(id, { ...row, leaseUntil: clock.now() + BigInt(leaseMs) })
        return true
      }),

    complete: (id, output) =>
      exclusive(async () => {
        const row = jobs.get(id)
        if (!row) return false
        if (row.state === 'done') return true
        const { error: _error, code: _code, ...rest } = row
        await save({ ...rest, state: 'done', since: clock.now() }, [
          { key: outputKey(id), value: output },
          { key: inputKey(id), value: null },
        ])
        return true
      }),

    fail: (id, error, { retry, lease, code }) =>
      exclusive(async () => {
        const row = jobs.get(id)
        if (!row || row.state === 'done' || row.state === 'failed' || (lease !== undefined && !isHeldBy(row, lease))) return
        log.warn('proof attempt failed', { id, kind: row.kind, attempt: row.attempts, error, retry })
        await save({ ...row, state: retry ? 'queued' : 'failed', since: clock.now(), error, ...(code ? { code } : {}) })
      }),

    release: (id, lease) =>
      exclusive(async () => {
        const row = jobs.get(id)
        if (isHeldBy(row, lease)) await save({ ...row, state: 'queued', attempts: row.attempts - 1, since: clock.now() })
      }),

    cancel: (id) => exclusive(() => drop(jobs.has(id) ? [id] : [])),

    result: (id) => (jobs.get(id)?.state === 'done' ? (store.get(outputKey(id)) ?? null) : null),

    wait(id, signal) {
      return new Promise((resolve, reject) => {
        const settle = (act: () => void) => {
          listeners.delete(look)
          signal?.removeEventListener('abort', abort)
          act()
        }
        const abort = () => settle(() => reject(signal?.reason))
        const look = (changed: Hex) => {
          if (changed !== id) return
          const row = jobs.get(id)
          if (!row) return settle(() => reject(new CausewayError(`Proof job ${id} is not known.`, { code: 'JOB_UNKNOWN', fix: 'submit it again' })))
          if (row.state === 'failed') return settle(() => reject(failure(row)))
          const output = row.state === 'done' ? store.get(outputKey(id)) : undefined
          if (output) settle(() => resolve(output))
        }
        if (signal?.aborted) return reject(signal.reason)
        signal?.addEventListener('abort', abort, { once: true })
        listeners.add(look)
        look(id)
      })
    },

    list,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function failure({ id, error = 'no reason given', code = 'JOB_FAILED' }: JobRow): CausewayError {
  const cause = new CausewayError(error, { code })
  return new CausewayError(`Proof job ${id} failed: ${error}.`, { code: 'PROOF_FAILED', fix: 'submit it again to retry', cause })
}
