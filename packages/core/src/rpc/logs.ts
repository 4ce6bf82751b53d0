import { bytesToHex, type Hex } from 'viem'
import type { HeadEvent, RpcHandler } from '../seams/rpc.js'
import { invalidParams, RPC_CODE, rpcError } from './errors.js'
import { findBlock } from './find-block.js'
import { createJournal, type Journal } from './journal.js'
import { logMatcher, logQuery, type LogFilter, type LogQuery } from './log-filter.js'
import { formatLog, type Json, type LogContext, type PlacedLog, type ShownBlock } from './log-source.js'
import { requiredParam, type Params } from './params.js'
import { createPlaces } from './places.js'
import { inSlices } from './slices.js'

/** Head events and transactions that filters can still be told of: more than come in the time that a filter lives unpolled. */
const KEPT = 20_000
/** Blocks that one turn of a log query looks at. */
const BLOCKS_A_TURN = 32
/** Log queries that run at a time (each holds what it has found), and that wait. */
const [QUERIES, WAITING] = [8, 256]
/** Characters of a log besides its data, about. */
const LOG_OVERHEAD = 600

/** `eth_getLogs` and polled filters. */
export function logMethods<B extends ShownBlock>(context: LogContext<B>): Record<string, RpcHandler> {
  const { chain, clock, limits, reader, secondsOf, scheduler } = context
  // Filters keep their place in what happened, and nothing of it: neither their number nor what they match costs a block anything.
  const heads = createJournal<HeadEvent>(KEPT)
  const pending = createJournal<Hex>(KEPT)
  const filters = new Map<string, Filter>()
  chain.onHead(heads.add)
  chain.onPendingTransaction(pending.add)
  const now = () => clock?.now() ?? 0n
  const place = createPlaces({ count: QUERIES, waiting: WAITING, full: () => rpcError(RPC_CODE.limitExceeded, 'too many log queries are under way: try again in a moment') })

  function install(kind: Kind): Hex {
    // Those polled longest ago come first.
    for (const [id, { polled }] of filters) {
      if (filters.size < limits.filters && now() - polled <= BigInt(limits.filterMs)) break
      filters.delete(id)
    }
    // Whoever could guess it would read and uninstall other clients' filters.
    const id = bytesToHex(crypto.getRandomValues(new Uint8Array(16)))
    filters.set(id, { ...kind, next: kind.kind === 'pending' ? pending.end() : heads.end(), polled: now() })
    return id
  }
  function find(params: Params): Filter {
    const id = idOf(params)
    const filter = filters.get(id)
    if (!filter || now() - filter.polled > BigInt(limits.filterMs)) throw rpcError(RPC_CODE.server, 'filter not found')
    filter.polled = now()
    filters.delete(id)
    filters.set(id, filter)
    return filter
  }

  /** What came since the filter was asked last. Logs: as many whole blocks of them as one answer holds; the rest with the next. */
  async function changes(filter: Filter): Promise<unknown[]> {
    switch (filter.kind) {
      case 'block':
        return take(heads, filter).flatMap(({ hash }) => hash ?? [])
      case 'pending': {
        const hashes = take(pending, filter)
        if (!filter.full) return hashes
        return (await inSlices(hashes, scheduler, (hash) => context.transactionByHash(hash))).filter((found) => found !== null)
      }
      case 'log': {
        const found: Json[] = []
        let size = 0
        for (const event of heads.from(filter.next)) {
          const logs = await logsOfEvent(context, event, filter.query, () => scheduler.next(filter))
          size += logs.reduce((sum, { data }) => sum + (data as string).length + LOG_OVERHEAD, 0)
          if (found.length > 0 && (found.length + logs.length > limits.logs || size > limits.logsBytes)) break
          found.push(...logs)
          filter.next++
        }
        return found
      }
    }
  }

  return {
    eth_getLogs(params, { address }) {
      const query = logQuery(params[0], limits)
      return place(address, () => queryLogs(query))
    },
    eth_newFilter: (params) => install({ kind: 'log', query: watchedLogs(context, logQuery(params[0], limits)) }),
    eth_newBlockFilter: () => install({ kind: 'block' }),
    eth_newPendingTransactionFilter: (params) => install({ kind: 'pending', full: params[0] === true }),
    eth_getFilterChanges(params, { address }) {
      const filter = find(params)
      return place(address, () => changes(filter))
    },
    eth_getFilterLogs(params, { address }) {
      const filter = find(params)
      if (filter.kind !== 'log') throw rpcError(RPC_CODE.server, 'filter not found')
      return place(address, () => queryLogs(filter.query))
    },
    eth_uninstallFilter: (params) => filters.delete(idOf(params)),
  }

  async function queryLogs(query: LogQuery): Promise<Json[]> {
    const placed = async (logs: readonly PlacedLog[]) =>
      inSlices(logs, scheduler, (log) => {
        const block = reader.getBlock(log.blockHash)
        return formatLog(log, block && secondsOf(block))
      })
    // Whole, whatever it has: its gas bounds that, and it cannot be asked for in smaller parts.
    if ('blockHash' in query) {
      if (!reader.getBlock(query.blockHash)) throw rpcError(RPC_CODE.server, 'unknown block')
      return placed(reader.getLogs(query))
    }
    const { fromBlock, toBlock, ...filter } = query
    const end = (param: typeof fromBlock) => ('number' in param ? param.number : findBlock(context, param)?.number)
    const [from, to] = [end(fromBlock), end(toBlock)]
    if (from === undefined || to === undefined) throw rpcError(RPC_CODE.server, 'unknown block')
    if (from > to) throw invalidParams('invalid block range params')
    if (to > reader.head().number) throw invalidParams('block range extends beyond current head block')
    if (to - from >= BigInt(limits.logBlocks)) throw rpcError(RPC_CODE.limitExceeded, `query covers more than ${limits.logBlocks} blocks`)
    const found: PlacedLog[] = []
    let size = 0
    for (let number = from; number <= to; number++) {
      const logs = reader.getLogs({ ...filter, from: number, to: number })
      for (const log of logs) {
        found.push(log)
        size += log.data.length + LOG_OVERHEAD
      }
      if (from < to && found.length > limits.logs) throw rpcError(RPC_CODE.limitExceeded, `query returned more than ${limits.logs} results: ask for fewer blocks, one of them is always answered`)
      if (from < to && size > limits.logsBytes) throw rpcError(RPC_CODE.limitExceeded, `query returned more than ${limits.logsBytes} characters: ask for fewer blocks, one of them is always answered`)
      if (logs.length > 0 || (number - from) % BigInt(BLOCKS_A_TURN) === 0n) await scheduler.next(query)
    }
    return placed(found)
  }
}

