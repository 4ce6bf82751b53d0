import type { Hex } from 'viem'
import { genesisHeader, headerHash } from '../protocol/header.js'
import { FIELD, uint } from '../protocol/limits.js'
import { nextQueueHash } from '../protocol/l1.js'
import type { QueueEntry } from '../protocol/types.js'
import { pathRoot, REGISTRY } from '../tree/tree.js'
import { rule } from './rule.js'

/** Whether a queue entry registers a chain, given what stands at its slot; otherwise it is consumed as refused. */
export function isAdmissible(entry: QueueEntry, leaf: bigint, l1ChainId: bigint): boolean {
  const policy = BigInt(entry.policyHash)
  return entry.kind === 1 && entry.chainId !== 0n && entry.chainId !== l1ChainId && policy !== 0n && policy < FIELD && leaf === 0n
}

/** R29: applies one entry of the hub's queue to the registry. Total: every entry has an outcome, so none can stop an epoch. */
export function applyQueueEntry(
  root: bigint,
  hash: Hex,
  { entry, leaf, siblings }: { entry: QueueEntry; leaf: bigint; siblings: readonly bigint[] },
  l1ChainId: bigint,
): { root: bigint; hash: Hex; admitted: boolean } {
  rule(29, pathRoot(REGISTRY, uint(32, entry.slot, 'slot'), leaf, siblings) === root, `slot ${entry.slot} is not opened under the registry root`)
  const admitted = isAdmissible(entry, leaf, l1ChainId)
  const header = admitted ? headerHash(genesisHeader(entry.chainId, entry.stateRoot, BigInt(entry.policyHash))) : leaf
  return { root: pathRoot(REGISTRY, entry.slot, header, siblings), hash: nextQueueHash(hash, entry), admitted }
}
