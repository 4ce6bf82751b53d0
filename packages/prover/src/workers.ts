import { CausewayError, errorCode, type Clock, type Log } from '@causeway/core'
import type { Broker, ClaimedJob } from './broker.js'
import type { WorkerCommand } from './command.js'
import type { JobRow } from './job.js'
import { createWorkerProcess, type WorkerProcess } from './worker-process.js'

/** What {@link spawnWorkers} needs. */
export type WorkersParameters = {
  broker: Broker
  clock: Clock
  log: Log
  /** Kinds of jobs that the command can do. */
  kinds: readonly string[]
  /** Worker processes; each does one job at a time. */
  count: number
  command: WorkerCommand
  /** ms of real time after which a job's worker is killed and the job queued again. */
  timeoutMs: number
  /** 0 to 19 (default 10): how far workers step back, so that the sequencer keeps its block time. */
  niceness?: number
  /** Length (ms) of a lease; it is renewed as long as the worker lives. Default 30,000. */
  leaseMs?: number
}

/** A pool of worker processes. */
export type Workers = {
  /** Process ids of the workers that run now. */
  pids(): number[]
  /** Kills the workers; their jobs go back to the queue. Resolves when they are gone. */
  stop(): Promise<void>
}

/**
 * Worker processes that take jobs from a broker. A worker that dies, hangs or is killed costs time and nothing else.
 * The pool renews the leases, not the workers: a prover's thread is busy for seconds on end.
 */
export function spawnWorkers({ broker, clock, log, kinds, count, command, timeoutMs, niceness = 10, leaseMs = 30_000 }: WorkersParameters): Workers {
  const stopping = new AbortController()
  const workers = Array.from({ length: count }, () => createWorkerProcess({ command, timeoutMs, niceness, log }))

  const loops = workers.map(async (worker) => {
    while (!stopping.signal.aborted) {
      try {
        const job = await broker.claim(kinds, leaseMs)
        if (job) await doJob(worker, job)
        else await jobQueued(broker, clock, kinds, leaseMs, stopping.signal)
      } catch (error) {
        log.error('the proof broker does not answer', { error: String(error) })
        await clock.sleep(1000, stopping.signal)
      }
    }
  })

  async function doJob(worker: WorkerProcess, job: ClaimedJob): Promise<void> {
    const { id, lease } = job
    const unwanted = new AbortController()
    const renewal = setInterval(() => {
      broker.heartbeat(id, lease, leaseMs).then(
        (mine) => mine || unwanted.abort(new Error('the job is no longer wanted')),
        (error: unknown) => log.warn('no heartbeat', { id, error: String(error) }),
      )
    }, leaseMs / 3)
    // A cancelled job is noticed at once, not at the next heartbeat: the processor is needed for what replaced it.
    const unsubscribe = broker.subscribe((changed, row) => {
      if (changed === id && (!row || row.lease !== lease || row.state === 'done')) unwanted.abort(new Error('the job is no longer wanted'))
    })
    try {
      await broker.complete(id, await worker.run(job, AbortSignal.any([stopping.signal, unwanted.signal])))
    } catch (error) {
      if (stopping.signal.aborted) await broker.release(id, lease)
      else if (unwanted.signal.aborted) log.info('proof job dropped', { id })
      else {
        const { text, retry, code } = whyOf(error)
        await broker.fail(id, text, { retry, lease, code })
      }
    } finally {
      clearInterval(renewal)
      unsubscribe()
    }
  }

  return {
    pids: () => workers.flatMap(({ pid }) => (pid === undefined ? [] : [pid])),
    async stop() {
      stopping.abort(new Error('the worker pool stops'))
      await Promise.all(loops)
      await Promise.all(workers.map((worker) => worker.kill()))
    },
  }
}

/** Resolves when a job may be waiting: one was queued, or a lease may have run out. */
async function jobQueued(broker: Broker, clock: Clock, kinds: readonly string[], leaseMs: number, signal: AbortSignal): Promise<void> {
  const wake = new AbortController()
  const isMine = (row: Readonly<JobRow> | undefined) => row?.state === 'queued' && kinds.includes(row.kind)
  const unsubscribe = broker.subscribe((_, row) => {
    if (isMine(row)) wake.abort()
  })
  // Between the claim that found nothing and the subscription a job may have come.
  if (broker.list().some(isMine)) wake.abort()
  await clock.sleep(leaseMs, AbortSignal.any([signal, wake.signal]))
  unsubscribe()
}

/** What a failed attempt means for its job. A worker's own words count, not how they came here. */
function whyOf(error: unknown): { text: string; retry: boolean; code: string } {
  const code = errorCode(error) ?? ''
  const reported = code === 'JOB_FAILED' || code === 'JOB_ATTEMPT_FAILED'
  const text = error instanceof CausewayError ? error.shortMessage : String(error)
  return { text, retry: code !== 'JOB_FAILED', code: reported && typeof (error as Error).cause === 'string' ? ((error as Error).cause as string) : code }
}
