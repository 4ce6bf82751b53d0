import { fork } from 'node:child_process'
import { CausewayError, encodeJson, systemClock } from '@causeway/core'
import { workerCommand } from '@causeway/prover'
import type { ChildConfig, ChildMessage } from './node-child.js'

/** How a child process ended: with an exit code, or by a signal. */
export type ChildExit = { code: number | null; signal: string | null }

/** Nodes in a child process. */
export type ChildNodes = {
  pid: number
  rpcUrls: readonly (string | null)[]
  /** Ends the nodes and the process; kills it if it takes longer than a minute. Calling it again does nothing more. */
  stop(): Promise<void>
  kill(): void
  /** Resolves when the process has ended, for whatever reason. */
  exited: Promise<ChildExit>
}

/** Percent by which a node's heap grows before it is collected: V8's own choice is up to 300, and floods of requests leave much that is dead. */
const HEAP_GROWTH = 50
/** ms that nodes get to end in order. */
const PATIENCE = 60_000

/** Starts nodes in a process of their own, which ends with this one. @throws `NODE_FAILED` with the child's reason */
export async function spawnNodes(config: ChildConfig): Promise<ChildNodes> {
  const command = workerCommand('./node-child', import.meta.url)
  const child = fork(command.file, [...command.args], { execArgv: [...command.execArgv, `--heap-growing-percent=${HEAP_GROWTH}`], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const exited = new Promise<ChildExit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))
  const answer = new Promise<ChildMessage>((resolve) => {
    child.once('message', (message) => resolve(message as ChildMessage))
    void exited.then(({ code, signal }) => resolve({ kind: 'failed', reason: signal ? `its process was killed by ${signal}` : `its process ended with code ${code}` }))
    child.on('error', (error) => resolve({ kind: 'failed', reason: error.message }))
  })
  child.send(encodeJson(config))
  const end = async () => {
    if (child.connected) child.disconnect()
    const gone = new AbortController()
    const watchdog = systemClock.sleep(PATIENCE, gone.signal).then(() => gone.signal.aborted || child.kill('SIGKILL'))
    await exited
    gone.abort()
    await watchdog
  }
  const first = await answer
  if (first.kind === 'failed') {
    if (child.pid !== undefined) await end()
    throw new CausewayError(`A node did not start: ${first.reason}`, { code: 'NODE_FAILED', fix: first.fix ?? `see ${config.logFile}` })
  }
  return {
    pid: child.pid as number,
    rpcUrls: first.rpcUrls,
    exited,
    kill: () => void child.kill('SIGKILL'),
    stop: end,
  }
}
