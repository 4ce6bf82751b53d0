import {
  CausewayError,
  emptyRoot,
  genesisHeader,
  headerHash,
  isAdmissible,
  memoryNodes,
  OUTBOX,
  REGISTRY,
  updateRange,
  updateTree,
  ZERO_HASH,
  type Certificate,
  type ChainHeader,
  type NodeStore,
  type QueueEntry,
} from '@causeway/core'
import type { Hex } from 'viem'

/** The cluster as L1 has settled it: every header and every outbox, rebuilt from L1 alone. A value; each epoch makes a new one. */
export type Registry = {
  epoch: bigint
  root: bigint
  queueApplied: bigint
  queueHash: Hex
  /** By slot. */
  headers: ReadonlyMap<bigint, ChainHeader>
  /** By slot: the epoch that last moved the chain, or registered it. */
  moved: ReadonlyMap<bigint, bigint>
  /** Registry and outbox trees, content-addressed. */
  nodes: NodeStore
}

/** The registry before the first epoch. */
export function emptyRegistry(): Registry {
  return { epoch: 0n, root: emptyRoot(REGISTRY), queueApplied: 0n, queueHash: ZERO_HASH, headers: new Map(), moved: new Map(), nodes: memoryNodes() }
}

/** Slot of a chain in the registry, or undefined. */
export function slotOf(registry: Pick<Registry, 'headers'>, chainId: bigint): bigint | undefined {
  for (const [slot, header] of registry.headers) if (header.chainId === chainId) return slot
  return undefined
}

/** Queue entries that no epoch has applied. */
export function pendingQueue(l1: { queue(): readonly { entry: QueueEntry }[] }, { queueApplied }: Pick<Registry, 'queueApplied'>): QueueEntry[] {
  return l1.queue().slice(Number(queueApplied)).map(({ entry }) => entry)
}

/** Whether an epoch has settled a certificate of this height. */
export function isSettled({ before }: Certificate, registry: Registry | undefined): boolean {
  const header = registry?.headers.get(slotOf(registry, before.chainId) ?? -1n)
  return header !== undefined && header.height > before.height
}

/** Puts new leaves into the outbox tree of their chain, so that imports of them can be opened. Returns the outbox root. */
export function appendLeaves(nodes: NodeStore, { outboxRoot, outboxSize }: Pick<ChainHeader, 'outboxRoot' | 'outboxSize'>, leaves: readonly bigint[]): bigint {
  return updateRange(nodes, OUTBOX, outboxRoot, outboxSize, leaves)
}

/** What a settled certificate says on L1, beyond the fields that follow from the header before. */
export type SettledCertificate = {
  slot: bigint
  height: bigint
  timestamp: bigint
  l1InboxCursor: bigint
  stateRoot: Hex
  inboxRoot: bigint
  balanceRoot: bigint
  leaves: readonly bigint[]
}

/** Header after a certificate, from the one before and the L1 data; appends the leaves to the outbox in `nodes`. */
export function headerAfter(nodes: NodeStore, before: ChainHeader, certificate: SettledCertificate): ChainHeader {
  const { slot: _slot, leaves, ...fields } = certificate
  return { ...before, ...fields, outboxRoot: appendLeaves(nodes, before, leaves), outboxSize: before.outboxSize + BigInt(leaves.length) }
}

/** An epoch as L1's logs tell it. */
export type SettledEpoch = { epoch: bigint; newRoot: bigint; queueCursor: bigint; certificates: readonly SettledCertificate[] }

/**
 * The registry after an epoch, from L1's data alone.
 * @param queue all queue entries of the hub from index 0 on; only those that the epoch applied are read
 * @throws `REGISTRY_MISMATCH` if the data does not give the root that the hub stored
 */
export function applySettledEpoch(registry: Registry, settled: SettledEpoch, queue: readonly { entry: QueueEntry; hash: Hex }[], l1ChainId: bigint): Registry {
  if (settled.epoch !== registry.epoch + 1n)
    throw new CausewayError(`Epoch ${settled.epoch} cannot follow epoch ${registry.epoch}.`, { code: 'REGISTRY_MISMATCH', fix: 'read the hub again from its first block' })
  const headers = new Map(registry.headers)
  const moved = new Map(registry.moved)
  const { nodes } = registry
  let { root, queueHash } = registry
  for (let at = registry.queueApplied; at < settled.queueCursor; at++) {
    const item = queue[Number(at)]
    if (!item) throw new CausewayError(`Queue entry ${at} is missing, though epoch ${settled.epoch} applied it.`, { code: 'REGISTRY_MISMATCH', fix: 'read the hub from its first block on' })
    queueHash = item.hash
    const { entry } = item
    if (!isAdmissible(entry, headers.has(entry.slot) ? 1n : 0n, l1ChainId)) continue
    const header = genesisHeader(entry.chainId, entry.stateRoot, BigInt(entry.policyHash))
    headers.set(entry.slot, header)
    moved.set(entry.slot, settled.epoch)
    root = updateTree(nodes, REGISTRY, root, entry.slot, headerHash(header))
  }
  for (const certificate of settled.certificates) {
    const before = headers.get(certificate.slot)
    if (!before) throw new CausewayError(`Epoch ${settled.epoch} moves slot ${certificate.slot}, where no chain is.`, { code: 'REGISTRY_MISMATCH' })
    const after = headerAfter(nodes, before, certificate)
    headers.set(certificate.slot, after)
    moved.set(certificate.slot, settled.epoch)
    root = updateTree(nodes, REGISTRY, root, certificate.slot, headerHash(after))
  }
  if (root !== settled.newRoot)
    throw new CausewayError(`Epoch ${settled.epoch} rebuilt from L1 gives another cluster root than the hub's.`, {
      code: 'REGISTRY_MISMATCH',
      fix: 'read the hub again from its first block; if it persists, report it: the epoch data on L1 does not determine the registry',
    })
  return { epoch: settled.epoch, root, queueApplied: settled.queueCursor, queueHash, headers, moved, nodes }
}
