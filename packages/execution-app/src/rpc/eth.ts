import { addressParam, blockParam, bytesParam, findBlock, hashParam, inSlices, isPending, needBlock, quantityParam, RPC_CODE, rpcError, type BlockParam, type LogContext, type Params, type RpcHandler } from '@causeway/core'
import { numberToHex } from 'viem'
import type { AppEngine } from '../engine.js'
import type { AppBlock } from '../block.js'
import { formatBlock, formatReceipt, formatTransaction } from './format.js'

/** What of `eth_*` a chain without an EVM can answer. */
export function ethMethods(engine: AppEngine, context: LogContext<AppBlock>): Record<string, RpcHandler> {
  const { blocks, gasPrice, logs } = engine
  const { chain, scheduler } = context
  const at = (params: Params, index: number): AppBlock => needBlock(context, blockParam(params, index))
  const byHash = (params: Params): BlockParam => ({ hash: hashParam(params, 0), requireCanonical: false })
  const block = async (param: BlockParam, whole: unknown) => {
    const found = findBlock(context, param)
    if (!found) return null
    const transactions = whole === true ? await inSlices(found.receipts, scheduler, (receipt, index) => formatTransaction({ receipt, index, block: found }, chain.chainId)) : found.receipts.map(({ hash }) => hash)
    return { ...formatBlock(found, engine), size: '0x0', uncles: [], transactions }
  }
  const count = (param: BlockParam) => {
    const found = findBlock(context, param)
    return found ? numberToHex(found.receipts.length) : null
  }
  const nth = (param: BlockParam, params: Params) => {
    const [found, index] = [findBlock(context, param), Number(quantityParam(params, 1))]
    const receipt = found?.receipts[index]
    return found && receipt ? formatTransaction({ receipt, index, block: found }, chain.chainId) : null
  }
  const receiptOf = (found: AppBlock, index: number) => {
    const receipt = found.receipts[index]
    return receipt ? formatReceipt({ receipt, index, block: found }, logs.getReceipts(found.hash)?.[index]?.logs ?? []) : null
  }
  const noEvm = (what: string): RpcHandler => () => {
    throw rpcError(RPC_CODE.server, `${what}: this chain has no EVM; its modules and what they take are in app_modules`)
  }

  return {
    eth_blockNumber: () => numberToHex(blocks.head().number),
    eth_gasPrice: () => numberToHex(gasPrice),
    eth_maxPriorityFeePerGas: () => '0x0',
    eth_getBalance: async (params) => numberToHex(await engine.getBalance(addressParam(params, 0), at(params, 1).hash)),
    eth_getCode: (params) => (addressParam(params, 0), at(params, 1), '0x'),
    async eth_getTransactionCount(params) {
      const [account, param] = [addressParam(params, 0), blockParam(params, 1)]
      return numberToHex(isPending(param) ? await chain.pendingNonce(account) : await engine.getNonce(account, needBlock(context, param).hash))
    },
    eth_getBlockByNumber: (params) => block(blockParam(params, 0), params[1]),
    eth_getBlockByHash: (params) => block(byHash(params), params[1]),
    eth_getBlockTransactionCountByNumber: (params) => count(blockParam(params, 0)),
    eth_getBlockTransactionCountByHash: (params) => count(byHash(params)),
    async eth_getBlockReceipts(params) {
      const found = findBlock(context, blockParam(params, 0))
      return found ? inSlices(found.receipts, scheduler, (_, index) => receiptOf(found, index)) : null
    },
    eth_getTransactionByHash: (params) => context.transactionByHash(hashParam(params, 0)),
    eth_getTransactionByBlockNumberAndIndex: (params) => nth(blockParam(params, 0), params),
    eth_getTransactionByBlockHashAndIndex: (params) => nth(byHash(params), params),
    eth_getTransactionReceipt(params) {
      const found = blocks.receipt(hashParam(params, 0))
      return found ? receiptOf(found.block, found.index) : null
    },
    eth_sendRawTransaction: (params) => chain.sendRawTransaction(bytesParam(params, 0)),
    eth_sendTransaction: noEvm('the node holds no keys: sign an action and send it with eth_sendRawTransaction'),
    eth_call: noEvm('eth_call is not possible: see app_call'),
    eth_estimateGas: noEvm('eth_estimateGas is not possible: see app_simulateAction'),
  }
}
