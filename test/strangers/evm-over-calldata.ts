/** An EVM chain that posts its batches as calldata: a deposit, a transfer, and what L1 has of it. */
import assert from 'node:assert/strict'
import { createCluster, evmRollup } from '@causeway/cluster'
import { calldata } from '@causeway/da-ethereum'
import { parseEther } from 'viem'

const mine = evmRollup({ id: 777n, name: 'mine', feeRecipient: '0x00000000000000000000000000000000000000fe', da: calldata() })
const cluster = await createCluster({ aggregator: false, chains: [{ name: 'mine', rollup: mine }] })
const [chain] = cluster.chains
const { index } = await cluster.deposit(chain, { amount: parseEther('1') })
await chain.client.waitForDeposit({ index })
const to = cluster.userAccount(1).address
await chain.client.waitForTransactionReceipt({ hash: await chain.wallet().sendTransaction({ to, value: 5n }) })
assert.equal(await chain.client.getBalance({ address: to }), 5n)
await chain.client.waitForDeposit({ index, until: 'included' })
const [posting] = (await cluster.readL1()).postings(777n)
assert.equal(posting?.reference.kind, mine.da.kind)
await cluster.stop()
console.log('the chain has posted its data as calldata')
