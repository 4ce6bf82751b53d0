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

/** Keeps the last `size` things that were looked up. */
function newest<T>(size: number): (hash: Hex, look: () => T | undefined) => T | undefined {
  const kept = new Map<Hex, T>()
  return (hash, look) => {
    const found = kept.get(hash) ?? look()
    if (found === undefined || kept.has(hash)) return found
    if (kept.size >= size) kept.delete(kept.keys().next().value as Hex)
    kept.set(hash, found)
    return found
  }
}

/** Opens the block rows of a store. */
export function chainRows(store: StoreReads, common: Common): ChainRows {
  // Blocks never change under their hash; a small cache spares decoding the same heads over and over.
  const blocks = newest<EvmBlock>(512)
  // Most requests are about the last blocks, and a receipt is only found by reading all of its block.
  const receipts = newest<readonly StoredReceipt[]>(4)

  function blockByHash(hash: Hex): EvmBlock | undefined {
    return blocks(hash, () => {
      const row = store.get(rows.block(hash))
      return row && decodeBlock(row, common)
    })
  }

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
    receipts: (hash) =>
      receipts(hash, () => {
        const row = store.get(rows.receipts(hash))
        return row && decodeReceipts(row)
      }) ?? [],
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
