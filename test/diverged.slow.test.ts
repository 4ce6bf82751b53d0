import { createTestCluster, type TestCluster, type TestNode } from '@causeway/testing/cluster'
import { parseEther } from 'viem'
import { afterEach, beforeEach, expect, it } from 'vitest'

let cluster: TestCluster
beforeEach(async () => {
  cluster = await createTestCluster({ chains: ['a'] })
  await cluster.l1.mine(3)
})
afterEach(() => cluster.stop())

const haltOf = async ({ rollup }: TestNode) => ((await rollup.rpc.request({ method: 'causeway_getChainStatus', params: [] })) as { halted?: string }).halted

it('nodes that left the branch which L1 settles after all halt and say so; who has not derived so far does not, and takes the settled branch', async () => {
  const [a] = cluster.chains
  const [alice, bob] = cluster.users
  await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('5'), recipient: alice.address })
  await a.build()
  await a.send(alice, { to: bob.address, value: 1n, gas: 21_000n })
  await a.build()
  await a.publish()
  await a.derive()
  const certified = await a.certify()
  expect(certified).toMatchObject({ state: 'certified', toBlock: 2n })
  const settledBranch = a.head()

  // A sequencer that forgot what it has signed rebuilds the chain under the certificate, and its follower goes with it.
  await a.sequencer.rollup.chain.rollback(1n, 1n)
  await a.build()
  await a.build()
  await a.publish()
  await a.derive()
  expect(a.head(a.follower)).toMatchObject({ number: 3n, hash: a.head().hash, incarnation: 1n })
  expect(await haltOf(a.sequencer)).toBe(undefined)
  await cluster.settle()

  const { sequencer, follower } = a
  for (const node of [sequencer, follower]) {
    expect(await haltOf(node)).toMatch(/L1 settled .* at height 1/)
    expect(node.rollup.settled().block).toBe(0n)
    expect(await node.rollup.rpc.request({ method: 'eth_getBlockByNumber', params: ['safe', false] })).toMatchObject({ number: '0x0' })
  }
  const head = a.head()
  const postings = sequencer.reader.postings(a.chainId).length
  await expect(sequencer.rollup.steps.build()).rejects.toMatchObject({ code: 'DIVERGED' })
  await expect(sequencer.rollup.steps.publish()).rejects.toMatchObject({ code: 'DIVERGED' })
  await expect(sequencer.rollup.steps.certify()).rejects.toMatchObject({ code: 'DIVERGED' })
  await expect(follower.rollup.steps.derive()).rejects.toMatchObject({ code: 'DIVERGED' })
  await expect(a.send(alice, { to: bob.address, value: 1n, gas: 21_000n })).rejects.toThrow(/L1 settled/)
  expect(a.head()).toBe(head)
  expect(sequencer.reader.postings(a.chainId)).toHaveLength(postings)

  const observer = await cluster.observe(a)
  await observer.rollup.steps.l1()
  expect(await haltOf(observer)).toBe(undefined)
  await observer.rollup.steps.derive()
  expect(await haltOf(observer)).toBe(undefined)
  expect(a.head(observer)).toMatchObject({ number: 2n, hash: settledBranch.hash })
  expect(observer.rollup.settled().block).toBe(2n)
  await observer.rollup.stop()

  // A restart changes nothing.
  await follower.restart()
  expect(await haltOf(follower)).toMatch(/L1 settled/)
})

it('a node halts when L1 settled a block that its data does not give, though its own blocks are older', async () => {
  const [a] = cluster.chains
  const [alice] = cluster.users
  await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('5'), recipient: alice.address })
  await a.advance()
  await a.build()
  await a.publish()
  await a.derive()
  const { follower } = a
  // It lost the last block without having lost its place among the postings.
  await follower.rollup.chain.rollback(0n, 0n)
  expect(await haltOf(follower)).toBe(undefined)
  await cluster.settle()
  expect(await haltOf(follower)).toMatch(/L1 settled/)
})
