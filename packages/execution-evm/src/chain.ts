import { CausewayError } from '@causeway/core'
import type { Common } from '@ethereumjs/common'
import { hexToBytes, type Hex } from 'viem'
import { decodeBlock } from './block.js'
import { bytesToHex, toUint, uintBytes } from './bytes.js'
import type { StoreReads } from './plain-bytes.js'
import { decodeReceipts, type StoredReceipt } from './receipts.js'
import { rows, type Change } from './rows.js'
import type { EvmBlock } from './types.js'

/** The last block of the canonical chain. */
export type Head = { number: bigint; hash: Hex }

/** Read access to the engine's block rows. */
export type ChainRows = {
  /** The head as the last write left it. @throws `NO_GENESIS` before genesis was written */
  head(): Head
  blockByHash(hash: Hex): EvmBlock | undefined
  /** Hash of the canonical block of this number; undefined above the head. */
  canonicalHash(number: bigint): Hex | undefined
  /** Is the block an ancestor of the head, or the head? */
  isCanonical(block: Pick<EvmBlock, 'number' | 'hash'>): boolean
  receipts(hash: Hex): readonly StoredReceipt[]
  /** Canonical blocks `from … to` that have logs, with their bloom filters. */
  blocksWithLogs(from: bigint, to: bigint): Iterable<{ hash: Hex; bloom: Uint8Array }>
  /** Hash of the ancestor of `from` with this number, by parent links: works on forks too. */
  ancestor(from: Hex, number: bigint): Hex | undefined
}

/** The write that makes a block the head. */
export function headRow(number: bigint, hash: Hex): Change {
  return { key: rows.head, value: Uint8Array.from([...uintBytes(number, 8), ...hexToBytes(hash)]) }
}

/** Bytes of rows that are kept decoded, which takes some three times as much; of blocks and of receipts. */
const KEPT_BYTES = 8_388_608
/** What a kept row costs at least. */
const ROW_BYTES = 2_048

/** Keeps what was decoded last: the same few heads are asked for over and over, and rows never change under their hash. */
function keepDecoded<T>(read: (hash: Hex) => Uint8Array | undefined, decode: (row: Uint8Array) => T): (hash: Hex) => T | undefined {
  const kept = new Map<Hex, { value: T; bytes: number }>()
  let total = 0
  return (hash) => {
    const known = kept.get(hash)
    if (known) return known.value
    const row = read(hash)
    if (!row) return undefined
    const entry = { value: decode(row), bytes: row.length + ROW_BYTES }
    kept.set(hash, entry)
    total += entry.bytes
    for (const [oldest, { bytes }] of kept) {
      if (total <= KEPT_BYTES || oldest === hash) break
      kept.delete(oldest)
      total -= bytes
    }
    return entry.value
  }
}

/** Opens the block rows of a store. */
export function chainRows(store: StoreReads, common: Common): ChainRows {
  const blockByHash = keepDecoded((hash) => store.get(rows.block(hash)), (row): EvmBlock => decodeBlock(row, common))
  // A receipt is only found by reading all of its block.
  const receipts = keepDecoded((hash) => store.get(rows.receipts(hash)), decodeReceipts)

  function head(): Head {
    const row = store.get(rows.head)
    if (!row)
      throw new CausewayError('The store holds no chain.', { code: 'NO_GENESIS', fix: 'Write the changes of genesis() first.' })
    return { number: toUint(row.slice(0, 8)), hash: bytesToHex(row.slice(8)) }
  }

  function canonicalHash(number: bigint): Hex | undefined {
    const at = head()
    if (number === at.number) return at.hash
    if (number > at.number || number < 0n) return undefined
    const row = store.get(rows.canonical(number))
    return row && bytesToHex(row)
  }

  return {
    head,
    blockByHash,
    canonicalHash,
    isCanonical: (block) => canonicalHash(block.number) === block.hash,
    receipts: (hash) => receipts(hash) ?? [],
    *blocksWithLogs(from, to) {
      const last = head().number
      if (from > last) return
      for (const { key, value } of store.range(rows.logsRange(from, to < last ? to : last))) {
        const [, , number, hash] = key.split('/')
        if (canonicalHash(BigInt(`0x${number}`)) === `0x${hash}`) yield { hash: `0x${hash}`, bloom: value }
      }
    },
    ancestor(from, number) {
      let block = blockByHash(from)
      while (block && block.number > number) {
        if (canonicalHash(block.number) === block.hash) return canonicalHash(number)
        block = blockByHash(block.parentHash)
      }
      return block?.number === number ? block.hash : undefined
    },
  }
}
