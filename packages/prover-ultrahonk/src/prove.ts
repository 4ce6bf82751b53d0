import { gunzipSync } from 'node:zlib'
import { Noir } from '@noir-lang/noir_js'
import { applyEpoch, CausewayError, type EpochProof, type EpochProver, type EpochWitness } from '@causeway/core'
import type { Hex } from 'viem'
import { L1_PLACES, loadArtefact, type Artefact, type Places } from './artefact.js'
import { PROOF_SETTINGS, startBarretenberg } from './barretenberg.js'
import { developmentSrs } from './srs.js'
import { toCircuitInputs, type CircuitInputs } from './witness.js'

/** Options of {@link createProver}. */
export type ProverOptions = {
  /** Certificate places; L1 verifies {@link L1_PLACES}, the default. */
  places?: Places
  /** Threads of Barretenberg; default: all cores. */
  threads?: number
  /** Where the SRS is cached. Default: {@link cacheDirectory}. */
  cache?: string
}

/**
 * A prover of epochs. It makes the SRS on first use (seconds, then cached) and keeps one native process until it is closed.
 * It refuses, with the twin's `RULE_Rn`, to prove what the twin rejects.
 */
export async function createProver({ places = L1_PLACES, threads, cache }: ProverOptions = {}): Promise<EpochProver> {
  const artefact = await loadArtefact(places)
  const srs = await developmentSrs(artefact.log2, cache)
  if (srs.digest !== artefact.srsDigest)
    throw new CausewayError(`The verification key is for the SRS ${artefact.srsDigest}, not ${srs.digest}.`, { code: 'WRONG_SRS', fix: 'rebuild the circuits: npm run circuits -w @causeway/prover-ultrahonk' })
  const noir = circuitOf(artefact)
  const bytecode = gunzipSync(Buffer.from(artefact.bytecode, 'base64'))
  const verificationKey = Buffer.from(artefact.verificationKey, 'base64')
  const api = await startBarretenberg(srs.directory, threads)
  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    await api.destroy()
  }
  return {
    name: `ultrahonk-${places}`,
    places,
    async prove(witness: EpochWitness, signal?: AbortSignal): Promise<EpochProof> {
      signal?.throwIfAborted()
      const result = applyEpoch(witness)
      const solved = await solve(noir, toCircuitInputs(witness, result, places))
      signal?.throwIfAborted()
      // The native process cannot be interrupted, only ended: an aborted prover is closed.
      const abort = () => void close()
      signal?.addEventListener('abort', abort, { once: true })
      try {
        const { proof, publicInputs } = await api.circuitProve({ circuit: { name: 'epoch', bytecode, verificationKey }, witness: solved, settings: PROOF_SETTINGS })
        return { proof: `0x${Buffer.concat(proof).toString('hex')}`, publicInputs: publicInputs.map((word): Hex => `0x${Buffer.from(word).toString('hex')}`) }
      } catch (cause) {
        signal?.throwIfAborted()
        throw new CausewayError('Barretenberg did not prove the epoch.', { code: 'PROVING_FAILED', fix: 'look for a full disk or too little memory (a proof of 2^20 gates takes about 2 GB)', cause })
      } finally {
        signal?.removeEventListener('abort', abort)
      }
    },
    close,
  }
}

/** The circuit of an artefact, ready to be executed. */
export function circuitOf({ bytecode, abi }: Pick<Artefact, 'bytecode' | 'abi'>): Noir {
  // noir_js wants debug information for its error messages; ours would triple the artefacts.
  return new Noir({ bytecode, abi, debug_symbols: '', file_map: {} })
}

/**
 * Executes the circuit: returns the uncompressed witness.
 * @throws `UNSATISFIED` if the inputs break a constraint
 */
export async function solve(noir: Noir, inputs: CircuitInputs): Promise<Uint8Array> {
  try {
    const { witness } = await noir.execute(inputs)
    return gunzipSync(witness)
  } catch (cause) {
    throw new CausewayError('The circuit refuses this epoch.', { code: 'UNSATISFIED', fix: 'an epoch that the twin accepts and the circuit refuses is a bug: keep the witness and report it', cause })
  }
}
