import { blockParam, findBlock, hashParam, inSlices, isPending, type BlockParam, type RpcHandler } from '@causeway/core'
import { numberToHex } from 'viem'
import { formatBlock, formatReceipt, formatTransaction } from '../format.js'
import { formatPendingBlock, pendingTransactions } from '../pending.js'
import type { RpcContext } from '../context.js'

/** Blocks, their counts and their receipts. */
export function blockMethods(context: RpcContext): Record<string, RpcHandler> {
  const { reader, scheduler } = context
  const block = async (param: BlockParam, full: unknown) => {
    const found = findBlock(context, param)
    if (found && isPending(param)) return formatPendingBlock(context, found, full === true)
    if (!found || full !== true) return found ? formatBlock(found) : null
    return formatBlock(found, await inSlices(reader.getTransactions(found.hash) ?? [], scheduler, (transaction) => formatTransaction(transaction, found)))
  }
  const byHash = (params: readonly unknown[]): BlockParam => ({ hash: hashParam(params, 0), requireCanonical: false })
  const count = async (param: BlockParam) => {
    if (isPending(param)) return numberToHex((await pendingTransactions(context)).length)
    const found = findBlock(context, param)
    return found ? numberToHex(found.transactions.length) : null
  }
  const uncles = (param: BlockParam) => (findBlock(context, param) ? '0x0' : null)
  return {
    eth_getBlockByNumber: (params) => block(blockParam(params, 0), params[1]),
    eth_getBlockByHash: (params) => block(byHash(params), params[1]),
    eth_getBlockTransactionCountByNumber: (params) => count(blockParam(params, 0)),
    eth_getBlockTransactionCountByHash: (params) => count(byHash(params)),
    eth_getUncleCountByBlockNumber: (params) => uncles(blockParam(params, 0)),
    eth_getUncleCountByBlockHash: (params) => uncles(byHash(params)),
    async eth_getBlockReceipts(params) {
      const param = blockParam(params, 0)
      // It has none before it is made.
      const found = isPending(param) ? undefined : findBlock(context, param)
      return found ? inSlices(reader.getReceipts(found.hash) ?? [], scheduler, (receipt) => formatReceipt(receipt, found)) : null
    },
  }
}
