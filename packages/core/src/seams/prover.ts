import type { Hex } from 'viem'
import type { EpochWitness } from '../twin/witness.js'

/** A proof of an epoch. */
export type EpochProof = { proof: Hex; publicInputs: readonly Hex[] }

/** Proves epochs. */
export type EpochProver = {
  readonly name: string
  /** Certificate places of the circuit. */
  readonly places: number
  prove(witness: EpochWitness, signal?: AbortSignal): Promise<EpochProof>
  close(): Promise<void>
}
