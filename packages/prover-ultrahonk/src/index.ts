export * from './artefact.js'
export * from './compile.js'
export * from './job.js'
export * from './prove.js'
export * from './solidity-verifier.js'
export * from './srs.js'
export { toCircuitInputs, PUBLIC_INPUTS, type CircuitInputs } from './witness.js'
export type { CircuitValue } from './circuit-values.js'

/** The worker's program: run `node <this> <job file> <output file>`; from sources, add `--import tsx --conditions=source`. */
export const WORKER: URL = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)
