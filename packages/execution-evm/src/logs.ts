import { CausewayError } from '@causeway/core'
import type { Address, Hex } from 'viem'
import { bloomBits, bloomHas } from './receipts.js'
import type { EvmLog, EvmReceipt, PlacedLog } from './types.js'

/** Most logs that one query returns. */
export const MAX_LOGS = 10_000

/** Which logs: any of the addresses, and at each position any of the topics (null: all). */
export type LogFilter = {
  address?: Address | readonly Address[]
  topics?: readonly (Hex | readonly Hex[] | null)[]
}

/** Does a log match? */
export function matchesLog(log: EvmLog, filter: LogFilter): boolean {
  const { addresses, topics } = alternatives(filter)
  if (addresses.length > 0 && !addresses.includes(log.address.toLowerCase())) return false
  return topics.every((any, index) => any === null || any.includes((log.topics[index] ?? '').toLowerCase()))
}

/** The matching logs of blocks, in order; blocks whose bloom rules a match out are not opened. @throws `TOO_MANY_LOGS` */
export function collectLogs(blocks: Iterable<{ hash: Hex; bloom: Uint8Array }>, receiptsOf: (hash: Hex) => readonly EvmReceipt[], filter: LogFilter): PlacedLog[] {
  const { addresses, topics } = alternatives(filter)
  const groups = [...(addresses.length > 0 ? [addresses] : []), ...topics.filter((any) => any !== null)].map((any) => any.map((item) => bloomBits(item as Hex)))
  const found: PlacedLog[] = []
  for (const { hash, bloom } of blocks) {
    if (!groups.every((any) => any.some((bits) => bloomHas(bloom, bits)))) continue
    for (const receipt of receiptsOf(hash)) found.push(...receipt.logs.filter((log) => matchesLog(log, filter)))
    if (found.length > MAX_LOGS)
      throw new CausewayError(`query returned more than ${MAX_LOGS} results`, { code: 'TOO_MANY_LOGS', fix: 'Ask for fewer blocks.' })
  }
  return found
}

function alternatives(filter: LogFilter): { addresses: string[]; topics: (string[] | null)[] } {
  return {
    addresses: [filter.address ?? []].flat().map((address) => address.toLowerCase()),
    topics: (filter.topics ?? []).map((any) => (any === null || any.length === 0 ? null : [any].flat().map((topic) => topic.toLowerCase()))),
  }
}
