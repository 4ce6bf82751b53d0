/**
 * The aggregate proof in UltraHonk.
 * @module @causeway/prover-ultrahonk
 */

export * from './artefact.js'
export { checkBarretenberg } from './barretenberg.js'
export * from './compile.js'
export * from './job.js'
export * from './prove.js'
export * from './solidity-verifier.js'
export * from './srs.js'
export { toCircuitInputs, PUBLIC_INPUTS, type CircuitInputs } from './witness.js'
export type { CircuitValue } from './circuit-values.js'
