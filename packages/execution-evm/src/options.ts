import { engineOptionIssues, type Issue } from '@causeway/core'
import type { Address } from 'viem'
import type { Additions } from './additions.js'
import { allocIssues } from './alloc.js'
import { HARDFORKS, type Hardfork } from './common.js'
import type { SimulationLimits } from './limits.js'
import type { EthLimits } from './rpc/limits.js'
import type { GenesisAlloc } from './types.js'

/** Options of `evm()`. All but `limits` and `minTip` decide state roots: every node of a chain needs the same. */
export type EvmOptions = Additions & {
  /** Gas limit of every block; at least `MIN_GAS_LIMIT` of core. Default 30 million. */
  gasLimit?: bigint
  /** Gets base fee and tip of every transaction. */
  feeRecipient: Address
  /**
   * Genesis accounts besides the predeploys, which win where both name an address. They win over the contracts that tools expect (`PREINSTALLS`), so
   * that a chain that moves here keeps its own. They hold no ETH: a chain's ETH is what came over its bridge.
   */
  alloc?: GenesisAlloc
  /** Takes ETH in `alloc` all the same. Only for engines that no cluster ever settles, as in tests: exporting it stops a chain for good. */
  unbacked?: boolean
  /** Default: prague. Osaka has no state tests here beyond random programs that EthereumJS runs alike. */
  hardfork?: Hardfork
  /** Of simulations, and of the `eth_` methods. */
  limits?: Partial<SimulationLimits & EthLimits>
  /** Least tip (wei a gas) that `eth_maxPriorityFeePerGas` suggests. Default 1,000,000. */
  minTip?: bigint
}

/** What is wrong with the options of `evm()`, whoever wrote them and in whatever language. */
export function optionIssues({ feeRecipient, gasLimit, hardfork, alloc, unbacked, minTip }: EvmOptions & Required<Pick<EvmOptions, 'gasLimit' | 'hardfork' | 'alloc'>>): Issue[] {
  const issues = engineOptionIssues({ gasLimit, feeRecipient })
  const report = (path: string, message: string, fix: string) => void issues.push({ path, message, fix })
  if (!HARDFORKS.includes(hardfork)) report('hardfork', `it is ${String(hardfork)}; it has to be one of ${HARDFORKS.join(', ')}`, 'leave it out for prague')
  if (minTip !== undefined && (typeof minTip !== 'bigint' || minTip < 0n)) report('minTip', `it is ${String(minTip)}; it has to be a bigint`, 'give it in wei a gas')
  if (!unbacked) issues.push(...allocIssues(alloc))
  return issues
}
