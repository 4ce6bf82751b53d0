import { strict as assert } from 'node:assert'
import type { Cluster } from '@causeway/cluster'
import { blobs } from '@causeway/da-ethereum'
import { moduleAddress } from '@causeway/execution-app'
import { defineRollup } from '@causeway/node'
import { http, parseEther, zeroAddress, type Hex } from 'viem'
import { ballotChain, ballotClient, vote } from '../examples/app.js'
import type { Chain, Story } from './told.js'
import { step } from './view.js'

/** What the demo runs: two EVM chains, one of them in its own process, and a chain without an EVM. */
export const CHAINS = [
  { name: 'a' },
  { name: 'b', ownProcess: true },
  { name: 'c', rollup: defineRollup({ chain: { id: 42003n, name: 'c' }, execution: ballotChain(`0x${'fe'.repeat(20)}`), da: blobs() }) },
]

/** ms between looks at the chain. */
const POLLING = { pollingInterval: 100 }

/** What Bob does on the chain of modules, and what it exchanges with an EVM chain and L1; each step is checked where its effect must be. */
export async function tellModules(cluster: Cluster, story: Story, [a, c]: readonly [Chain, Chain]): Promise<void> {
  const bob = cluster.userAccount(1)
  const carol = cluster.userAccount(2).address
  const client = ballotClient(bob, http(c.rpcUrl))
  const eth = { chain: cluster.domain.l1ChainId, token: zeroAddress, refundTo: bob.address, gasLimit: 0n, expiry: 0n, payload: '0x' } as const

  /** What an action did. */
  async function done(hash: Hex) {
    await client.waitForTransactionReceipt({ hash, ...POLLING })
    const receipt = await client.getActionReceipt({ hash })
    assert.equal(receipt?.code, null)
    return receipt
  }
  const executed = (on: Chain, id: Hex) => on.client.waitForMessage({ id, until: 'executed', timeout: 60_000, pollingInterval: 20 })

  await step(
    'c, a chain of typed modules: Bob signs an action, and votes',
    async () => {
      const { hash, votes, voters } = await vote(client, 'yes')
      const { fee } = await done(hash)
      assert.equal(await votes(), 1n)
      assert.equal((await voters())[0]?.data.who, bob.address.toLowerCase())
      return fee
    },
    (fee) => `for ${fee} wei; what it told is an Ethereum log`,
  )
  await step('c → a: 1 ETH to Carol', async () => {
    const before = await a.client.getBalance({ address: carol })
    const { sent } = await done(await client.write.bank.send({ ...eth, destination: a.chainId, recipient: carol, amount: parseEther('1') }))
    const id = sent[0] as Hex
    story.messages.push({ from: c, to: a, id, what: '1 ETH of c' })
    await executed(a, id)
    assert.equal(await a.client.getBalance({ address: carol }), before + parseEther('1'))
  })
  await step(
    'a → c → a: a call of the module with 0.2 ETH, which it answers',
    async () => {
      const { id } = await a.wallet(0).sendMessage({ destination: c.chainId, recipient: moduleAddress('ballot'), value: parseEther('0.2'), payload: '0x01' })
      story.messages.push({ from: a, to: c, id, what: 'a call of a module' })
      const { execution } = await executed(c, id)
      assert.equal(execution?.ok, true)
      assert.equal(await client.read.ballot.donated(), parseEther('0.2'))
      const answer = (await client.getActionReceipt({ hash: execution?.transaction as Hex }))?.sent[0] as Hex
      const block = (await executed(a, answer)).execution?.block as bigint
      const [before, after] = await Promise.all([block - 1n, block].map((blockNumber) => a.client.getBalance({ address: cluster.userAccount(0).address, blockNumber })))
      assert.equal(after, (before as bigint) + parseEther('0.1'))
    },
    () => 'half of it came back',
  )
  await step('withdrawal to L1: 0.5 ETH from c', async () => {
    const { sent } = await done(await client.write.bank.send({ ...eth, destination: cluster.domain.l1ChainId, recipient: carol, amount: parseEther('0.5') }))
    story.withdrawals.push({ chain: c, id: sent[0] as Hex, what: '0.5 ETH', ether: '0.5' })
  })
}
