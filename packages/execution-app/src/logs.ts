import { CausewayError, logMatcher, type LogFilter, type LogReader, type PlacedLog, type Store } from '@causeway/core'
import type { Hex } from 'viem'
import type { AppBlock, Blocks } from './block.js'
import { eventLogs } from './events.js'
import type { Module } from './module.js'
import { rows } from './rows.js'

/** Reads the events of blocks as logs. */
export function openLogs(store: Pick<Store, 'range'>, blocks: Blocks, modules: ReadonlyMap<string, Module>): LogReader<AppBlock> {
  const logOf = eventLogs(modules)
  const getBlock = (at: bigint | Hex): AppBlock | undefined => (typeof at === 'bigint' ? blocks.byNumber(at) : blocks.byHash(at))

  /** Of blocks that are kept decoded: all subscriptions ask for those of the head. */
  const made = new WeakMap<AppBlock, { logs: PlacedLog[] }[]>()

  function getReceipts(at: Hex): { logs: PlacedLog[] }[] | undefined {
    const block = blocks.byHash(at)
    if (!block) return undefined
    let logIndex = 0
    const receipts =
      made.get(block) ??
      block.receipts.map(({ hash, events }, transactionIndex) => ({
        logs: events.map((emitted) => ({ ...logOf(emitted), blockNumber: block.number, blockHash: block.hash, transactionHash: hash, transactionIndex, logIndex: logIndex++ })),
      }))
    made.set(block, receipts)
    return receipts
  }

  /** Blocks of the head's branch that have events. */
  function* withEvents(from: bigint, to: bigint): Iterable<Hex> {
    for (const { key } of store.range(rows.eventsRange(from, to))) {
      const [, , number, hash] = key.split('/')
      if (blocks.byNumber(BigInt(`0x${number}`))?.hash === `0x${hash}`) yield `0x${hash}`
    }
  }

  function getLogs(filter: LogFilter & ({ from: bigint; to: bigint } | { blockHash: Hex })): PlacedLog[] {
    const matches = logMatcher(filter)
    const matching = (hash: Hex) => (getReceipts(hash) ?? []).flatMap(({ logs }) => logs.filter(matches))
    if (!('blockHash' in filter)) return [...withEvents(filter.from, filter.to)].flatMap(matching)
    if (!blocks.byHash(filter.blockHash)) throw new CausewayError(`header not found: block ${filter.blockHash}`, { code: 'UNKNOWN_BLOCK' })
    return matching(filter.blockHash)
  }

  return { head: blocks.head, getBlock, getReceipts, getLogs }
}
