import { existsSync, rmSync, watch } from 'node:fs'
import { join } from 'node:path'
import { createCluster, evmRollup, type Cluster } from '@causeway/cluster'
import { CausewayError, systemClock } from '@causeway/core'
import { compileProject } from '../build.js'
import type { ChainChildMessage } from '../chain-child.js'
import { startChain, type ChainProcess } from '../chain-process.js'
import { devAccounts } from '@causeway/l1'
import { columns, describeError, style, toldLines, type Output } from '../output.js'
import { freePort, PORTS } from '../ports.js'
import { checkedCluster, findProject, loadConfig, type Project } from '../project.js'
import { noteRunning } from '../running.js'

/** Options of `causeway dev`. */
export type DevOptions = { cluster?: string; port?: number; reset?: boolean; watch: boolean }

/** Unsettled value (wei) that the neighbour accepts of the project's chain. */
const IMPORT_CAP = 10n ** 24n
/** ms of quiet before a change counts. */
const QUIET = 200

/** Runs a project's chain in its cluster, and again after each change, until a signal ends it. */
export async function dev(options: DevOptions, output: Output, signal: AbortSignal): Promise<void> {
  const started = systemClock.now()
  const seconds = () => `${(Number(systemClock.now() - started) / 1000).toFixed(1)} s`
  const project = findProject(process.cwd())
  if (options.reset) rmSync(project.state, { recursive: true, force: true })
  const { definition, cluster: configured } = await loadConfig(project)
  const where = options.cluster === undefined ? configured : checkedCluster(options.cluster, '--cluster')
  const name = definition.chain.name ?? project.name
  output.line(`${style('bold', name)}, chain ${definition.chain.id}, in ${where === 'local' ? 'a local cluster' : `the cluster at ${where}`}`)
  await compileProject(project, output)

  const ends: (() => Promise<void> | void)[] = []
  try {
    const taken = new Set<number>()
    const rpcPort = options.port ?? (await freePort(PORTS.chain, taken))
    let local: Cluster | undefined = undefined
    let child: ChainProcess | undefined
    let forget = (): void => undefined
    const start = (cluster: string | Promise<string>): void => {
      child = startChain({ root: project.root, rpcPort, roles: ['sequencer', 'follower'], develop: true, isLocal: where === 'local' }, cluster, (message) => {
        if (message.kind === 'running') forget = noteRunning(project, { pid: process.pid, rpcUrl: message.rpcUrl, cluster: local?.url ?? where })
        for (const line of told(message, { seconds, local })) output.line(line)
      })
    }
    ends.push(async () => {
      forget()
      await child?.stop()
    })
    const starting = where === 'local' ? startLocal(project, definition.chain.id, taken) : undefined
    start(starting?.then(({ url }) => url) ?? where)
    local = await starting
    if (local) {
      // The chain's process ends before its cluster.
      ends.unshift(() => local?.stop())
      output.line(`${style('green', '✓')} cluster at ${local.url}, with a neighbour ${style('dim', seconds())}`)
    }
    const cluster = local?.url ?? where
    const changes = options.watch ? watchProject(project, signal) : undefined
    while (!signal.aborted) {
      const change = await Promise.race([changes?.next() ?? never(signal), child === undefined || changes ? never(signal) : (child as ChainProcess).exited.then((code) => ({ code }))])
      if (signal.aborted) break
      if (typeof change === 'object') throw new CausewayError(`The chain's process ended with code ${change.code}.`, { code: 'CHAIN_DOWN', fix: `see above, and ${join(project.state, 'chain.log')}` })
      output.line(`${style('cyan', '↻')} ${change} has changed`)
      try {
        await compileProject(project, output)
        await child?.stop()
        start(cluster)
      } catch (error) {
        toldLines(describeError(error)).forEach((line) => output.line(line))
      }
    }
  } finally {
    output.line(style('dim', 'stopping: what runs ends in order, and is there again next time'))
    for (const end of ends.reverse()) await end()
  }
}

const never = (signal: AbortSignal): Promise<string> => new Promise((resolve) => signal.addEventListener('abort', () => resolve('the end'), { once: true }))

/** A cluster of the project's own, with another chain to send messages to. */
async function startLocal({ state }: Project, chainId: bigint, taken: Set<number>): Promise<Cluster> {
  const id = chainId === 42001n ? 42002n : 42001n
  const rollup = { ...evmRollup({ id, name: 'neighbour', feeRecipient: devAccounts[2]?.address ?? '0x' }), interop: { allow: [{ from: chainId, rung: 'included' as const, cap: IMPORT_CAP }] } }
  return createCluster({
    directory: join(state, 'cluster'),
    port: await freePort(PORTS.cluster, taken),
    l1Port: await freePort(PORTS.l1, taken),
    chains: [{ name: 'neighbour', rollup, rpcPort: await freePort(PORTS.neighbour, taken) }],
  })
}

/** Lines about what a chain's process says. */
function told(message: ChainChildMessage, { seconds, local }: { seconds(): string; local: Cluster | undefined }): string[] {
  const done = (text: string) => [`${style('green', '✓')} ${text} ${style('dim', seconds())}`]
  switch (message.kind) {
    case 'joined':
      return done(`a member: ${message.owner} owns the chain, ${message.batcher} posts its data`)
    case 'running':
      return [
        ...columns([
          ['RPC', style('cyan', message.rpcUrl)],
          ...message.cluster.chains.map(({ name, chainId, rpcUrl }): [string, string] => [name, `${rpcUrl}  chain ${chainId}`]),
          ['L1', `${message.cluster.l1.rpcUrl}  chain ${message.cluster.l1.chainId}`],
          ...(local ? ([['cluster', `${local.url}  (others join it: causeway dev --cluster ${local.url})`]] as [string, string][]) : []),
        ]),
      ]
    case 'block':
      return done('first block')
    case 'funded':
      return done(`${message.accounts.length} development accounts have ETH${local ? ', on the neighbour too' : ''}: ${message.accounts.join(', ')}`)
    case 'deployed':
      return done(`${message.name} is at ${message.address}`)
    case 'ready':
      return done(`ready; changes of the configuration, contracts and scripts start the chain anew (Ctrl-C ends all)`)
    case 'settled':
      return done(`settled on L1 up to block ${message.block}, under the cluster's proof number ${message.epoch}`)
    case 'failed':
      return [...toldLines(message.error), ...(message.error.code === 'OTHER_REGISTRATION' ? ['  in development, `causeway dev --reset` starts the chain and its local cluster anew'] : [])]
  }
}

/** Names of what changes in a project, one at a time, when it has been quiet. */
function watchProject({ root, config }: Project, signal: AbortSignal): { next(): Promise<string> } {
  let latest: string | undefined
  let wake = (): void => undefined
  const noted = (path: string) => (): void => {
    latest = path
    wake()
  }
  watch(config, { signal }, noted('rollup.config'))
  for (const folder of ['contracts', 'scripts', 'src'])
    if (existsSync(join(root, folder))) watch(join(root, folder), { recursive: true, signal }, (_, file) => noted(file ? join(folder, file) : folder)())
  return {
    async next() {
      for (;;) {
        if (latest === undefined) await new Promise<void>((resolve) => (wake = resolve))
        const seen = latest
        latest = undefined
        await systemClock.sleep(QUIET, signal)
        if (latest === undefined) return seen as string
      }
    },
  }
}
