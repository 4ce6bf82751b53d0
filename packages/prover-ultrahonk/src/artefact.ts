import type { CompiledCircuit } from '@noir-lang/noir_js'
import { CausewayError } from '@causeway/core'
import type { Hex } from 'viem'

/** Numbers of certificate places that there is a circuit for. L1 verifies proofs of {@link L1_PLACES}. */
export const PLACES = [1, 2, 4] as const
export type Places = (typeof PLACES)[number]
/** The shape whose verifier the hub has. */
export const L1_PLACES: Places = 2

/** A compiled circuit with its verification key, made by `scripts/build.ts`. */
export type Artefact = {
  places: Places
  noirVersion: string
  bbVersion: string
  /** Of the Noir sources it was compiled from. */
  sourcesHash: Hex
  gates: number
  /** log2 of the circuit's padded size, and of the points it needs of the SRS. */
  log2: number
  /** ACIR, gzipped, base64. */
  bytecode: string
  abi: CompiledCircuit['abi']
  /** The verification key (base64), for the SRS with this digest only. */
  verificationKey: string
  verificationKeyHash: Hex
  srsDigest: Hex
}

/** Loads the artefact of a shape. @throws `NO_CIRCUIT` for a shape that was not built */
export async function loadArtefact(places: number): Promise<Artefact> {
  switch (places) {
    case 1:
      return (await import('./generated/epoch-1.json', { with: { type: 'json' } })).default as Artefact
    case 2:
      return (await import('./generated/epoch-2.json', { with: { type: 'json' } })).default as Artefact
    case 4:
      return (await import('./generated/epoch-4.json', { with: { type: 'json' } })).default as Artefact
    default:
      throw new CausewayError(`There is no circuit with ${places} certificate places.`, { code: 'NO_CIRCUIT', fix: `use one of ${PLACES.join(', ')}` })
  }
}
