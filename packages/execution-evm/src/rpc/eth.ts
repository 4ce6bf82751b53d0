import { createPlaces, logMethods, rpcError, RPC_CODE, subscriptionMethods, type LogContext, type RpcHandler, type RpcHost } from '@causeway/core'
import type { SimulationLimits } from '../limits.js'
import type { EvmReader } from '../reader.js'
import type { EvmBlock } from '../types.js'
import { formatHeader } from './format.js'
import { ethLimits, type EthLimits } from './limits.js'
import { blockMethods } from './methods/blocks.js'
import { chainMethods } from './methods/chain.js'
import { feeMethods } from './methods/fees.js'
import { poolMethods } from './methods/pool.js'
import { rawMethods } from './methods/raw.js'
import { simulateMethods } from './methods/simulate.js'
import { stateMethods } from './methods/state.js'
import { transactionByHash, transactionMethods } from './methods/transactions.js'

/** What {@link ethMethods} answers from. */
export type EthMethodsOptions = RpcHost & {
  reader: EvmReader
  limits: Partial<EthLimits> & Pick<SimulationLimits, 'threads'>
  /** Least tip (wei a gas) that `eth_maxPriorityFeePerGas` suggests. Default 1,000,000. */
  minTip?: bigint
}

/** Ethereum's JSON-RPC (`eth_`, `net_`, `web3_`, `txpool_`, `debug_getRaw…`) over a reader and a running chain, with geth's shapes, codes and words. */
export function ethMethods({ minTip = 1_000_000n, limits: { threads, ...given }, ...host }: EthMethodsOptions): Record<string, RpcHandler> {
  const limits = ethLimits(given)
  const simulating = createPlaces({ count: threads, waiting: limits.waiting, full: () => rpcError(RPC_CODE.limitExceeded, 'too many simulations are under way: try again in a moment, or ask a follower of the chain') })
  const context = { ...host, minTip, limits, simulating }
  const logs: LogContext<EvmBlock> = { ...context, formatHeader, secondsOf: ({ timestamp }) => timestamp, transactionByHash: (hash) => transactionByHash(context, hash) }
  return {
    ...chainMethods(context),
    ...blockMethods(context),
    ...transactionMethods(context),
    ...stateMethods(context),
    ...simulateMethods(context),
    ...feeMethods(context),
    ...logMethods(logs),
    ...poolMethods(context),
    ...rawMethods(context),
    ...subscriptionMethods(logs),
  }
}
