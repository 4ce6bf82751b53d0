/**
 * An execution engine of typed modules, for chains that need no EVM.
 * @module @causeway/execution-app
 */

export * from './client.js'
export * from './app.js'
export type { AppEngine, AppLimits } from './engine.js'
export { GAS } from './gas.js'
export { Failure } from './failure.js'
export { openStateTree, type StateTree } from './state-tree.js'
export type { Access } from './journal.js'
export type { AppBlock, Receipt } from './block.js'
export type { Emitted } from './run.js'
