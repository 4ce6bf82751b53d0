/**
 * The EVM execution engine.
 * @module @causeway/execution-evm
 */

export { evm, type EvmEngine } from './evm.js'
export type { EvmOptions } from './options.js'
export { evmPart, type Additions, type EvmPart } from './additions.js'
export type { Precompile, PrecompileModule } from './precompile.js'
export type { BlockRef } from './block-reader.js'
export type { ChainReader, EvmReader } from './reader.js'
export type { Simulations } from './simulations.js'
export type { SimulationLimits } from './limits.js'
export { ethMethods, type EthMethodsOptions } from './rpc/eth.js'
export type { EthLimits } from './rpc/limits.js'
export { feeHistory, tipsOf, type FeeHistory } from './fee-history.js'
export type { CallRequest, CallResult } from './call.js'
export type { BlockOverrides, StateOverrides } from './overrides.js'
export type { Authorization } from './message.js'
export type { AccountProof } from './proof.js'
export type { Hardfork } from './common.js'
export type { Head } from './chain.js'
export { collectLogs } from './logs.js'
export { nextBaseFee } from './block.js'
export { DEFAULT_GAS_LIMIT, GENESIS_BASE_FEE, MESSENGER, SYSTEM_TYPE } from './constants.js'
export { decodeSystemTransaction, DELIVERY_BYTE_GAS, DELIVERY_OVERHEAD_GAS, isSystemTransaction, systemGas, type SystemTransaction } from './system-transaction.js'
export type { EvmBlock, EvmHeader, EvmLog, EvmReceipt, EvmTransaction, GenesisAccount, GenesisAlloc } from './types.js'
export type { SimulatedBlock, SimulatedCall, SimulatedLog, SimulatedResult, Simulation, SimulationResult, SimulationRules } from './simulate.js'
