import { hexToBytes, type Hex } from 'viem'

const height = (number: bigint): string => number.toString(16).padStart(16, '0')

/** Keys of the engine's rows in the store. All start with `app/`. */
export const rows = {
  /** Node of the state tree by its hash. */
  node: (hash: bigint) => `app/n/${hash.toString(16).padStart(64, '0')}`,
  /** Block, with its receipts, by its hash. */
  block: (hash: Hex) => `app/b/${hash.slice(2)}`,
  /** A receipt in one block: value is its index (u32). The same action may sit in blocks of two forks. */
  receipt: (hash: Hex, block: Hex) => `app/t/${hash.slice(2)}/${block.slice(2)}`,
  /** Start and end of all rows of one receipt. */
  receiptRange: (hash: Hex) => ({ start: `app/t/${hash.slice(2)}/`, end: `app/t/${hash.slice(2)}0` }),
  /** A block that has events. */
  events: (number: bigint, block: Hex) => `app/e/${height(number)}/${block.slice(2)}`,
  /** Start and end of these rows, of blocks `from … to`. */
  eventsRange: (from: bigint, to: bigint) => ({ start: `app/e/${height(from)}/`, end: `app/e/${height(to)}0` }),
  /** Canonical block hash by number. Rows above the head are stale. */
  canonical: (number: bigint) => `app/h/${height(number)}`,
  /** Hash of the head. */
  head: 'app/head',
} as const

/** One write of a store. */
export type Change = { key: string; value: Uint8Array | null }

/** The write that makes a block the head. */
export const headRow = (hash: Hex): Change => ({ key: rows.head, value: hexToBytes(hash) })
