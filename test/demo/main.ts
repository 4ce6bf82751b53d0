/** The cluster demo: `npm run demo`, or `npm run demo -- --keep` to leave it running. */
import { strict as assert } from 'node:assert'
import { copyFileSync, existsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { rebuildFromL1 } from '@causeway/aggregator'
import { createCluster, type Cluster } from '@causeway/cluster'
import { loadArtefact, L1_PLACES } from '@causeway/prover-ultrahonk'
import { causewayHubAbi } from '@causeway/contracts'
import { devAccounts } from '@causeway/l1'
import { decodeFunctionData, formatEther, parseEther, size, type Address, type Hex } from 'viem'
import { watch } from './measure.js'
import { CHAINS } from './modules.js'
import { settleAndClaim, tellStory } from './story.js'
import { bold, dim, heading, hush, step, table } from './view.js'

const keep = process.argv.includes('--keep')
const directory = resolve('.causeway')
/** Those that a wallet may use; the others run the cluster. */
const USERS = devAccounts.slice(6)
const played = join(directory, 'story-told')
/** A cluster that stays has ports that stay, so that a wallet finds it again. */
const KEPT = { directory, l1Port: 8545, chains: CHAINS.map((chain, i) => ({ ...chain, rpcPort: 8601 + i })) }

async function play(cluster: Cluster): Promise<void> {
  const watched = watch(cluster)
  try {
    heading('Value and messages')
    const story = await tellStory(cluster)
    heading('Settlement')
    await settleAndClaim(cluster, story)
    const reader = await cluster.readL1()
    const registry = await step('the registry and every outbox, rebuilt from L1 logs alone', () => rebuildFromL1({ client: cluster.l1.client, hub: cluster.contracts.hub }), ({ registry }) => `root 0x${registry.root.toString(16).slice(0, 12)}… is the hub's`)
    assert.equal(registry.registry.root, BigInt(reader.epochs().at(-1)?.newRoot ?? 0))
    const gasOf = async (hash: Hex) => (await cluster.l1.client.getTransactionReceipt({ hash })).gasUsed
    for (const { chainId, l1 } of reader.registrations()) story.gas.push({ what: `registration of chain ${chainId}`, gas: await gasOf(l1.transactionHash) })
    for (const { name, chainId } of cluster.chains) {
      const posted = await Promise.all(reader.postings(chainId).map(({ l1 }) => gasOf(l1.transactionHash)))
      story.gas.push({ what: `batches of ${name}: ${posted.length} blob transactions, the dearest`, gas: posted.reduce((most, gas) => (gas > most ? gas : most), 0n) })
    }
    for (const { data, l1 } of reader.epochs()) {
      const gasUsed = await gasOf(l1.transactionHash)
      story.gas.push({ what: `epoch ${data.epoch} (${count(data.certificates.length, 'chain')}, ${count(data.certificates.reduce((sum, { leaves }) => sum + leaves.length, 0), 'message')} out)`, gas: gasUsed })
    }
    await summary(cluster, story, watched)
  } finally {
    watched.stop()
  }
}

async function summary(cluster: Cluster, story: Awaited<ReturnType<typeof tellStory>>, watched: ReturnType<typeof watch>): Promise<void> {
  const { gates, log2 } = await loadArtefact(L1_PLACES)
  const sorted = [...story.latencies].sort((x, y) => x - y)
  const busy = watched.blockTimes(true)
  heading('Gas on L1')
  table(story.gas.map(({ what, gas }) => [what, gas.toLocaleString('en')]))
  heading('Numbers')
  table([
    ['circuit', `${gates.toLocaleString('en')} gates (2^${log2}), ${L1_PLACES} certificates a proof`],
    ['proof size', `${(await proofSize(cluster)).toLocaleString('en')} bytes`],
    ['proofs', watched.proofs.map(({ epoch, ms }) => `epoch ${epoch}: ${(ms / 1000).toFixed(1)} s`).join(', ')],
    ['message a → b, mined to executed', `median ${Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)} ms of ${sorted.length}`],
    ['block time of a while proving', `median ${Math.round(busy.median)} ms, p99 ${Math.round(busy.p99)} ms of ${busy.count} blocks`],
    ['peak memory, all processes', `${Math.round(watched.peakMemory())} MB`],
  ])
  heading('What is trusted')
  for (const line of await cluster.trust()) console.log(`  - ${line}`)
}

/** A cluster's folder may go with it; its log is wanted after a failure. */
function keptLog(logFile: string): string {
  if (keep) return logFile
  const kept = join(tmpdir(), 'causeway-demo.log')
  copyFileSync(logFile, kept)
  return kept
}

const count = (number: number, thing: string) => `${number} ${thing}${number === 1 ? '' : 's'}`

/** So that a wallet with one of the printed keys can send something at once. */
async function fundUsers({ chains, deposit }: Cluster): Promise<void> {
  for (const chain of chains) {
    let last = 0n
    for (const { address } of USERS) last = (await deposit(chain, { amount: parseEther('100'), recipient: address })).index
    await chain.client.waitForDeposit({ index: last })
  }
}

/** Bytes of the last epoch's proof, from the calldata of its settlement. */
async function proofSize(cluster: Cluster): Promise<number> {
  const last = (await cluster.readL1()).epochs().at(-1)
  assert(last)
  const { input } = await cluster.l1.client.getTransaction({ hash: last.l1.transactionHash })
  const { functionName, args } = decodeFunctionData({ abi: causewayHubAbi, data: input })
  assert(functionName === 'settle')
  return size(args[1])
}

let cluster: Cluster | undefined
let leaving = false
const leave = async (code: number) => {
  if (leaving) return
  leaving = true
  await cluster?.stop()
  process.exit(code)
}
/** The second signal does not wait: whatever is left ends with this process. */
const interrupted = (code: number) => () => {
  if (leaving) process.exit(code)
  hush()
  console.log(dim('stopping: once more to end at once'))
  void leave(code)
}
process.on('SIGINT', interrupted(130))
process.on('SIGTERM', interrupted(143))

try {
  console.log(bold('Causeway: two EVM chains and one of typed modules, one bridge, two chains under each proof'))
  heading('Boot')
  cluster = await step('an L1, the contracts, three chains with an attesting follower each, an aggregator', () => createCluster(keep ? KEPT : { chains: CHAINS }))
  await step('first blocks of all chains', async () => {
    for (const { client } of cluster?.chains ?? []) while ((await client.getBlockNumber({ cacheTime: 0 })) === 0n) await new Promise((done) => setTimeout(done, 50))
  })
  if (keep && existsSync(played)) console.log(dim('        this cluster has told its story before; delete .causeway to start anew'))
  else {
    await play(cluster)
    if (keep) await step('100 ETH on each chain for each development account', () => fundUsers(cluster as Cluster))
  }
  if (!keep) await leave(0)
  writeFileSync(played, '')
  heading('Running (Ctrl-C to stop; `npm run demo -- --keep` carries on from .causeway)')
  table([['L1', cluster.l1.url], ...cluster.chains.map(({ name, chainId, rpcUrl }) => [`chain ${name}`, `${rpcUrl}  chain id ${chainId}`]), ['log', cluster.logFile]])
  heading('Development accounts (their keys are public), and their ETH')
  const clients = [cluster.l1.client, ...cluster.chains.map(({ client }) => client)]
  const held = (address: Address) => Promise.all(clients.map(async (client) => Number(formatEther(await client.getBalance({ address }))).toFixed(2)))
  table([
    ['address', 'private key', 'on L1', ...cluster.chains.map(({ name }) => `on ${name}`)],
    ...(await Promise.all(USERS.map(async ({ address, privateKey }) => [address, privateKey, ...(await held(address))]))),
  ])
} catch (error) {
  // What fails because the cluster is being stopped is no failure.
  if (!leaving) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`)
    if (cluster) console.error(dim(`log: ${keptLog(cluster.logFile)}`))
    await leave(1)
  }
}
