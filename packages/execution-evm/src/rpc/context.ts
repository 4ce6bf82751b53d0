import type { Places, RpcHost } from '@causeway/core'
import type { EvmReader } from '../reader.js'
import type { EthLimits } from './limits.js'

/** What the methods work with. */
export type RpcContext = RpcHost & {
  reader: EvmReader
  /** Least tip (wei a gas) that fee suggestions name. */
  minTip: bigint
  limits: EthLimits
  /** Simulations are run in these, by the caller's address. */
  simulating: Places
}
