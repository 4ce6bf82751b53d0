import { errorCode } from '@causeway/core'
import type { Hex } from 'viem'

/** What the pool tells a worker process. */
export type ToWorker = { type: 'job'; id: Hex; kind: string; input: Uint8Array }
/** What a worker process tells the pool. */
export type FromWorker =
  | { type: 'ready' }
  | { type: 'done'; id: Hex; output: Uint8Array }
  | { type: 'failed'; id: Hex; error: string; code: string; retry: boolean }

/** Set by the pool for workers that lead a process group of their own. */
export const GROUP_LEADER = 'CAUSEWAY_WORKER_GROUP'

/** Does one job. An error with a code of `final` means that no retry will help. */
export type JobHandler = (input: Uint8Array, kind: string) => Promise<Uint8Array>

/**
 * Main function of a worker process that `spawnWorkers` starts: does the jobs that come over IPC, one at a time, and ends
 * with its parent, taking along what it started itself.
 * @param options.final error codes for which a retry is pointless, e.g. a witness that the twin rejects
 */
export function serveJobs(handle: JobHandler, { final = [] }: { final?: readonly string[] } = {}): void {
  const send = (message: FromWorker) => void process.send?.(message)
  let busy: Promise<void> = Promise.resolve()
  process.on('disconnect', exitWithChildren)
  process.on('message', ({ id, kind, input }: ToWorker) => {
    busy = busy.then(async () => {
      try {
        send({ type: 'done', id, output: await handle(input, kind) })
      } catch (error) {
        const code = errorCode(error) ?? ''
        send({ type: 'failed', id, error: error instanceof Error ? error.message : String(error), code, retry: !(final.includes(code) || code.startsWith('RULE_')) })
      }
    })
  })
  if (!process.connected) exitWithChildren()
  send({ type: 'ready' })
}

/** A native prover that a worker started does not notice the worker's death; the group's signal reaches it. */
function exitWithChildren(): void {
  if (process.env[GROUP_LEADER] === '1' && process.platform !== 'win32') process.kill(-process.pid, 'SIGKILL')
  process.exit(1)
}
