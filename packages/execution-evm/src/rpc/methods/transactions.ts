import { blockParam, bytesParam, findBlock, hashParam, isPending, quantityParam, RPC_CODE, rpcError, type BlockParam, type Clock, type Json, type Params, type RpcHandler } from '@causeway/core'
import type { Hex } from 'viem'
import { pendingTransactions } from '../pending.js'
import { formatPendingTransaction, formatReceipt, formatTransaction } from '../format.js'
import type { RpcContext } from '../context.js'

/** Transactions and receipts, and sending. */
export function transactionMethods(context: RpcContext): Record<string, RpcHandler> {
  const { reader, chain, clock, limits } = context
  const at = async (param: BlockParam, index: bigint) => {
    if (isPending(param)) {
      const waiting = (await pendingTransactions(context))[Number(index)]
      return waiting ? formatPendingTransaction(waiting) : null
    }
    const block = findBlock(context, param)
    const transaction = block && reader.getTransactions(block.hash)?.[Number(index)]
    return block && transaction ? formatTransaction(transaction, block) : null
  }
  let waitingSends = 0
  const bounded = (run: (params: Params) => Promise<Json>) => async (params: Params) => {
    if (waitingSends >= limits.waitingSends) throw rpcError(RPC_CODE.limitExceeded, `too many requests wait for a block: send with eth_sendRawTransaction, and ask for the receipt`)
    waitingSends++
    return run(params).finally(() => waitingSends--)
  }
  return {
    eth_getTransactionByHash: (params) => transactionByHash(context, hashParam(params, 0)),
    eth_getTransactionByBlockNumberAndIndex: (params) => at(blockParam(params, 0), quantityParam(params, 1)),
    eth_getTransactionByBlockHashAndIndex: (params) => at({ hash: hashParam(params, 0), requireCanonical: false }, quantityParam(params, 1)),
    eth_getTransactionReceipt(params) {
      const receipt = reader.getReceipt(hashParam(params, 0))
      const block = receipt && reader.getBlock(receipt.blockHash)
      return receipt && block ? formatReceipt(receipt, block) : null
    },
    eth_sendRawTransaction: (params) => chain.sendRawTransaction(bytesParam(params, 0)),
    ...(clock && { eth_sendRawTransactionSync: bounded((params: Params) => sendAndWait(context, clock, params)) }),
  }
}

/** A transaction by hash, in a block or waiting; null if it is nowhere. */
export function transactionByHash({ reader, chain }: RpcContext, hash: Hex): Json | null {
  const placed = reader.getTransaction(hash)
  const block = placed && reader.getBlock(placed.blockHash)
  if (placed && block) return formatTransaction(placed, block)
  const waiting = chain.pendingTransaction?.(hash)
  return waiting ? formatPendingTransaction({ hash, ...waiting }) : null
}

/** ms that `eth_sendRawTransactionSync` waits unless asked, and at most (geth's). */
const SYNC_TIMEOUT = 20_000
const MAX_SYNC_TIMEOUT = 60_000
/** EIP-7966: accepted, but not in a block yet. */
const SYNC_TIMED_OUT = 4

/** Hands a transaction in and answers its receipt (EIP-7966). @throws 4 with the hash as data if no block took it in time */
async function sendAndWait(context: RpcContext, clock: Clock, params: Params): Promise<Json> {
  const { reader, chain } = context
  const raw = bytesParam(params, 0)
  const wanted = params[1] === undefined || params[1] === null ? SYNC_TIMEOUT : Number(quantityParam(params, 1))
  const timeout = wanted === 0 ? SYNC_TIMEOUT : Math.min(wanted, MAX_SYNC_TIMEOUT)
  const done = new AbortController()
  let hash: Hex | undefined
  const check = () => {
    if (hash !== undefined && reader.getReceipt(hash)) done.abort()
  }
  const stop = chain.onHead(check)
  try {
    hash = await chain.sendRawTransaction(raw)
    check()
    await clock.sleep(timeout, done.signal)
  } finally {
    stop()
  }
  const receipt = reader.getReceipt(hash)
  const block = receipt && reader.getBlock(receipt.blockHash)
  if (!receipt || !block) throw rpcError(SYNC_TIMED_OUT, `The transaction was added to the mempool but wasn't processed within ${timeout} ms`, hash)
  return formatReceipt(receipt, block)
}
