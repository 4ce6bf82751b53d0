/**
 * Mempool and ordering.
 * @module @causeway/sequencer
 */

export * from './mempool.js'
