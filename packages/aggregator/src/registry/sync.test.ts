import { emptyRoot, nextQueueHash, REGISTRY, toBytes32, ZERO_HASH, type QueueEntry } from '@causeway/core'
import { memoryStore } from '@causeway/testing'
import { expect, it } from 'vitest'
import type { SettlementLayer } from '../settlement/settlement-layer.js'
import { createRegistryStore } from './registry-store.js'
import { syncRegistry } from './sync.js'

it('the registry follows L1 to another branch that has the same root by another queue', async () => {
  const L1 = 900n
  /** An entry that is consumed as refused: it names L1's own id. */
  const refused = (slot: bigint): QueueEntry => ({ kind: 1, slot, chainId: L1, stateRoot: ZERO_HASH, policyHash: toBytes32(1n) })
  let entries = [refused(0n), refused(1n)]
  let cursor = 1n
  const MockLayer = {
    domain: { l1ChainId: L1 },
    queue: () => {
      let hash = ZERO_HASH
      return entries.map((entry) => ({ entry, hash: (hash = nextQueueHash(hash, entry)) }))
    },
    epochs: (from: bigint) => (from <= 1n ? [{ epoch: 1n, newRoot: emptyRoot(REGISTRY), queueCursor: cursor, certificates: [] }] : []),
  } as unknown as SettlementLayer
  const store = createRegistryStore(memoryStore())
  const first = await syncRegistry(store.latest(), MockLayer, store)
  expect(first).toMatchObject({ removed: 0n, registry: { epoch: 1n, queueApplied: 1n, queueHash: MockLayer.queue()[0]?.hash } })
  expect(await syncRegistry(first.registry, MockLayer, store)).toMatchObject({ removed: 0n, applied: [] })

  // L1 goes back, and applies another entry.
  entries = [refused(7n), refused(1n)]
  const second = await syncRegistry(first.registry, MockLayer, store)
  expect(second).toMatchObject({ removed: 1n, registry: { epoch: 1n, queueApplied: 1n, queueHash: MockLayer.queue()[0]?.hash } })
  // Or more of them.
  cursor = 2n
  expect(await syncRegistry(second.registry, MockLayer, store)).toMatchObject({ removed: 1n, registry: { queueApplied: 2n, queueHash: MockLayer.queue()[1]?.hash } })
})
