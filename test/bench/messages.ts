/** `npm run bench:messages`: from the submission of a transaction on a to the execution of its message on b, 50 times; b runs in its own process. */
import { createCluster } from '@causeway/cluster'
import { parseEther } from 'viem'
import { quantile, report, until } from './report.js'

const COUNT = 50
const cluster = await createCluster({ aggregator: false })
const [a, b] = cluster.chains
await cluster.deposit(a, { amount: parseEther('10') })
await until('the deposit', async () => (await a.client.getBalance({ address: cluster.userAccount(0).address })) > 0n)
const wallet = a.wallet(0)
const total: number[] = []
const afterBlock: number[] = []
for (let i = 0; i < COUNT; i++) {
  // Users do not send in step with the blocks.
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 1000))
  const begin = performance.now()
  const { id } = await wallet.sendMessage({ destination: b.chainId, recipient: cluster.userAccount(1).address, value: 1n, pollingInterval: 20 })
  const mined = performance.now()
  await b.client.waitForMessage({ id, until: 'executed', pollingInterval: 10, timeout: 60_000 })
  total.push(performance.now() - begin)
  afterBlock.push(performance.now() - mined)
}
report('messages', {
  'messages': COUNT,
  'sent in a block of a → executed on b, median ms': Math.round(quantile(afterBlock, 0.5)),
  'sent in a block of a → executed on b, p99 ms': Math.round(quantile(afterBlock, 0.99)),
  'submitted on a → executed on b, median ms': Math.round(quantile(total, 0.5)),
  'submitted on a → executed on b, p99 ms': Math.round(quantile(total, 0.99)),
})
await cluster.stop()
process.exit()
