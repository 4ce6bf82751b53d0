import { CausewayError, nextDaHash, nextInboxHash, ZERO_HASH } from '@causeway/core'
import type { Hex } from 'viem'
import type { BatcherRecord, EpochRecord, InboxRecord, L1Event, L1Log, PostingRecord, RegistrationRecord } from './events.js'

type Records = {
  inbox: Map<bigint, InboxRecord[]>
  posting: Map<bigint, PostingRecord[]>
  registration: RegistrationRecord[]
  batcher: BatcherRecord[]
  epoch: EpochRecord[]
}

/** The events of L1's canonical chain, in order, checked as they are added. Does no I/O. */
export type History = {
  /**
   * Adds what logs tell, in L1's order; all or none.
   * @throws CausewayError `L1_EVENT_GAP` when one is missing, `L1_HASH_MISMATCH` when an event's rolling hash is not that of its content
   */
  add(logs: readonly L1Log[]): L1Event[]
  /** Takes back the events of blocks above `blockNumber`; returns them, newest first. */
  truncate(blockNumber: bigint): L1Event[]
  /** Records in blocks up to and including `until`. */
  inbox(chainId: bigint, until: bigint): readonly InboxRecord[]
  postings(chainId: bigint, until: bigint): readonly PostingRecord[]
  registrations(until: bigint): readonly RegistrationRecord[]
  batchers(until: bigint): readonly BatcherRecord[]
  epochs(until: bigint): readonly EpochRecord[]
}

const GAP_FIX = 'The RPC node left events out, or reading starts after the deployment block; use a node with all logs since the deployment.'

/** An empty {@link History}. */
export function createHistory(): History {
  const events: L1Event[] = []
  const records: Records = { inbox: new Map(), posting: new Map(), registration: [], batcher: [], epoch: [] }
  /** How often each chain's batcher was changed. */
  const eras = new Map<bigint, bigint>()
  /** How each registered chain posts. */
  const kinds = new Map<bigint, number>()

  const eraOf = (chainId: bigint): bigint => eras.get(chainId) ?? 0n

  function kindOf({ chainId, l1 }: L1Log & { type: 'posting' }): number {
    const kind = kinds.get(chainId)
    if (kind === undefined)
      throw new CausewayError(`L1 block ${l1.blockNumber} has a posting of chain ${chainId}, which no block before has registered.`, {
        code: 'L1_EVENT_GAP',
        fix: GAP_FIX,
      })
    return kind
  }

  function list(event: L1Event): unknown[] {
    if (event.type === 'inbox' || event.type === 'posting') return ofChain<unknown>(records[event.type], event.chainId)
    return records[event.type]
  }

  function shrink(keep: number): L1Event[] {
    const removed = events.splice(keep).reverse()
    for (const event of removed) {
      list(event).pop()
      if (event.type === 'batcher') eras.set(event.chainId, event.era - 1n)
      if (event.type === 'registration') kinds.delete(event.chainId)
    }
    return removed
  }

  return {
    add(added) {
      const before = events.length
      try {
        for (const log of added) {
          const event = log.type === 'posting' ? { ...log, era: eraOf(log.chainId), reference: { ...log.reference, kind: kindOf(log) } } : log
          check(event, records, eraOf)
          list(event).push(event)
          events.push(event)
          if (event.type === 'batcher') eras.set(event.chainId, event.era)
          if (event.type === 'registration') kinds.set(event.chainId, event.daKind)
        }
        return events.slice(before)
      } catch (error) {
        shrink(before)
        throw error
      }
    },
    truncate(blockNumber) {
      let keep = events.length
      while (keep > 0 && (events[keep - 1] as L1Event).l1.blockNumber > blockNumber) keep--
      return shrink(keep)
    },
    inbox: (chainId, until) => upTo(records.inbox.get(chainId) ?? [], until),
    postings: (chainId, until) => upTo(records.posting.get(chainId) ?? [], until),
    registrations: (until) => upTo(records.registration, until),
    batchers: (until) => upTo(records.batcher, until),
    epochs: (until) => upTo(records.epoch, until),
  }
}

function ofChain<T>(map: Map<bigint, T[]>, chainId: bigint): T[] {
  const found = map.get(chainId) ?? []
  map.set(chainId, found)
  return found
}

function upTo<T extends { l1: { blockNumber: bigint } }>(list: readonly T[], until: bigint): readonly T[] {
  let count = list.length
  while (count > 0 && (list[count - 1] as T).l1.blockNumber > until) count--
  return count === list.length ? list : list.slice(0, count)
}

function check(event: L1Event, records: Records, eraOf: (chainId: bigint) => bigint): void {
  switch (event.type) {
    case 'inbox': {
      const known = records.inbox.get(event.chainId) ?? []
      const name = `entry ${event.entry.index} of the L1 inbox of chain ${event.chainId}`
      inOrder(name, event.entry.index, BigInt(known.length), event)
      sameHash(name, nextInboxHash(known.at(-1)?.hash ?? ZERO_HASH, event.entry), event.hash, event)
      return
    }
    case 'posting': {
      const known = records.posting.get(event.chainId) ?? []
      const name = `posting ${event.reference.index} of chain ${event.chainId}`
      inOrder(name, event.reference.index, BigInt(known.length + 1), event)
      sameHash(name, nextDaHash(known.at(-1)?.daHash ?? ZERO_HASH, event.reference.commitment), event.daHash, event)
      return
    }
    case 'registration':
      return inOrder(`registration ${event.queueIndex}`, event.queueIndex, BigInt(records.registration.length), event)
    case 'batcher':
      return inOrder(`change ${event.era} of the batcher of chain ${event.chainId}`, event.era, eraOf(event.chainId) + 1n, event)
    case 'epoch':
      return inOrder(`epoch ${event.epoch}`, event.epoch, BigInt(records.epoch.length + 1), event)
  }
}

function inOrder(name: string, index: bigint, expected: bigint, { l1 }: L1Event): void {
  if (index !== expected)
    throw new CausewayError(`L1 block ${l1.blockNumber} has ${name} where ${expected} is next.`, {
      code: 'L1_EVENT_GAP',
      fix: GAP_FIX,
    })
}

function sameHash(name: string, computed: Hex, emitted: Hex, { l1 }: L1Event): void {
  if (computed !== emitted)
    throw new CausewayError(`The content of ${name} (L1 block ${l1.blockNumber}) hashes to ${computed}, but its event says ${emitted}.`, {
      code: 'L1_HASH_MISMATCH',
      fix: 'The RPC node altered an event, or the contracts at these addresses are of another version; compare with another node.',
      docs: 'protocol.md#8-l1-inbox',
    })
}
