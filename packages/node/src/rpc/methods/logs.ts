import { matchesLog, MAX_LOGS, type LogFilter, type PlacedLog } from '@causeway/execution-evm'
import { numberToHex, type Hex } from 'viem'
import { findBlock } from '../blocks.js'
import { invalidParams, rpcError, RPC_CODE } from '../errors.js'
import { formatLog, type Json } from '../format.js'
import { logQuery, quantityParam, type LogQuery } from '../parse.js'
import type { Handler, HeadEvent, RpcContext } from '../types.js'

/** How many filters live at once; the one polled longest ago makes room. */
const MAX_FILTERS = 1_000

/** `eth_getLogs` and polled filters. */
export function logMethods(context: RpcContext): Record<string, Handler> {
  const { chain } = context
  const filters = new Map<Hex, Filter>()
  let counter = 0n

  chain.onHead((event) => {
    for (const filter of filters.values()) {
      if (filter.kind === 'block') queue(filter, [event.hash])
      if (filter.kind === 'log') queue(filter, logsOfEvent(context, event, filter.query))
    }
  })
  chain.onPendingTransaction((hash) => {
    for (const filter of filters.values()) if (filter.kind === 'pending') queue(filter, [hash])
  })

  function install(filter: Filter): Hex {
    const oldest = filters.keys().next().value
    if (filters.size >= MAX_FILTERS && oldest !== undefined) filters.delete(oldest)
    const id = numberToHex(++counter)
    filters.set(id, filter)
    return id
  }
  function poll(params: readonly unknown[]): Filter {
    const id = numberToHex(quantityParam(params, 0))
    const filter = filters.get(id)
    if (!filter) throw rpcError(RPC_CODE.server, 'filter not found')
    filters.delete(id)
    filters.set(id, filter)
    return filter
  }
  return {
    eth_getLogs: (params) => queryLogs(context, logQuery(params[0])),
    eth_newFilter: (params) => install({ kind: 'log', query: logQuery(params[0]), changes: [] }),
    eth_newBlockFilter: () => install({ kind: 'block', changes: [] }),
    eth_newPendingTransactionFilter: () => install({ kind: 'pending', changes: [] }),
    eth_getFilterChanges: (params) => poll(params).changes.splice(0),
    eth_getFilterLogs(params) {
      const filter = poll(params)
      if (filter.kind !== 'log') throw rpcError(RPC_CODE.server, 'filter not found')
      return queryLogs(context, filter.query)
    },
    eth_uninstallFilter: (params) => filters.delete(numberToHex(quantityParam(params, 0))),
  }
}

type Filter = ({ kind: 'log'; query: LogQuery } | { kind: 'block' } | { kind: 'pending' }) & { changes: unknown[] }

function queue(filter: Filter, changes: readonly unknown[]): void {
  filter.changes.push(...changes)
  // Nobody polls it: keep what is newest.
  if (filter.changes.length > MAX_LOGS) filter.changes.splice(0, filter.changes.length - MAX_LOGS)
}

function queryLogs(context: RpcContext, query: LogQuery): Json[] {
  const { reader } = context
  const placed = (logs: readonly PlacedLog[]) => logs.map((log) => formatLog(log, reader.getBlock(log.blockHash)))
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
  return placed(reader.getLogs({ ...filter, from, to }))
}

/** The matching logs that a new head takes back (`removed`) and brings. */
export function logsOfEvent({ reader }: RpcContext, event: HeadEvent, filter: LogFilter): Json[] {
  const of = (hash: Hex, removed: boolean) => {
    const logs = (reader.getReceipts(hash) ?? []).flatMap((receipt) => receipt.logs).filter((log) => matchesLog(log, filter))
    const block = reader.getBlock(hash)
    return (removed ? logs.reverse() : logs).map((log) => formatLog(log, block, removed))
  }
  return [...event.removed.flatMap((hash) => of(hash, true)), ...of(event.hash, false)]
}

