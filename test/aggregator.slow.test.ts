import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rebuildFromL1 } from '@causeway/aggregator'
import { encodeJson, headerHash, messageLeaf, openTree, OUTBOX } from '@causeway/core'
import { lmdbStore } from '@causeway/node'
import { memoryStore } from '@causeway/testing'
import { createTestCluster, type TestCluster } from '@causeway/testing/cluster'
import { parseEther } from 'viem'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ChildAggregator } from './aggregator-child.js'

describe('the aggregator', () => {
  let cluster: TestCluster
  beforeEach(async () => {
    cluster = await createTestCluster()
  })
  afterEach(() => cluster.stop())

  async function fund() {
    const [a, b] = cluster.chains
    const [alice, bob] = cluster.users
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('10'), recipient: alice.address })
    await a.build()
    await b.build()
    return { a, b, alice, bob }
  }

  it('may be away: chains and messages go on, and one certificate covers all that happened', async () => {
    const { a, b, alice, bob } = await fund()
    await cluster.stopAggregator()
    await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: parseEther('1') })
    const [message] = a.sent(await a.build())
    if (!message) throw new Error('nothing was sent')
    await b.build()
    expect(await b.balance(bob.address)).toBe(parseEther('1'))
    expect(await b.message(message)).toMatchObject({ rung: 'executed', sourceRung: 'included' })
    for (let i = 0; i < 10; i++) {
      await a.build()
      await b.build()
    }
    for (const chain of [a, b]) {
      await chain.publish()
      await chain.derive()
      await chain.certify()
    }
    for (let i = 0; i < 10; i++) {
      await a.build()
      await b.build()
      await cluster.l1.mine()
    }
    for (const chain of [a, b]) await chain.advance()
    // The ladder says where it stops: signed, not proven.
    expect(await b.message(message)).toMatchObject({ rung: 'certified', sourceRung: 'certified' })
    for (const chain of [a, b]) {
      expect(chain.sequencer.rollup.status.chain()).toMatchObject({ blocks: { safe: { number: 0n } }, certificate: { height: 1n, rung: 'certified' } })
      expect(chain.sequencer.rollup.certifier?.newest()).toMatchObject({ fromBlock: 1n, height: 1n })
      expect(chain.sequencer.rollup.certifier?.newest()?.toBlock).toBeGreaterThan(10n)
    }

    await cluster.restartAggregator()
    expect(await cluster.settle()).toContain('settled')
    expect(await b.message(message)).toMatchObject({ rung: 'settled', sourceRung: 'settled' })
    for (const chain of [a, b]) await chain.certify()
    await cluster.settle()
    for (const chain of [a, b]) expect(chain.sequencer.rollup.settled()).toMatchObject({ header: { height: 2n }, block: chain.head().number })
    expect(cluster.aggregator.registry().epoch).toBe(2n)
  })

  it('may withhold all it has: a second one with an empty database settles the next epoch from L1 alone', async () => {
    const { a, b, alice, bob } = await fund()
    const messages = []
    for (let i = 0; i < 2; i++) {
      await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: parseEther('1') })
      messages.push(...a.sent(await a.build()))
      await cluster.round()
    }
    const { registry, outboxes } = await rebuildFromL1({ client: cluster.l1.client, hub: cluster.contracts.hub })
    expect(registry.root).toBe(cluster.aggregator.registry().root)
    for (const [slot, chain] of [a, b].entries()) {
      const header = registry.headers.get(BigInt(slot))
      expect(header && headerHash(header)).toBe(headerHash(chain.sequencer.rollup.settled().header))
    }
    expect(outboxes.get(a.chainId)).toEqual(messages.map((message) => messageLeaf(message, registry.headers.get(0n)?.policyHash ?? 0n)))
    expect(openTree(registry.nodes, OUTBOX, registry.headers.get(0n)?.outboxRoot ?? 0n, 1n).leaf).toBe(outboxes.get(a.chainId)?.[1])

    await cluster.restartAggregator(memoryStore())
    const before = registry.epoch
    await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: parseEther('1') })
    await a.build()
    await cluster.round()
    expect(cluster.aggregator.registry().epoch).toBeGreaterThan(before)
    expect(a.sequencer.rollup.settled().header.outboxSize).toBe(3n)
    expect(await b.balance(bob.address)).toBe(parseEther('3'))
  })

  it('goes on from disk after it was killed while proving', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'causeway-'))
    try {
      const { a, b } = await fund()
      await cluster.stopAggregator()
      const certificates = []
      for (const chain of [a, b]) {
        await chain.publish()
        await chain.derive()
        const record = await chain.certify()
        if (record?.state !== 'certified') throw new Error('not certified')
        certificates.push({ ...record.draft, signatures: record.signatures })
      }
      const config: ChildAggregator = { url: cluster.l1.anvil.url, contracts: cluster.contracts, domain: cluster.domain, path: directory, time: cluster.clock.now(), certificates }
      const child = fork(fileURLToPath(new URL('./aggregator-child.ts', import.meta.url)), { execArgv: ['--import', 'tsx', '--conditions=source'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      const exited = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)))
      const proving = new Promise((resolve, reject) => {
        child.once('message', resolve)
        child.once('exit', (code) => reject(new Error(`the aggregator ended with code ${code}`)))
      })
      child.send(encodeJson(config))
      expect(await proving).toBe('proving')
      child.kill('SIGKILL')
      expect(await exited).toBe('SIGKILL')

      const store = lmdbStore(directory)
      await cluster.restartAggregator(store)
      expect(cluster.aggregator.status()).toMatchObject({ state: 'proving', epoch: 1n })
      expect(await cluster.settle()).toEqual(['proven', 'settling', 'settled', 'collecting'])
      for (const chain of [a, b]) expect(chain.sequencer.rollup.settled().header.height).toBe(1n)
      await cluster.restartAggregator(memoryStore())
      await store.close()
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
