/**
 * Conformance kits and the stepped harness.
 * @module @causeway/testing
 */

export * from './random.js'
export * from './mutations.js'
export * from './twin-chain.js'
export * from './twin-cluster.js'
export * from './manual-clock.js'
export * from './memory-store.js'
export * from './memory-da.js'
