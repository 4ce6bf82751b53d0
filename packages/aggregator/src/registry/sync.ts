import type { SettlementLayer } from '../settlement/settlement-layer.js'
import type { RegistryStore } from './registry-store.js'
import { applySettledEpoch, type Registry, type SettledEpoch } from './registry.js'

/**
 * Brings a registry to where L1 is: goes back over epochs that L1 has taken back, then applies those that it has settled.
 * Saves after each, so that a restart does no work twice.
 */
export async function syncRegistry(registry: Registry, l1: SettlementLayer, store: RegistryStore): Promise<{ registry: Registry; applied: SettledEpoch[]; removed: bigint }> {
  let now = rewind(registry, l1, store)
  const removed = registry.epoch - now.epoch
  const applied: SettledEpoch[] = []
  const pending = l1.epochs(now.epoch + 1n)
  const queue = l1.queue()
  for (const settled of pending) {
    now = applySettledEpoch(now, settled, queue, l1.domain.l1ChainId)
    await store.save(now)
    applied.push(settled)
  }
  return { registry: now, applied, removed }
}

/** The last registry that L1 still stands on. Whatever the store holds is believed only if L1 says the same. */
function rewind(registry: Registry, l1: SettlementLayer, store: RegistryStore): Registry {
  let now = registry
  const queue = l1.queue()
  const stands = ({ epoch, root, queueApplied, queueHash }: Registry): boolean => {
    const settled = l1.epochs(epoch)[0]
    // The root does not tell of queue entries that were refused, but the next epoch's proof starts at the hash of all that were applied.
    return settled?.newRoot === root && settled.queueCursor === queueApplied && (queueApplied === 0n || queue[Number(queueApplied) - 1]?.hash === queueHash)
  }
  while (now.epoch > 0n && !stands(now)) {
    const before = store.at(now.epoch - 1n)
    // Deeper than what is kept: from the beginning, L1 has it all.
    if (!before) return store.genesis()
    now = before
  }
  return now
}
