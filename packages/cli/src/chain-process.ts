import { fork, type ChildProcess } from 'node:child_process'
import { workerCommand } from '@causeway/prover'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { ChainChildMessage, ChainChildOptions } from './chain-child.js'

/** A chain's process. */
export type ChainProcess = {
  /** Ends it in order, and kills it if that takes longer than 30 s. */
  stop(): Promise<void>
  /** Resolves to its exit code when it has ended. */
  exited: Promise<number>
}

/** Starts a project's chain in a process that understands TypeScript, and ends with this one. It loads while the cluster is still being started. */
export function startChain(options: ChainChildOptions, cluster: string | Promise<string>, onMessage: (message: ChainChildMessage) => void): ChainProcess {
  const { file, execArgv } = workerCommand('./chain-child', import.meta.url)
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const child: ChildProcess = fork(file, [JSON.stringify(options)], { execArgv: execArgv.length > 0 ? [...execArgv] : ['--import', tsx], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exited = new Promise<number>((resolve) => child.once('exit', (code, signal) => resolve(code ?? (signal ? 1 : 0))))
  // Whoever starts the cluster hears of its failure, and stops this.
  Promise.resolve(cluster).then(
    (url) => child.connected && child.send(url),
    () => undefined,
  )
  child.on('message', (message) => onMessage(message as ChainChildMessage))
  return {
    exited,
    async stop() {
      if (child.connected) child.disconnect()
      const patience = AbortSignal.timeout(30_000)
      const kill = (): void => void child.kill('SIGKILL')
      patience.addEventListener('abort', kill, { once: true })
      await exited
      patience.removeEventListener('abort', kill)
    },
  }
}
