import { createCluster } from '@causeway/cluster'
import { parseEther } from 'viem'

const cluster = await createCluster() // anvil, contracts, two chains, attesters, aggregator
const [a, b] = cluster.chains
const { index } = await cluster.deposit(a, { amount: parseEther('1') })
await a.client.waitForDeposit({ index }) // user 0 has it on a
const { id } = await a.wallet().sendMessage({ destination: b.chainId, recipient: cluster.userAccount(1).address, value: 1n })
await b.client.waitForMessage({ id, until: 'executed' }) // then: certified, proven, settled, final
await cluster.stop()
