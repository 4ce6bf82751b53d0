import { fork, type ChildProcess } from 'node:child_process'
import { setPriority } from 'node:os'
import { CausewayError, type Log } from '@causeway/core'
import type { ClaimedJob } from './broker.js'
import type { WorkerCommand } from './command.js'
import { GROUP_LEADER, type FromWorker } from './worker.js'

/** A worker process, started when it first gets a job and again after each death. */
export type WorkerProcess = {
  /** Process id, while it runs. */
  readonly pid: number | undefined
  /** @throws `WORKER_DIED`, `JOB_TIMEOUT`, or `JOB_FAILED` (no retry) and `JOB_ATTEMPT_FAILED` (retry) as the worker reports; their cause is the code */
  run(job: ClaimedJob, signal: AbortSignal): Promise<Uint8Array>
  /** Kills it and what it started; resolves when it is gone. */
  kill(): Promise<void>
}

const groups = process.platform !== 'win32'

/** @param niceness 0 to 19: how far it steps back for other processes, the sequencer's above all */
export function createWorkerProcess({ command, timeoutMs, niceness, log }: { command: WorkerCommand; timeoutMs: number; niceness: number; log: Log }): WorkerProcess {
  let child: ChildProcess | undefined

  const start = (): ChildProcess => {
    const started = fork(command.file, command.args, {
      execArgv: [...command.execArgv],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: groups,
      env: { ...process.env, ...(groups ? { [GROUP_LEADER]: '1' } : {}) },
    })
    // At once, so that the threads it makes and the native provers it starts inherit it.
    if (started.pid !== undefined) lower(started.pid, niceness, log)
    started.stderr?.on('data', (chunk: Buffer) => log.debug('prover worker', { pid: started.pid, stderr: chunk.toString().trimEnd() }))
    started.on('exit', (code, by) => {
      if (child === started) child = undefined
      log.debug('prover worker ended', { pid: started.pid, code, by })
      killGroup(started)
    })
    child = started
    return started
  }

  const kill = async () => {
    const running = child
    if (!running) return
    child = undefined
    const gone = new Promise<void>((resolve) => (running.exitCode !== null || running.signalCode !== null ? resolve() : running.once('exit', () => resolve())))
    killGroup(running)
    running.kill('SIGKILL')
    await gone
  }

  return {
    get pid() {
      return child?.pid
    },
    kill,
    run(job, signal) {
      const worker = child ?? start()
      return new Promise<Uint8Array>((resolve, reject) => {
        const settle = (act: () => void) => {
          clearTimeout(watchdog)
          worker.off('message', onMessage)
          worker.off('exit', onExit)
          worker.off('error', onError)
          signal.removeEventListener('abort', onAbort)
          act()
        }
        const giveUp = (error: unknown) => settle(() => void kill().then(() => reject(error)))
        const watchdog = setTimeout(() => giveUp(new CausewayError(`No result after ${timeoutMs} ms.`, { code: 'JOB_TIMEOUT' })), timeoutMs)
        const onAbort = () => giveUp(signal.reason)
        const onError = (cause: unknown) => giveUp(new CausewayError('The worker process failed.', { code: 'WORKER_DIED', cause }))
        const onExit = (code: number | null, by: string | null) => settle(() => reject(new CausewayError(`The worker process ended (${by ?? `code ${code}`}).`, { code: 'WORKER_DIED' })))
        const onMessage = (message: FromWorker) => {
          if (message.type === 'ready' || message.id !== job.id) return
          if (message.type === 'done') settle(() => resolve(message.output))
          else settle(() => reject(new CausewayError(message.error, { code: message.retry ? 'JOB_ATTEMPT_FAILED' : 'JOB_FAILED', cause: message.code })))
        }
        if (signal.aborted) return onAbort()
        worker.on('message', onMessage)
        worker.once('exit', onExit)
        worker.once('error', onError)
        signal.addEventListener('abort', onAbort, { once: true })
        worker.send({ type: 'job', id: job.id, kind: job.kind, input: job.input }, (error) => error && onError(error))
      })
    },
  }
}

function lower(pid: number, niceness: number, log: Log): void {
  try {
    setPriority(pid, niceness)
  } catch (error) {
    log.warn('the prover worker keeps its priority', { pid, error: String(error) })
  }
}

/** Kills what the worker started, too: a native prover is a process of its own. */
function killGroup({ pid }: ChildProcess): void {
  if (!groups || pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // ESRCH: nothing of the group is left, which is the aim.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
