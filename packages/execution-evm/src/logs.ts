import type { Address, Hex } from 'viem'
import { bloomBits, bloomHas } from './receipts.js'
import type { EvmLog, EvmReceipt, PlacedLog } from './types.js'

/** Which logs: any of the addresses, and at each position any of the topics (null: all). */
export type LogFilter = {
  address?: Address | readonly Address[]
  topics?: readonly (Hex | readonly Hex[] | null)[]
}

/** What tells whether a log matches: made once for many logs. */
export function logMatcher(filter: LogFilter): (log: EvmLog) => boolean {
  const { addresses, topics } = alternatives(filter)
  const from = new Set(addresses)
  const at = topics.map((any) => any && new Set(any))
  return (log) => (from.size === 0 || from.has(log.address.toLowerCase())) && at.every((any, index) => any === null || any.has((log.topics[index] ?? '').toLowerCase()))
}

/** The matching logs of blocks, in order; blocks whose bloom rules a match out are not opened. */
export function collectLogs(blocks: Iterable<{ hash: Hex; bloom: Uint8Array }>, receiptsOf: (hash: Hex) => readonly EvmReceipt[], filter: LogFilter): PlacedLog[] {
  const { addresses, topics } = alternatives(filter)
  const groups = [...(addresses.length > 0 ? [addresses] : []), ...topics.filter((any) => any !== null)].map((any) => any.map((item) => bloomBits(item as Hex)))
  const matches = logMatcher(filter)
  const found: PlacedLog[] = []
  for (const { hash, bloom } of blocks) {
    if (!groups.every((any) => any.some((bits) => bloomHas(bloom, bits)))) continue
    for (const receipt of receiptsOf(hash)) for (const log of receipt.logs) if (matches(log)) found.push(log)
  }
  return found
}

function alternatives(filter: LogFilter): { addresses: string[]; topics: (string[] | null)[] } {
  return {
    addresses: [filter.address ?? []].flat().map((address) => address.toLowerCase()),
    topics: (filter.topics ?? []).map((any) => (any === null || any.length === 0 ? null : [any].flat().map((topic) => topic.toLowerCase()))),
  }
}
