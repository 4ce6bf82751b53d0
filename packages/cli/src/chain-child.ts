/** A project's chain in a process of its own: joins the cluster, runs, and in development also funds accounts and deploys. Started anew for each change. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { connectChain, fileLog, isDevelopmentChain, openMembership, runMember, type ClusterInfo, type Membership, type NodeRole, type RunningMember } from '@causeway/cluster'
import { CausewayError, systemClock } from '@causeway/core'
import { depositETH } from '@causeway/l1'
import { createWalletClient, http, parseEther, type PrivateKeyAccount } from 'viem'
import { DEV_USERS } from './dev-users.js'
import { describeError, type Told } from './output.js'
import { findProject, loadConfig, loadModule, type Project } from './project.js'
import { openDeployments } from './deployments.js'
import type { Deploy, DeployedChain } from './deploy.js'

/** What the child is started with: as JSON, its only argument. It loads meanwhile, and begins when it is sent its cluster's URL. */
export type ChainChildOptions = {
  root: string
  l1Url?: string
  rpcPort: number
  host?: string
  roles: readonly NodeRole[]
  /** Also funds the development accounts, and runs `scripts/deploy`. */
  develop: boolean
  /** The cluster is the project's own. */
  isLocal?: boolean
}

/** What the child tells its parent. */
export type ChainChildMessage =
  | { kind: 'joined'; owner: string; batcher: string }
  | { kind: 'running'; chainId: string; rpcUrl: string; cluster: ClusterInfo }
  | { kind: 'block'; number: string }
  | { kind: 'funded'; accounts: readonly string[] }
  | { kind: 'deployed'; name: string; address: string }
  | { kind: 'ready' }
  | { kind: 'settled'; height: string; block: string; epoch: string }
  | { kind: 'failed'; error: Told; fatal: boolean }

const FUNDS = parseEther('100')

const options = JSON.parse(process.argv[2] as string) as ChainChildOptions
const ends: (() => Promise<void> | void)[] = []
const stopping = new AbortController()
const clusterUrl = new Promise<string>((resolve) => process.once('message', (url) => resolve(url as string)))

/** Resolves when the parent has it, or is gone. */
const say = (message: ChainChildMessage): Promise<void> => new Promise((resolve) => (process.connected ? process.send?.(message, undefined, undefined, () => resolve()) : resolve()))

async function stop(code: number): Promise<void> {
  if (stopping.signal.aborted) return
  stopping.abort()
  for (const end of ends.splice(0).reverse()) await end()
  process.exit(code)
}
process.once('disconnect', () => void stop(0))
process.once('SIGTERM', () => void stop(0))
process.on('SIGINT', () => undefined)

run().catch(async (error: unknown) => {
  await say({ kind: 'failed', error: describeError(error), fatal: true })
  await stop(1)
})

async function run(): Promise<void> {
  const project = findProject(options.root)
  const { definition } = await loadConfig(project)
  const cluster = await clusterUrl
  const log = (name: string) => fileLog(join(project.state, 'chain.log'), name, systemClock.now)
  const ownerKey = process.env['CAUSEWAY_OWNER_KEY'] as `0x${string}` | undefined
  const membership = await openMembership({ cluster, name: 'chain', definition, directory: join(project.state, 'chain'), ...(options.l1Url && { l1Url: options.l1Url }), ...(ownerKey && { ownerKey }), roles: options.roles, log: log('join') })
  ends.push(() => membership.close())
  if (options.develop) await membership.join()
  else if (!membership.isRegistered) throw new CausewayError(`Chain ${definition.chain.id} is not a member of the cluster at ${cluster} yet.`, { code: 'NOT_JOINED', fix: 'run `causeway join` first: it shows what it is going to do' })
  await say({ kind: 'joined', owner: membership.owner, batcher: membership.batcher })

  const development = options.develop ? { defaults: { sequencing: { batchInterval: 1_000, certify: { delay: 1_500, idle: 60_000 } } } } : {}
  const member = await runMember(membership, { rpcPort: options.rpcPort, roles: options.roles, log, ...(options.host && { rpcAccess: { host: options.host } }), ...development })
  ends.push(() => member.stop())
  await say({ kind: 'running', chainId: String(definition.chain.id), rpcUrl: member.rpcUrl, cluster: membership.cluster })

  const chain = handle(definition.chain.name ?? project.name, definition.chain.id, member.rpcUrl)
  void follow(chain, member)
  if (!options.develop || !isDevelopmentChain(membership.cluster.l1.chainId)) return void (await say({ kind: 'ready' }))
  try {
    const neighbour = options.isLocal ? neighbourOf(membership.cluster, chain.chainId) : undefined
    await fund([chain, ...(neighbour ? [neighbour] : [])], membership)
    await deploy(project, chain, neighbour)
    await say({ kind: 'ready' })
  } catch (error) {
    await say({ kind: 'failed', error: describeError(error), fatal: false })
  }
}

