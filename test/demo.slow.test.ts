import { strict as assert } from 'node:assert'
import { rebuildFromL1 } from '@causeway/aggregator'
import { createCluster, type Cluster } from '@causeway/cluster'
import { causewayHubAbi } from '@causeway/contracts'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { CHAINS } from './demo/modules.js'
import { settleAndClaim, tellStory } from './demo/story.js'

/** ms for what takes a proof: seconds here, minutes on a machine that does much else. */
const SETTLED = 900_000

let cluster: Cluster
beforeAll(async () => {
  cluster = await createCluster({ chains: CHAINS })
})
afterAll(() => cluster?.stop())

it('plays the demo: real L1, real blobs, three chains (one in its own process, one of typed modules), real proofs, real claims', async () => {
  const story = await tellStory(cluster)
  await settleAndClaim(cluster, story)
  for (const { what, gas } of story.gas) expect(gas, what).toBeLessThanOrEqual(what.startsWith('claim') ? 120_000n : 150_000n)

  const reader = await cluster.readL1()
  const both = reader.epochs().filter(({ data }) => data.certificates.length === 2)
  expect(both.length).toBeGreaterThan(0)
  for (const { l1 } of both) expect((await cluster.l1.client.getTransactionReceipt({ hash: l1.transactionHash })).gasUsed).toBeLessThanOrEqual(1_160_000n)

  const { registry } = await rebuildFromL1({ client: cluster.l1.client, hub: cluster.contracts.hub })
  expect(registry.root).toBe(BigInt(await cluster.l1.client.readContract({ address: cluster.contracts.hub, abi: causewayHubAbi, functionName: 'root' })))
}, 2 * SETTLED)

it('goes on without the aggregator, and the ladder says where it stops', async () => {
  const [a, b] = cluster.chains
  assert(a && b)
  // A chain has one certificate at a time: one that waits for the aggregator would keep the message from being certified.
  await vi.waitUntil(async () => (await Promise.all([a, b].map(({ client }) => client.getChainStatus()))).every(({ certificate }) => certificate === null), { timeout: SETTLED, interval: 50 })
  await cluster.stopAggregator()
  const before = await a.client.getBlockNumber()
  const { id } = await a.wallet(0).sendMessage({ destination: b.chainId, recipient: cluster.userAccount(3).address, value: 1n })
  await b.client.waitForMessage({ id, until: 'certified', timeout: SETTLED })
  expect(await a.client.getBlockNumber()).toBeGreaterThan(before)
  expect((await b.client.getMessageStatus({ id }))?.rung).toBe('certified')
  await cluster.startAggregator()
  const settled = await b.client.waitForMessage({ id, until: 'settled', timeout: SETTLED })
  expect(['settled', 'final']).toContain(settled.rung)
}, 2 * SETTLED)

it('prints what is trusted, from the running system', async () => {
  const lines = await cluster.trust()
  expect(lines.join('\n')).toMatch(/DEVELOPMENT/)
  expect(lines.filter((line) => line.includes('2 of 2')).length).toBe(3)
})
