import { CausewayError } from '@causeway/core'
import { startChain } from '../chain-process.js'
import type { ChainChildMessage } from '../chain-child.js'
import { toldLines, type Output } from '../output.js'
import { findProject } from '../project.js'
import { noteRunning } from '../running.js'
import { clusterOf, type ClusterChoice } from './membership.js'

/** Options of `causeway start`. */
export type StartOptions = ClusterChoice & { role?: string; port: number; host: string }

/** Runs nodes of a chain until a signal ends them. Whoever supervises it starts it again if it ends by itself: then its exit code is 1. */
export async function start({ role, port, host, ...choice }: StartOptions, output: Output, signal: AbortSignal): Promise<void> {
  if (role !== undefined && role !== 'sequencer' && role !== 'follower') throw new CausewayError(`There is no role ${role}.`, { code: 'BAD_ARGUMENT', fix: 'sequencer or follower; without one, both. `causeway cluster` runs an aggregator with its prover' })
  const project = findProject(process.cwd())
  const cluster = await clusterOf(project, choice)
  let forget = (): void => undefined
  let failed: (ChainChildMessage & { kind: 'failed' }) | undefined
  const child = startChain({ root: project.root, ...(choice.l1 !== undefined && { l1Url: choice.l1 }), rpcPort: port, host, roles: role ? [role] : ['sequencer', 'follower'], develop: false }, cluster, (message) => {
    if (message.kind === 'failed') failed = message
    if (message.kind === 'running') {
      forget = noteRunning(project, { pid: process.pid, rpcUrl: message.rpcUrl, cluster })
      output.line(`chain ${message.chainId} runs: ${message.rpcUrl}`)
    }
    if (message.kind === 'settled') output.line(`settled up to block ${message.block}, certificate ${message.height}, epoch ${message.epoch}`)
  })
  const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  try {
    const code = await Promise.race([child.exited, ended])
    if (failed) toldLines(failed.error).forEach((line) => process.stderr.write(`${line}\n`))
    if (code !== undefined) process.exitCode = 1
  } finally {
    forget()
    await child.stop()
  }
}