function handle(name: string, chainId: bigint, rpcUrl: string): DeployedChain {
  const { client, walletOf } = connectChain({ name, chainId, rpcUrl })
  return { name, chainId, rpcUrl, client, wallet: (index = 0) => walletOf(DEV_USERS[index] as (typeof DEV_USERS)[number]) }
}

function neighbourOf({ chains }: ClusterInfo, own: bigint): DeployedChain | undefined {
  const other = chains.find(({ chainId }) => BigInt(chainId) !== own)
  return other && handle(other.name, BigInt(other.chainId), other.rpcUrl)
}

/** Tells of the first block, and of each settled header. */
async function follow({ client }: DeployedChain, { nodes }: RunningMember): Promise<void> {
  let [height, hasBlock] = [0n, false]
  while (!stopping.signal.aborted) {
    const [status, head] = await Promise.all([client.getChainStatus(), client.getBlockNumber({ cacheTime: 0 })]).catch(() => [undefined, 0n] as const)
    if (!hasBlock && head > 0n) await say({ kind: 'block', number: String(head) })
    hasBlock ||= head > 0n
    if (status && status.settled.height > height) {
      height = status.settled.height
      await say({ kind: 'settled', height: String(height), block: String(nodes[0]?.rollup.settled().block ?? 0n), epoch: String(status.epoch) })
    }
    await systemClock.sleep(hasBlock ? 1_000 : 100, stopping.signal)
  }
}

/** Gives each development account ETH on chains, from its own on L1, once. */
async function fund(chains: readonly DeployedChain[], { l1, l1Url, contracts }: Membership): Promise<void> {
  async function fundAccount(account: PrivateKeyAccount): Promise<void> {
    const wallet = createWalletClient({ account, transport: http(l1Url), pollingInterval: 250 })
    const credited: Promise<unknown>[] = []
    // One after the other: each takes the account's next nonce.
    for (const { chainId, client } of chains) {
      if ((await client.getBalance({ address: account.address })) > 0n) continue
      const { index } = await depositETH({ client: l1, wallet, bridge: contracts.bridge, chainId, recipient: account.address, amount: FUNDS })
      credited.push(client.waitForDeposit({ index }))
    }
    await Promise.all(credited)
  }
  await Promise.all(DEV_USERS.map(fundAccount))
  await say({ kind: 'funded', accounts: DEV_USERS.map(({ address }) => address) })
}

async function deploy(project: Project, chain: DeployedChain, neighbour: DeployedChain | undefined): Promise<void> {
  const script = ['ts', 'js', 'mjs'].map((extension) => join(project.root, 'scripts', `deploy.${extension}`)).find((path) => existsSync(path))
  if (script === undefined) return
  const { default: run } = (await loadModule(script)) as { default?: Deploy }
  if (typeof run !== 'function') throw new CausewayError(`${script} has no default export that is a function.`, { code: 'BAD_DEPLOY', fix: 'write: export default (async ({ chain }) => { … }) satisfies Deploy, with Deploy of @causeway/cli' })
  const deployments = openDeployments(project, chain.chainId)
  await run({
    chain,
    neighbour,
    deployed: deployments.find,
    save(name, address) {
      deployments.save(name, address)
      void say({ kind: 'deployed', name, address })
    },
  })
}

