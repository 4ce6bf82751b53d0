import { CausewayError, plainSize } from '@causeway/core'
import type { Common } from '@ethereumjs/common'
import type { Address, Hex } from 'viem'
import { blockReader, type BlockRef } from './block-reader.js'
import { estimate, simulator, type CallRequest, type CallResult } from './call.js'
import type { ChainRows } from './chain.js'
import type { Deadline } from './deadline.js'
import { MAX_TRANSACTION_GAS } from './common.js'
import { feeHistory, type FeeHistory } from './fee-history.js'
import { checkResult, type SimulationLimits } from './limits.js'
import type { BlockOverrides, StateOverrides } from './overrides.js'
import type { StoreReads } from './plain-bytes.js'
import { accountProof, type AccountProof } from './proof.js'
import { simulateBlocks, type Simulation, type SimulationResult, type SimulationRules } from './simulate.js'
import type { StateStore } from './state.js'

/**
 * What RPC asks for that takes long: plain data in and out, so that a thread of its own can do it. Each throws `UNKNOWN_BLOCK`, and
 * `RESULT_TOO_LARGE` and `SIMULATION_TIMEOUT` at the {@link SimulationLimits}.
 */
export type Simulations = {
  /** Runs a call on the state after a block. @throws `INVALID_CALL` */
  call(request: CallRequest, at: BlockRef, overrides?: StateOverrides, block?: BlockOverrides): Promise<CallResult>
  /** The gas limit a transaction needs, or the failed call if no limit helps. @throws `INVALID_CALL` */
  estimateGas(request: CallRequest, at: BlockRef, overrides?: StateOverrides, block?: BlockOverrides): Promise<bigint | CallResult>
  /** Runs a call, and again with the access list of the first run, which changes what it costs. @throws `INVALID_CALL` */
  createAccessList(request: CallRequest, at: BlockRef, overrides?: StateOverrides, block?: BlockOverrides): Promise<CallResult>
  /** Runs blocks of calls on top of a block. @throws `INVALID_CALL` */
  simulate(simulation: Simulation, at: BlockRef, rules?: SimulationRules): Promise<SimulationResult[]>
  /** Proves an account and slots of it. */
  getProof(address: Address, slots: readonly Hex[], at: BlockRef): Promise<AccountProof>
  /** Fees of a block and those before it, `count` in all or as many as there are. */
  feeHistory(newest: BlockRef, count: number, percentiles: readonly number[]): Promise<FeeHistory>
}

/** What simulations read. */
export type SimulationSource = {
  common: Common
  store: StoreReads
  states: StateStore
  chain: ChainRows
  limits: SimulationLimits
  /** Makes the deadline of one simulation, where no other thread watches it. */
  deadline?: () => Deadline
}

/** Simulations in the thread that asks for them. */
export function localSimulations(source: SimulationSource): Simulations {
  const { store, chain, limits, deadline, ...rest } = source
  const { getBlock, getReceipts } = blockReader(chain)
  const options = () => ({ ...rest, chain, limits, gasCap: limits.gas, ...(deadline && { deadline: deadline() }) })
  function need(at: BlockRef) {
    const block = getBlock(at)
    if (!block) throw new CausewayError(`header not found: block ${at}`, { code: 'UNKNOWN_BLOCK' })
    return block
  }
  const opened = (at: BlockRef, overrides?: StateOverrides, block?: BlockOverrides) => simulator(options(), need(at), overrides, block)
  function checked<T>(result: T): T {
    checkResult(plainSize(result, limits.resultBytes), limits)
    return result
  }

  return {
    call: async (request, ...on) => checked(await (await opened(...on)).run(request)),
    async createAccessList(request, ...on) {
      const sim = await opened(...on)
      const first = await sim.run(request)
      const second = await sim.run({ ...request, accessList: first.accessList })
      return checked(second.accessList.length > 0 ? second : { ...second, accessList: first.accessList })
    },
    async estimateGas(request, at, overrides, block) {
      const sim = await opened(at, overrides, block)
      const most = source.common.isActivatedEIP(7825) && MAX_TRANSACTION_GAS < limits.gas ? MAX_TRANSACTION_GAS : limits.gas
      return checked(await estimate(sim, request, { cap: most, blockGas: block?.gasLimit ?? need(at).gasLimit }))
    },
    simulate: async (simulation, at, rules) => simulateBlocks({ ...options(), ...(rules && { rules }) }, need(at), simulation),
    getProof: async (address, slots, at) => checked(await accountProof(store, need(at).stateRoot, address, slots)),
    feeHistory: async (newest, count, percentiles) => feeHistory({ getBlock, getReceipts }, need(newest), count, percentiles, limits),
  }
}