type Kind = { kind: 'log'; query: LogQuery & WatchedLogs } | { kind: 'block' } | { kind: 'pending'; full: boolean }
/** `next`: place in the journal; `polled`: ms. */
type Filter = Kind & { next: number; polled: bigint }

function take<T>(journal: Journal<T>, filter: Filter): T[] {
  const came = [...journal.from(filter.next)]
  filter.next = journal.end()
  return came
}

function idOf(params: Params): string {
  return String(requiredParam(params, 0)).toLowerCase()
}

/** Logs of blocks that are yet to come: from `from` to `to`, as far as these are given. */
export type WatchedLogs = LogFilter & { from?: bigint; to?: bigint; blockHash?: Hex }

/** The range of a filter or subscription, as geth takes them. @throws -32602 */
export function watchedLogs<B extends ShownBlock>(context: LogContext<B>, query: LogQuery): LogQuery & WatchedLogs {
  if ('blockHash' in query) return query
  const bound = (param: typeof query.fromBlock) => {
    if ('tag' in param && (param.tag === 'latest' || param.tag === 'pending')) return undefined
    return 'number' in param ? param.number : findBlock(context, param)?.number
  }
  const [from, to] = [bound(query.fromBlock), bound(query.toBlock)]
  if (to !== undefined && (from === undefined || from > to)) throw invalidParams('invalid block range params')
  return { ...query, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
}

/** The matching logs that an event takes back (`removed`) and brings. */
export async function logsOfEvent<B extends ShownBlock>({ reader, secondsOf }: LogContext<B>, event: HeadEvent, filter: WatchedLogs, turn: () => Promise<void>): Promise<Json[]> {
  const of = async (hash: Hex, removed: boolean): Promise<Json[]> => {
    const block = reader.getBlock(hash)
    if (!block || (filter.blockHash ?? hash) !== hash || block.number < (filter.from ?? 0n) || (filter.to !== undefined && block.number > filter.to)) return []
    const matches = logMatcher(filter)
    const found: Json[] = []
    for (const { logs } of reader.getReceipts(hash) ?? []) {
      for (const log of logs) if (matches(log)) found.push(formatLog(log, secondsOf(block), removed))
      if (logs.length > 0) await turn()
    }
    return removed ? found.reverse() : found
  }
  const all: Json[] = []
  for (const hash of event.removed) all.push(...(await of(hash, true)))
  if (event.hash) all.push(...(await of(event.hash, false)))
  return all
}
