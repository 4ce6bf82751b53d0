/**
 * Proof broker and workers.
 * @module @causeway/prover
 */

export * from './broker.js'
export * from './brokered.js'
export * from './command.js'
export { jobId, type JobRow, type JobState } from './job.js'
export type { ProverModule } from './prover-worker.js'
export * from './worker.js'
export { spawnWorkers, type Workers, type WorkersParameters } from './workers.js'
