import { causewayHubAbi } from '@causeway/contracts'
import { NEVER, toBytes32 } from '@causeway/core'
import { createTestCluster, type TestCluster, type TestNode } from '@causeway/testing/cluster'
import { parseEther, zeroAddress, zeroHash } from 'viem'
import { afterEach, beforeEach, expect, it } from 'vitest'

let cluster: TestCluster
beforeEach(async () => {
  cluster = await createTestCluster({ chains: ['a'] })
  await cluster.l1.mine(3)
})
afterEach(() => cluster.stop())

const haltOf = async ({ rollup }: TestNode) => ((await rollup.rpc.request({ method: 'causeway_getChainStatus', params: [] })) as { halted?: string }).halted

it('a sequencer that left the branch which L1 settles after all halts and says so; whoever derives takes the settled branch, also who had followed', async () => {
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
  await expect(a.send(alice, { to: bob.address, value: 1n, gas: 21_000n })).rejects.toThrow(/L1 settled/)
  expect(a.head()).toBe(head)
  expect(sequencer.reader.postings(a.chainId)).toHaveLength(postings)

  await follower.rollup.steps.derive()
  expect(await haltOf(follower)).toBe(undefined)
  expect(a.head(follower)).toMatchObject({ number: 2n, hash: settledBranch.hash })
  expect(follower.rollup.settled().block).toBe(2n)

  const observer = await cluster.observe(a)
  await observer.rollup.steps.l1()
  expect(await haltOf(observer)).toBe(undefined)
  await observer.rollup.steps.derive()
  expect(await haltOf(observer)).toBe(undefined)
  expect(a.head(observer)).toMatchObject({ number: 2n, hash: settledBranch.hash })
  expect(observer.rollup.settled().block).toBe(2n)
  await observer.rollup.stop()

  // A restart changes nothing.
  await sequencer.restart()
  expect(await haltOf(sequencer)).toMatch(/L1 settled/)
})

it('a follower that lacks a block which L1 settled, though its own are older, says so, and derives again', async () => {
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
  await a.derive()
  expect(await haltOf(follower)).toBe(undefined)
  expect(a.head(follower).hash).toBe(a.head().hash)
})

it('and halts if L1’s data does not give it', async () => {
  const [a] = cluster.chains
  const { follower } = a
  await a.build()
  await a.publish()
  await a.derive()
  // A state that its signers alone have made up.
  const { timestamp } = a.head()
  const certificate = { slot: 0, height: 1n, timestamp, l1InboxCursor: 0n, daIndex: 1n, notAfter: NEVER, stateRoot: zeroHash, inboxRoot: zeroHash, balanceRoot: zeroHash, importRoot: zeroHash, leaves: [], withdrawals: [] }
  const data = { epoch: 1n, time: cluster.clock.now() - 1000n, newRoot: toBytes32(1n), queueCursor: 0n, beneficiary: zeroAddress, certificates: [certificate] }
  await cluster.l1.call(9, cluster.contracts.hub, { abi: causewayHubAbi, functionName: 'settle', args: [data, '0x11'] })
  for (let turn = 0; turn < 2; turn++) await expect(a.derive()).rejects.toMatchObject({ code: 'DIVERGED' })
  expect(a.head(follower).hash).toBe(a.head().hash)
})
