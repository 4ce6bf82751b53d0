import type { Address, Hex } from 'viem'
import { invalidParams } from './errors.js'
import { jsonList, jsonObject, parseAddress, parseBlock, parseSized, type BlockParam } from './params.js'

/** Which logs: any of the addresses, and at each position any of the topics (null: all). */
export type LogFilter = {
  address?: Address | readonly Address[]
  topics?: readonly (Hex | readonly Hex[] | null)[]
}

/** A filter's alternatives, in lower case: no address, or null in place of topics, is all. */
export function logAlternatives(filter: LogFilter): { addresses: string[]; topics: (string[] | null)[] } {
  return {
    addresses: [filter.address ?? []].flat().map((address) => address.toLowerCase()),
    topics: (filter.topics ?? []).map((any) => (any === null || any.length === 0 ? null : [any].flat().map((topic) => topic.toLowerCase()))),
  }
}

/** What tells whether a log matches: made once for many logs. */
export function logMatcher(filter: LogFilter): (log: { address: Address; topics: readonly Hex[] }) => boolean {
  const { addresses, topics } = logAlternatives(filter)
  const from = new Set(addresses)
  const at = topics.map((any) => any && new Set(any))
  return (log) => (from.size === 0 || from.has(log.address.toLowerCase())) && at.every((any, index) => any === null || any.has((log.topics[index] ?? '').toLowerCase()))
}

/** What `eth_getLogs` and log filters ask for. */
export type LogQuery = LogFilter & ({ blockHash: Hex } | { fromBlock: BlockParam; toBlock: BlockParam })

/** Parses a log filter of at most so many addresses, and topics at a position. @throws -32602 */
export function logQuery(value: unknown, { logTopics: most }: { logTopics: number }): LogQuery {
  const at = 'invalid argument 0'
  const o = jsonObject(value ?? {}, at)
  const hasRange = (o.fromBlock ?? o.toBlock ?? undefined) !== undefined
  if (o.blockHash !== undefined && o.blockHash !== null && hasRange)
    throw invalidParams(`${at}: cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other`)
  const topics = o.topics === undefined || o.topics === null ? [] : jsonList(o.topics, at)
  if (topics.length > 4 || topics.some((any) => Array.isArray(any) && any.length > most)) throw invalidParams('exceed max topics')
  if (Array.isArray(o.address) && o.address.length > most) throw invalidParams('exceed max addresses')
  const filter: LogFilter = {
    ...(o.address === undefined || o.address === null ? {} : { address: [o.address].flat().map((a) => parseAddress(a, at)) }),
    // A null among alternatives matches everything, as it does in place of them.
    topics: topics.map((topic) => (topic === null || (Array.isArray(topic) && topic.includes(null)) ? null : Array.isArray(topic) ? topic.map((t) => parseSized(t, 32, at)) : parseSized(topic, 32, at))),
  }
  if (o.blockHash !== undefined && o.blockHash !== null) return { ...filter, blockHash: parseSized(o.blockHash, 32, at) }
  return { ...filter, fromBlock: parseBlock(o.fromBlock ?? 'latest', 0), toBlock: parseBlock(o.toBlock ?? 'latest', 0) }
}
