import { numberToHex, type Address, type Hex } from 'viem'
import type { RpcHost } from '../seams/rpc.js'
import type { LogFilter } from './log-filter.js'
import type { LogLimits } from './log-limits.js'

/** Any JSON object of an answer. */
export type Json = Record<string, unknown>

/** An event log with its place. */
export type PlacedLog = {
  address: Address
  topics: readonly Hex[]
  data: Hex
  blockNumber: bigint
  blockHash: Hex
  transactionHash: Hex
  transactionIndex: number
  /** Index in the block. */
  logIndex: number
}

/** A block, as far as it is found by. */
export type ShownBlock = { number: bigint; hash: Hex }

/** What is read of blocks, whatever engine made them. */
export type BlockReader<B> = {
  head(): ShownBlock
  /** A block by number (canonical) or by hash (any that was executed). */
  getBlock(at: bigint | Hex): B | undefined
}

/** What is read of logs besides. */
export type LogReader<B> = BlockReader<B> & {
  /** The logs of a block, transaction by transaction. */
  getReceipts(at: Hex): readonly { logs: readonly PlacedLog[] }[] | undefined
  /** Logs of canonical blocks `from … to`, or of one block. @throws `UNKNOWN_BLOCK` */
  getLogs(filter: LogFilter & ({ from: bigint; to: bigint } | { blockHash: Hex })): PlacedLog[]
}

/** What logs and heads are told from. */
export type LogContext<B extends ShownBlock> = RpcHost & {
  reader: LogReader<B>
  limits: LogLimits
  /** A block's header, as `newHeads` tells of it. */
  formatHeader(block: B): Json
  /** The time of a block, in seconds. */
  secondsOf(block: B): bigint
  /** A transaction in a block or waiting, as JSON; null if it is nowhere. */
  transactionByHash(hash: Hex): Json | null
}

/** A log as JSON, with the time of its block in seconds; `removed` when its block is no longer canonical. */
export function formatLog(log: PlacedLog, seconds: bigint | undefined, removed = false): Json {
  return {
    address: log.address,
    topics: log.topics,
    data: log.data,
    blockNumber: numberToHex(log.blockNumber),
    transactionHash: log.transactionHash,
    transactionIndex: numberToHex(log.transactionIndex),
    blockHash: log.blockHash,
    ...(seconds === undefined ? {} : { blockTimestamp: numberToHex(seconds) }),
    logIndex: numberToHex(log.logIndex),
    removed,
  }
}
