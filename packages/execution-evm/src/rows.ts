import type { Hex } from 'viem'

/** Keys of the engine's rows in the store. All start with `evm/`. */
export const rows = {
  /** Trie node by keccak (hex without 0x). Nodes are content-addressed and never deleted. */
  node: (hash: string) => `evm/n/${hash}`,
  /** Code by keccak (hex without 0x). */
  code: (hash: string) => `evm/c/${hash}`,
  /** Block by hash. */
  block: (hash: Hex) => `evm/b/${hash.slice(2)}`,
  /** Receipts of a block by its hash. */
  receipts: (hash: Hex) => `evm/r/${hash.slice(2)}`,
  /** A transaction in one block: value is its index (u32). The same transaction may sit in blocks of two forks. */
  transaction: (hash: Hex, block: Hex) => `evm/t/${hash.slice(2)}/${block.slice(2)}`,
  /** Start and end of all rows of one transaction. */
  transactionRange: (hash: Hex) => ({ start: `evm/t/${hash.slice(2)}/`, end: `evm/t/${hash.slice(2)}0` }),
  /** Canonical block hash by number. Rows above the head are stale and must not be shown. */
  canonical: (number: bigint) => `evm/h/${number.toString(16).padStart(16, '0')}`,
  /** Bloom filter (256 bytes) of a block that has logs, so that a search skips all others. */
  logs: (number: bigint, hash: Hex) => `evm/l/${number.toString(16).padStart(16, '0')}/${hash.slice(2)}`,
  /** Start and end of the rows of blocks `from … to`. */
  logsRange: (from: bigint, to: bigint) => ({ start: `evm/l/${from.toString(16).padStart(16, '0')}/`, end: `evm/l/${(to + 1n).toString(16).padStart(16, '0')}/` }),
  /** The head: number (u64) ‖ hash. Every block's changes set it. */
  head: 'evm/head',
} as const

/** One write of a store. */
export type Change = { key: string; value: Uint8Array | null }
