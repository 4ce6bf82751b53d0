/**
 * Hub, bridge, verifiers and predeploys, compiled, with typed ABIs.
 * @module @causeway/contracts
 */

export * from './generated/contracts.js'
export * from './predeploys.js'
export * from './preinstalls.js'
export * from './verifier.js'
export * from './withdrawal-tree.js'
