/**
 * Reading and sending on Ethereum.
 * @module @causeway/l1
 */

export * from './anvil.js'
export { anvilBinary } from './anvil-binary.js'
export * from './dev-accounts.js'
export * from './deploy.js'
export * from './register.js'
export type * from './events.js'
export type { L1Head, L1Heads } from './chain.js'
export * from './read.js'
export * from './send.js'
export * from './posting.js'
export type { Fees } from './fees.js'
export * from './revert.js'
export * from './settlement.js'
export { depositERC20, depositETH, type BridgeUser, type Deposited, type DepositOptions } from './deposit.js'
export * from './claim.js'
export type { L1User } from './transact.js'
