import { OUTBOX, openTree, policyHash, toBytes32 } from '@causeway/core'
import { createTwinCluster, TEST_BENEFICIARY, TEST_DOMAIN, TEST_L1_CHAIN_ID, type TwinChain } from '@causeway/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { applySettledEpoch, composeEpoch, epochDataFor, rebuildFromEvents, settledEpochOf } from '../index.js'
import { createScene } from '../service-fixture.js'

describe('rebuildFromEvents', () => {
  const cluster = createTwinCluster([101n, 102n])
  const [a, b] = cluster.chains as [TwinChain, TwinChain]
  const registrations = cluster.queue.map(({ entry }, i) => ({ ...entry, queueIndex: BigInt(i), policyHash: BigInt(entry.policyHash) }))
  const epochs: Parameters<typeof rebuildFromEvents>[0]['epochs'][number][] = []
  const rebuild = (given = epochs, queue = registrations) => rebuildFromEvents({ registrations: queue, epochs: given, l1ChainId: TEST_L1_CHAIN_ID })

  beforeAll(async () => {
    for (let round = 0; round < 2; round++) {
      cluster.tick()
      a.deposit(100n)
      const sent = a.send({ destination: b.chainId, amount: 5n })
      cluster.tick()
      b.import(sent, policyHash(a.policy))
      b.send({ destination: TEST_L1_CHAIN_ID, amount: 2n })
      const { epoch } = cluster.compose([await a.certify(), await b.certify()])
      if (!epoch) throw new Error('not composed')
      epochs.push({ oldRoot: toBytes32(cluster.registry.root), newRoot: toBytes32(epoch.result.rootTo), data: epochDataFor(epoch, { daIndex: () => 1n }) })
      cluster.settle(epoch)
    }
  })

  it('gives every header and every outbox', () => {
    const { registry, outboxes } = rebuild()
    expect(registry.root).toBe(cluster.registry.root)
    expect([...registry.headers]).toEqual([[0n, a.header], [1n, b.header]])
    expect([...outboxes].map(([chainId, leaves]) => [chainId, leaves.length])).toEqual([[101n, 2], [102n, 2]])
    for (const chain of [a, b])
      outboxes.get(chain.chainId)?.forEach((leaf, nonce) => expect(openTree(registry.nodes, OUTBOX, chain.header.outboxRoot, BigInt(nonce)).leaf).toBe(leaf))
  })

  it('is enough to go on when whoever settled withholds all', async () => {
    const { registry } = rebuild()
    cluster.tick()
    b.deposit(1n)
    const certificate = await b.certify()
    const { epoch } = composeEpoch({ registry, domain: TEST_DOMAIN, time: cluster.time, beneficiary: TEST_BENEFICIARY, queue: [], candidates: [certificate], places: 2 })
    expect(epoch?.witness.rootFrom).toBe(cluster.registry.root)
  })

  it('notices data that is not what settled', () => {
    const [first, second] = epochs as [(typeof epochs)[number], (typeof epochs)[number]]
    const code = (act: () => unknown) => expect(act).toThrow(expect.objectContaining({ code: 'REGISTRY_MISMATCH' }))
    code(() => rebuild([second]))
    code(() => rebuild(epochs, registrations.slice(0, 1)))
    code(() => rebuild(epochs, registrations.slice(1)))
    const [certificate] = first.data.certificates
    for (const change of [{ leaves: [] }, { stateRoot: toBytes32(1n) }, { balanceRoot: toBytes32(1n) }, { slot: 7 }, { timestamp: 1n }])
      code(() => rebuild([{ ...first, data: { ...first.data, certificates: [{ ...certificate, ...change } as never, ...first.data.certificates.slice(1)] } }]))
    code(() => rebuild([first, { ...second, oldRoot: first.oldRoot }]))
    code(() => applySettledEpoch(rebuild([first]).registry, settledEpochOf(first.data), cluster.queue, TEST_L1_CHAIN_ID))
  })
})

describe('registry on disk', () => {
  it('is believed only as far as L1 says the same', async () => {
    const scene = createScene()
    const first = scene.aggregator({ epochInterval: 0 })
    for (const certificate of await scene.certify([scene.chains[0]])) await first.submit(certificate)
    await first.run()
    const [, b] = scene.chains
    for (const certificate of await scene.certify([b])) await first.submit(certificate)
    await first.run()
    expect(first.registry().epoch).toBe(2n)
    // L1 goes back, and settles something else as epoch 2 while the aggregator is down.
    const elsewhere = scene.l1.epochs.splice(1)
    for (const certificate of await scene.certify([b])) {
      const other = scene.aggregator({ epochInterval: 0 })
      await other.submit(certificate)
      await other.run()
    }
    expect(scene.l1.epochs[1]?.newRoot).not.toBe(elsewhere[0]?.newRoot)
    const second = scene.aggregator({ store: first.store })
    expect(second.registry().epoch).toBe(2n)
    await second.step()
    expect(toBytes32(second.registry().root)).toBe(scene.l1.epochs[1]?.newRoot)
  })
})
