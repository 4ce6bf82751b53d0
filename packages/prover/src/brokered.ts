import { errorCode, type EpochProof, type EpochProver, type EpochWitness } from '@causeway/core'
import type { Broker } from './broker.js'

/** Abort reason (code of a CausewayError) that takes a job back; any other abort, a shutdown say, leaves it in the queue. */
export const PROOF_NOT_NEEDED = 'PROOF_NOT_NEEDED'

/** What {@link brokeredProver} needs. */
export type BrokeredProverParameters = {
  broker: Broker
  /** Kind of the jobs. Must name everything that decides the output but is not in the input, such as the circuit's key. */
  name: string
  /** Certificate places of the circuit. */
  places: number
  /** Must be deterministic: the bytes name the job. */
  encode(witness: EpochWitness): Uint8Array
  decode(output: Uint8Array): EpochProof
}

/**
 * An {@link EpochProver} whose work is done by whoever claims it from the broker. Asking again for the same witness, in
 * this process or in a later one, joins the job that is there.
 */
export function brokeredProver({ broker, name, places, encode, decode }: BrokeredProverParameters): EpochProver {
  return {
    name,
    places,
    async prove(witness, signal) {
      signal?.throwIfAborted()
      const id = await broker.submit({ kind: name, input: encode(witness) })
      let output: Uint8Array
      try {
        output = await broker.wait(id, signal)
      } catch (error) {
        if (signal?.aborted && errorCode(signal.reason) === PROOF_NOT_NEEDED) await broker.cancel(id)
        throw error
      }
      try {
        return decode(output)
      } catch (error) {
        // An output that cannot be read must not be what every later request gets.
        await broker.cancel(id)
        throw error
      }
    },
    close: async () => undefined,
  }
}
