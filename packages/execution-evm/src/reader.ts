import { CausewayError, type LogFilter, type PlacedLog } from '@causeway/core'
import { hexToBytes, pad, type Address, type Hex } from 'viem'
import { blockReader, type BlockReader, type BlockRef } from './block-reader.js'
import { bytesToHex, ethAddress, toUint } from './bytes.js'
import type { ChainRows, Head } from './chain.js'
import { collectLogs } from './logs.js'
import type { StoreReads } from './plain-bytes.js'
import { rows } from './rows.js'
import type { Simulations } from './simulations.js'
import { flatState, type StateStore } from './state.js'
import type { EvmBlock, EvmReceipt, EvmTransaction } from './types.js'

/**
 * What RPC reads. The head is the row `evm/head`, which every block's changes set and `rewind` moves back, so a block is visible
 * exactly when it was written; rows above the head are ignored. State methods throw `UNKNOWN_BLOCK`; the others return undefined.
 */
export type EvmReader = ChainReader & Simulations

/** What is read at once, where it is asked for. */
export type ChainReader = Omit<BlockReader, 'receiptAt'> & {
  head(): Head
  getTransactions(at: BlockRef): EvmTransaction[] | undefined
  /** A transaction of the canonical chain. */
  getTransaction(hash: Hex): EvmTransaction | undefined
  getReceipt(hash: Hex): EvmReceipt | undefined
  /** Logs of canonical blocks `from … to`, or of one block. */
  getLogs(filter: LogFilter & ({ from: bigint; to: bigint } | { blockHash: Hex })): PlacedLog[]
  getBalance(address: Address, at: BlockRef): Promise<bigint>
  getNonce(address: Address, at: BlockRef): Promise<bigint>
  getCode(address: Address, at: BlockRef): Promise<Hex>
  getStorage(address: Address, slot: Hex, at: BlockRef): Promise<Hex>
}

/** Reads what an engine's blocks left in a store. */
export function chainReader({ store, states, chain }: { store: StoreReads; states: StateStore; chain: ChainRows }): ChainReader {
  const { getBlock, getReceipts, receiptAt } = blockReader(chain)
  function need(at: BlockRef): EvmBlock {
    const block = getBlock(at)
    if (!block) throw new CausewayError(`header not found: block ${at}`, { code: 'UNKNOWN_BLOCK' })
    return block
  }
  const stateAt = (at: BlockRef) => flatState(states, hexToBytes(need(at).stateRoot))

  function getTransactions(at: BlockRef): EvmTransaction[] | undefined {
    const block = getBlock(at)
    if (!block) return undefined
    const receipts = chain.receipts(block.hash)
    return block.transactions.map(({ hash, raw }, index) => {
      const receipt = receipts[index]
      if (!receipt) throw new CausewayError(`Block ${block.hash} lacks a receipt.`, { code: 'STATE_MISSING' })
      const { from, effectiveGasPrice } = receipt
      return { hash, raw, index, from, effectiveGasPrice, blockNumber: block.number, blockHash: block.hash }
    })
  }
  function place(hash: Hex): { block: EvmBlock; index: number } | undefined {
    for (const { key, value } of store.range(rows.transactionRange(hash))) {
      const block = chain.blockByHash(`0x${key.slice(key.lastIndexOf('/') + 1)}`)
      if (block && chain.isCanonical(block)) return { block, index: Number(toUint(value)) }
    }
    return undefined
  }

  return {
    head: chain.head,
    getBlock,
    getReceipts,
    getTransactions,
    getTransaction(hash) {
      const found = place(hash)
      return found && getTransactions(found.block.hash)?.[found.index]
    },
    getReceipt(hash) {
      const found = place(hash)
      return found && receiptAt(found.block, found.index)
    },
    getLogs(filter) {
      const receipts = (hash: Hex) => getReceipts(hash) ?? []
      if (!('blockHash' in filter)) return collectLogs(chain.blocksWithLogs(filter.from, filter.to), receipts, filter)
      const { hash, logsBloom: bloom } = need(filter.blockHash)
      return collectLogs([{ hash, bloom: hexToBytes(bloom) }], receipts, filter)
    },
    async getBalance(address, at) {
      return (await stateAt(at).getAccount(ethAddress(address)))?.balance ?? 0n
    },
    async getNonce(address, at) {
      return (await stateAt(at).getAccount(ethAddress(address)))?.nonce ?? 0n
    },
    async getCode(address, at) {
      return bytesToHex(await stateAt(at).getCode(ethAddress(address)))
    },
    async getStorage(address, slot, at) {
      return pad(bytesToHex(await stateAt(at).getStorage(ethAddress(address), hexToBytes(pad(slot)))))
    },
  }
}
