import type { Hex } from 'viem'
import type { Batch } from './batch.js'
import { eraOf } from './incarnation.js'

/** A chain as derivation has it so far. */
export type DerivedChain = {
  chainId: bigint
  incarnation: bigint
  head: bigint
  /** Last block that a settled certificate covers; it and those before it are never replaced. */
  settled: bigint
  /** A known block, or undefined. */
  blockAt(number: bigint): { hash: Hex; timestamp: bigint } | undefined
}

/** What a posted batch does to a chain; `from` is the first of its blocks that is new. */
export type BatchPlan = { action: 'append'; from: bigint } | { action: 'replace'; from: bigint } | { action: 'skip'; reason: string }

/**
 * Decides what a batch, in order of posting, means: it extends the chain, replaces unsettled blocks by a higher incarnation,
 * or is skipped. The batch is of the era in which it was posted. Never throws: a chain can post nonsense and only harms itself.
 */
export function planBatch(chain: DerivedChain, batch: Batch): BatchPlan {
  const skip = (reason: string): BatchPlan => ({ action: 'skip', reason })
  const last = batch.first + BigInt(batch.blocks.length) - 1n
  if (batch.chainId !== chain.chainId) return skip(`it is of chain ${batch.chainId}`)
  if (batch.blocks.length === 0) return skip('it is empty')
  if (batch.first === 0n || batch.first > chain.head + 1n) return skip(`it starts at block ${batch.first}, and the chain ends at ${chain.head}`)
  if (chain.blockAt(batch.first - 1n)?.hash !== batch.parentHash) return skip('it stands on another parent')
  if (batch.incarnation < chain.incarnation) return skip(`incarnation ${chain.incarnation} replaced it`)
  // An earlier batcher may have put other transactions into blocks with the times of these.
  const isLater = eraOf(batch.incarnation) > eraOf(chain.incarnation)
  const isKnown = (number: bigint, timestamp: bigint) => chain.blockAt(number)?.timestamp === timestamp && !(isLater && number > chain.settled)
  const known = batch.blocks.findIndex(({ timestamp }, i) => !isKnown(batch.first + BigInt(i), timestamp))
  const from = known < 0 ? last + 1n : batch.first + BigInt(known)
  if (from > last) return skip('its blocks are known')
  if (from === chain.head + 1n) return { action: 'append', from }
  if (batch.incarnation === chain.incarnation) return skip('it contradicts blocks of this incarnation')
  return from <= chain.settled ? skip(`block ${chain.settled} is settled`) : { action: 'replace', from }
}
