import { logAlternatives, logMatcher, type LogFilter, type PlacedLog } from '@causeway/core'
import type { Hex } from 'viem'
import { bloomBits, bloomHas } from './receipts.js'
import type { EvmReceipt } from './types.js'

/** The matching logs of blocks, in order; blocks whose bloom rules a match out are not opened. */
export function collectLogs(blocks: Iterable<{ hash: Hex; bloom: Uint8Array }>, receiptsOf: (hash: Hex) => readonly EvmReceipt[], filter: LogFilter): PlacedLog[] {
  const { addresses, topics } = logAlternatives(filter)
  const groups = [...(addresses.length > 0 ? [addresses] : []), ...topics.filter((any) => any !== null)].map((any) => any.map((item) => bloomBits(item as Hex)))
  const matches = logMatcher(filter)
  const found: PlacedLog[] = []
  for (const { hash, bloom } of blocks) {
    if (!groups.every((any) => any.some((bits) => bloomHas(bloom, bits)))) continue
    for (const receipt of receiptsOf(hash)) for (const log of receipt.logs) if (matches(log)) found.push(log)
  }
  return found
}
