import { CausewayError, type Clock, type EpochProof, type EpochProver, type Log } from '@causeway/core'
import type { SettlementLayer } from '../settlement/settlement-layer.js'
import type { EpochInProgress } from './epoch-state.js'

/** What {@link proveWatched} needs. */
export type ProvingParameters = { prover: EpochProver; l1: SettlementLayer; clock: Clock; log: Log; pollInterval: number; signal: AbortSignal }

/**
 * Proves an epoch while watching L1: once another epoch has landed in its place, the proof is of no use and the work is
 * taken back, null. @throws `PROOF_MISMATCH` if the proof says something else than the epoch; what the prover throws
 */
export async function proveWatched({ witness, result }: EpochInProgress, { prover, l1, clock, log, pollInterval, signal }: ProvingParameters): Promise<EpochProof | null> {
  const superseded = new AbortController()
  const done = new AbortController()
  const watch = async () => {
    while (!done.signal.aborted) {
      await clock.sleep(pollInterval, done.signal)
      if (done.signal.aborted) return
      try {
        const { epoch } = await l1.refresh()
        if (epoch >= witness.epoch) superseded.abort(new CausewayError(`Epoch ${witness.epoch} has landed.`, { code: 'PROOF_NOT_NEEDED' }))
      } catch (error) {
        log.warn('L1 does not answer', { error: String(error) })
      }
    }
  }
  const watching = watch()
  try {
    const proof = await prover.prove(witness, AbortSignal.any([signal, superseded.signal]))
    const says = proof.publicInputs.map(BigInt)
    if (says.length !== result.publicInputs.length || says.some((value, i) => value !== result.publicInputs[i]))
      throw new CausewayError('The proof is of another epoch than the one asked for.', { code: 'PROOF_MISMATCH', fix: 'check that prover and aggregator are of one version' })
    return proof
  } catch (error) {
    if (superseded.signal.aborted) return null
    throw error
  } finally {
    done.abort()
    await watching
  }
}
