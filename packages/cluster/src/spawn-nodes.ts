import { fork } from 'node:child_process'
import { CausewayError, encodeJson } from '@causeway/core'
import { workerCommand } from '@causeway/prover'
import type { ChildConfig, ChildMessage } from './node-child.js'

/** Nodes in a child process. */
export type ChildNodes = { pid: number; rpcUrls: readonly (string | null)[]; stop(): Promise<void>; kill(): void; exited: Promise<void> }

/** Starts nodes in a process of their own, which ends with this one. @throws `NODE_FAILED` with the child's reason */
export async function spawnNodes(config: ChildConfig): Promise<ChildNodes> {
  const command = workerCommand('./node-child', import.meta.url)
  const child = fork(command.file, [...command.args], { execArgv: [...command.execArgv], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const answer = new Promise<ChildMessage>((resolve) => {
    child.once('message', (message) => resolve(message as ChildMessage))
    child.once('exit', (code) => resolve({ kind: 'failed', reason: `the process ended with code ${code}` }))
  })
  child.send(encodeJson(config))
  const first = await answer
  if (first.kind === 'failed')
    throw new CausewayError(`A node did not start: ${first.reason}`, { code: 'NODE_FAILED', fix: `see ${config.logFile}` })
  return {
    pid: child.pid as number,
    rpcUrls: first.rpcUrls,
    exited,
    kill: () => void child.kill('SIGKILL'),
    async stop() {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}
