import { applyQueueEntry, CAPACITY, genesisHeader, headerHash, memoryNodes, openTree, REGISTRY, updateTree, type ChainHeader, type ClusterDomain, type EpochWitness, type NodeStore, type QueueEntry } from '@causeway/core'
import type { Registry } from '../registry/registry.js'

/** The cluster with the queue's entries applied: what the certificates start from. */
export type Base = { root: bigint; headers: ReadonlyMap<bigint, ChainHeader>; nodes: NodeStore; queue: EpochWitness['queue'] }

/** Applies the queue's next entries to the registry. */
export function applyQueue({ registry, queue, domain }: { registry: Registry; queue: readonly QueueEntry[]; domain: Pick<ClusterDomain, 'l1ChainId'> }): Base {
  const nodes = memoryNodes(registry.nodes)
  const headers = new Map(registry.headers)
  let { root, queueHash } = registry
  const openings = queue.slice(0, CAPACITY.queue).map((entry) => {
    const { leaf, siblings } = openTree(nodes, REGISTRY, root, entry.slot)
    const opening = { entry, leaf, siblings }
    const applied = applyQueueEntry(root, queueHash, opening, domain.l1ChainId)
    if (applied.admitted) {
      const header = genesisHeader(entry.chainId, entry.stateRoot, BigInt(entry.policyHash))
      headers.set(entry.slot, header)
      updateTree(nodes, REGISTRY, root, entry.slot, headerHash(header))
    }
    ;({ root, hash: queueHash } = applied)
    return opening
  })
  return { root, headers, nodes, queue: openings }
}
