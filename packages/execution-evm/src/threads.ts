import { CausewayError } from '@causeway/core'
import { Worker } from 'node:worker_threads'
import { timedOut, type SimulationLimits } from './limits.js'

/** Threads that do what one after the other asks for. */
export type Threads = {
  /** Has a thread do something. @throws what the thread reports, `SIMULATION_TIMEOUT`, `SIMULATION_FAILED` */
  run(method: string, args: readonly unknown[]): Promise<unknown>
  /** Starts one, so that the first who asks does not wait for it. */
  warm(): void
  /** Ends them all; whoever waits is told so. Later requests start new ones. */
  dispose(): Promise<void>
}

/** What a thread is told, once it has said that it is `ready`. */
export type ToThread = { method: string; args: readonly unknown[] }
/** What it answers; the next request is sent only then. */
export type FromThread = 'ready' | { result: unknown } | { error: ThreadError }
/** An error on its way between threads. */
export type ThreadError = { message: string; code?: string; fix?: string; stack?: string | undefined }

type Job = ToThread & { resolve(value: unknown): void; reject(error: Error): void }
type Thread = { worker: Worker; isReady: boolean; job: Job | undefined; watchdog: NodeJS.Timeout }

/** ms that a thread may take to start. */
const START_MS = 60_000

/**
 * A pool of threads with a queue. Who overruns his time costs the thread its life: only so can a loop be ended that never looks up. Those who
 * wait are served by the next one. Threads start when they are needed, stay, and keep no process alive while nobody waits for them.
 * @param entry the program without its extension, beside this file
 */
export function createThreads({ entry, data, limits }: { entry: string; data: unknown; limits: SimulationLimits }): Threads {
  const threads = new Set<Thread>()
  const waiting: Job[] = []

  function start(): void {
    const worker = new Worker(...program(entry, data, limits))
    const thread: Thread = { worker, isReady: false, job: undefined, watchdog: setTimeout(() => lose(thread, failed('its thread did not start')), START_MS) }
    thread.watchdog.unref()
    threads.add(thread)
    worker.on('message', (message: FromThread) => {
      if (!threads.has(thread)) return
      clearTimeout(thread.watchdog)
      thread.isReady = true
      const { job } = thread
      thread.job = undefined
      if (message !== 'ready') {
        if ('error' in message) job?.reject(revived(message.error))
        else job?.resolve(message.result)
      }
      assign()
    })
    worker.on('error', (cause: NodeJS.ErrnoException) =>
      lose(thread, cause.code === 'ERR_WORKER_OUT_OF_MEMORY' ? new CausewayError(`execution aborted (memory = ${limits.threadMb} MB)`, { code: 'SIMULATION_TIMEOUT' }) : failed('its thread failed', cause)),
    )
    worker.on('exit', (code) => lose(thread, failed(`its thread ended with code ${code}`)))
  }

  /** Gives a thread up, and who waits for it an error; a thread that never started takes the first in the queue with it, so that the queue ends. */
  function lose(thread: Thread, error: Error): void {
    if (!threads.delete(thread)) return
    clearTimeout(thread.watchdog)
    void thread.worker.terminate()
    const job = thread.isReady ? thread.job : waiting.shift()
    job?.reject(error)
    assign()
  }

  function give(thread: Thread, job: Job): void {
    thread.job = job
    // Its answer may be there already, behind a main thread that was busy: it is looked at before the thread is given up.
    thread.watchdog = setTimeout(() => setImmediate(() => thread.job === job && lose(thread, timedOut(limits))), limits.ms)
    thread.worker.postMessage({ method: job.method, args: job.args } satisfies ToThread)
  }

  function assign(): void {
    for (const thread of threads) {
      const job = thread.isReady && !thread.job ? waiting.shift() : undefined
      if (job) give(thread, job)
    }
    const starting = [...threads].filter(({ isReady }) => !isReady).length
    for (let missing = Math.min(waiting.length - starting, limits.threads - threads.size); missing > 0; missing--) start()
    for (const { worker, job } of threads) {
      if (job || waiting.length > 0) worker.ref()
      else worker.unref()
    }
  }

  return {
    run: (method, args) =>
      new Promise((resolve, reject) => {
        waiting.push({ method, args, resolve, reject })
        assign()
      }),
    warm() {
      if (threads.size === 0) start()
      assign()
    },
    async dispose() {
      const ended = [...threads]
      threads.clear()
      const jobs = [...waiting.splice(0), ...ended.flatMap(({ job }) => job ?? [])]
      for (const { watchdog } of ended) clearTimeout(watchdog)
      for (const job of jobs) job.reject(failed('the node stops'))
      await Promise.all(ended.map(({ worker }) => worker.terminate()))
    },
  }
}

function failed(why: string, cause?: unknown): CausewayError {
  return new CausewayError(`The simulation failed: ${why}.`, { code: 'SIMULATION_FAILED', fix: 'try again', ...(cause !== undefined && { cause }) })
}

function revived({ message, code, fix, stack }: ThreadError): Error {
  if (code !== undefined) return new CausewayError(message, { code, ...(fix !== undefined && { fix }) })
  return Object.assign(new Error(message), { stack })
}

/** A module of this package as a thread: as it is when it was built, and through tsx with the `source` condition when it runs from source. */
function program(entry: string, data: unknown, { threadMb }: SimulationLimits): ConstructorParameters<typeof Worker> {
  const resourceLimits = { maxOldGenerationSizeMb: threadMb, maxYoungGenerationSizeMb: 16 }
  if (!new URL(import.meta.url).pathname.endsWith('.ts')) return [new URL(`./${entry}.js`, import.meta.url), { workerData: data, execArgv: [], resourceLimits }]
  return [new URL('./from-source.mjs', import.meta.url), { argv: [new URL(`./${entry}.ts`, import.meta.url).href], workerData: data, execArgv: ['--conditions=source'], resourceLimits }]
}
