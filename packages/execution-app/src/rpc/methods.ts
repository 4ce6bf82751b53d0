import { chainFacts, logMethods, subscriptionMethods, type LogContext, type RpcHandler, type RpcHost } from '@causeway/core'
import type { AppEngine } from '../engine.js'
import type { AppBlock } from '../block.js'
import { ethMethods } from './eth.js'
import { formatBlock, formatTransaction, formatWaiting } from './format.js'
import { moduleMethods } from './modules.js'

/** `app_*`, and of `eth_*` what wallets and indexers need: balances, blocks, receipts, and events as logs. */
export function appMethods(engine: AppEngine, host: RpcHost): Record<string, RpcHandler> {
  const { chain } = host
  const context: LogContext<AppBlock> = {
    ...host,
    reader: engine.logs,
    limits: engine.limits,
    formatHeader: (block) => formatBlock(block, engine),
    secondsOf: ({ timestamp }) => timestamp / 1000n,
    transactionByHash(hash) {
      const found = engine.blocks.receipt(hash)
      if (found) return formatTransaction(found, chain.chainId)
      const waiting = chain.pendingTransaction?.(hash)
      return waiting ? formatWaiting({ hash, ...waiting }, chain.chainId) : null
    },
  }
  return { ...chainFacts(chain), ...ethMethods(engine, context), ...logMethods(context), ...subscriptionMethods(context), ...moduleMethods(engine, context) }
}
