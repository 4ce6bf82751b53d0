import { findBlock } from '../blocks.js'
import { formatPendingTransaction, formatReceipt, formatTransaction } from '../format.js'
import { blockParam, bytesParam, hashParam, quantityParam, type BlockParam } from '../parse.js'
import type { Handler, RpcContext } from '../types.js'

/** Transactions and receipts, and sending. */
export function transactionMethods(context: RpcContext): Record<string, Handler> {
  const { reader, chain } = context
  const at = (param: BlockParam, index: bigint) => {
    const block = findBlock(context, param)
    const transaction = block && reader.getTransactions(block.hash)?.[Number(index)]
    return block && transaction ? formatTransaction(transaction, block) : null
  }
  return {
    eth_getTransactionByHash(params) {
      const hash = hashParam(params, 0)
      const transaction = reader.getTransaction(hash)
      const block = transaction && reader.getBlock(transaction.blockHash)
      if (transaction && block) return formatTransaction(transaction, block)
      const waiting = chain.pendingTransaction?.(hash)
      return waiting ? formatPendingTransaction({ hash, ...waiting }) : null
    },
    eth_getTransactionByBlockNumberAndIndex: (params) => at(blockParam(params, 0), quantityParam(params, 1)),
    eth_getTransactionByBlockHashAndIndex: (params) => at({ hash: hashParam(params, 0), requireCanonical: false }, quantityParam(params, 1)),
    eth_getTransactionReceipt(params) {
      const receipt = reader.getReceipt(hashParam(params, 0))
      const block = receipt && reader.getBlock(receipt.blockHash)
      return receipt && block ? formatReceipt(receipt, block) : null
    },
    eth_sendRawTransaction: (params) => chain.sendRawTransaction(bytesParam(params, 0)),
  }
}
