import type { Hex } from 'viem'
import { bytesToHex } from './bytes.js'
import type { ChainRows } from './chain.js'
import { logsBloom, type StoredReceipt } from './receipts.js'
import type { EvmBlock, EvmReceipt } from './types.js'

/** A block by number (canonical) or by hash (any that was executed). */
export type BlockRef = bigint | Hex

/** Reads blocks and what happened in them. */
export type BlockReader = {
  getBlock(at: BlockRef): EvmBlock | undefined
  getReceipts(at: BlockRef): EvmReceipt[] | undefined
  receiptAt(block: EvmBlock, index: number): EvmReceipt | undefined
}

/** The bloom filter of most transactions. */
const NO_LOGS = bytesToHex(logsBloom([]))

/** Blocks and receipts of the rows. */
export function blockReader(chain: ChainRows): BlockReader {
  function getBlock(at: BlockRef): EvmBlock | undefined {
    const hash = typeof at === 'bigint' ? chain.canonicalHash(at) : at
    return hash && chain.blockByHash(hash)
  }
  /** With its place: `logsBefore` logs of the block are before its own. */
  function placed(block: EvmBlock, { hash, ...receipt }: StoredReceipt, index: number, logsBefore: number): EvmReceipt {
    const place = { blockNumber: block.number, blockHash: block.hash }
    return {
      ...receipt,
      ...place,
      transactionHash: hash,
      index,
      logsBloom: receipt.logs.length === 0 ? NO_LOGS : bytesToHex(logsBloom(receipt.logs)),
      logs: receipt.logs.map((log, i) => ({ ...log, ...place, transactionHash: hash, transactionIndex: index, logIndex: logsBefore + i })),
    }
  }
  return {
    getBlock,
    getReceipts(at) {
      const block = getBlock(at)
      let logs = 0
      return block && chain.receipts(block.hash).map((receipt, index) => placed(block, receipt, index, (logs += receipt.logs.length) - receipt.logs.length))
    },
    receiptAt(block, index) {
      const all = chain.receipts(block.hash)
      const receipt = all[index]
      return receipt && placed(block, receipt, index, all.slice(0, index).reduce((sum, { logs }) => sum + logs.length, 0))
    },
  }
}
