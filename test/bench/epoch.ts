/**
 * `npm run bench:epoch`: epochs of two chains, each with 8 messages a chain (1 deposit, 3 imports, 3 exports, 1 withdrawal), from the
 * closing of the certificates to the settled epoch; gas, block times while proving, memory.
 */
import { createCluster } from '@causeway/cluster'
import { L1_PLACES, loadArtefact } from '@causeway/prover-ultrahonk'
import { parseEther } from 'viem'
import { watch } from '../demo/measure.js'
import { quantile, report, until } from './report.js'

const ROUNDS = Number(process.argv[2] ?? 3)
const booted = performance.now()
const cluster = await createCluster()
const chains = cluster.chains
for (const { client } of chains) await until('the first block', async () => (await client.getBlockNumber()) > 0n)
const firstBlocks = performance.now() - booted
const watched = watch(cluster)
const composed = new Map<bigint, number>()
const closeToSettled: number[] = []
let closed = 0
cluster.aggregator?.aggregator.subscribe((event) => {
  if (event.kind === 'candidate') closed = performance.now()
  if (event.kind === 'transition' && event.to === 'composed' && event.epoch !== undefined) composed.set(event.epoch, closed)
  if (event.kind === 'epoch') closeToSettled.push(performance.now() - (composed.get(event.epoch) ?? Number.NaN))
})

const user = (i: number) => cluster.userAccount(i).address
for (const [i, chain] of chains.entries()) await cluster.deposit(chain, { amount: parseEther('10'), user: i })
for (const [i, chain] of chains.entries()) await until('the deposit', async () => (await chain.client.getBalance({ address: user(i) })) > 0n)
const gas: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  const sent = await Promise.all(
    chains.map(async (chain, i) => {
      const other = chains[1 - i] as (typeof chains)[number]
      const wallet = chain.wallet(i)
      await cluster.deposit(chain, { amount: 1000n, user: i })
      const ids: `0x${string}`[] = []
      for (let n = 0; n < 3; n++) ids.push((await wallet.sendMessage({ destination: other.chainId, recipient: user(2), value: 1n })).id)
      ids.push((await wallet.sendMessage({ destination: cluster.domain.l1ChainId, recipient: user(2), value: 1n })).id)
      return { other, chain, ids }
    }),
  )
  for (const { other, ids } of sent) for (const id of ids.slice(0, 3)) await other.client.waitForMessage({ id, until: 'settled', timeout: 400_000 })
  for (const { chain, ids } of sent) await chain.client.waitForMessage({ id: ids[3] as `0x${string}`, until: 'settled', timeout: 400_000 })
}
const reader = await cluster.readL1()
for (const { data, l1 } of reader.epochs())
  if (data.certificates.length === chains.length) gas.push(Number((await cluster.l1.client.getTransactionReceipt({ hash: l1.transactionHash })).gasUsed))
const { gates, log2 } = await loadArtefact(L1_PLACES)
const busy = watched.blockTimes(true)
report('epoch', {
  'boot to first blocks of both chains, s': (firstBlocks / 1000).toFixed(1),
  'epochs settled': reader.epochs().length,
  'closed → settled, median s': (quantile(closeToSettled, 0.5) / 1000).toFixed(1),
  'closed → settled, worst s': (Math.max(...closeToSettled) / 1000).toFixed(1),
  'proof in the broker, median s': (quantile(watched.proofs.map(({ ms }) => ms), 0.5) / 1000).toFixed(1),
  'circuit': `${gates} gates, 2^${log2}`,
  'L1 gas of an epoch of two chains, worst': Math.max(...gas),
  'block time while proving, median ms': Math.round(busy.median),
  'block time while proving, p99 ms': Math.round(busy.p99),
  'peak memory, MB': Math.round(watched.peakMemory()),
})
watched.stop()
await cluster.stop()
process.exit()
