import { causewayHubAbi } from '@causeway/contracts'
import { mockVerifierAbi } from '@causeway/contracts/testing'
import { applyEpoch, CausewayError, toBytes32, type EpochProof, type EpochProver, type EpochWitness } from '@causeway/core'
import type { SettlementLayer } from '@causeway/aggregator'
import { BaseError, concatHex, decodeErrorResult, encodeFunctionData, keccak256, type Address, type Hex, type PublicClient } from 'viem'
import { revertData } from '@causeway/l1'

/** What stands in for a proof: it names the public inputs that the twin computed, so it fits no other epoch. */
const mockProof = (publicInputs: readonly Hex[]): Hex => concatHex(['0x02', keccak256(concatHex([...publicInputs]))])

/** A prover that proves nothing: the twin judges the epoch, and that is all. For tests about everything but proofs. */
export type MockEpochProver = EpochProver & {
  /** While true, proofs wait for {@link MockEpochProver.step}. */
  held: boolean
  /** Epochs that wait for their proof. */
  readonly waiting: readonly EpochWitness[]
  /** Lets the oldest one that waits have its proof; false if none waits. */
  step(): boolean
}

/** Makes a {@link MockEpochProver} of a circuit with `places` certificate places. */
export function createMockEpochProver({ places = 2 }: { places?: number } = {}): MockEpochProver {
  const waiting: { witness: EpochWitness; go: () => void }[] = []
  return {
    name: 'mock',
    places,
    held: false,
    get waiting() {
      return waiting.map(({ witness }) => witness)
    },
    step() {
      const first = waiting.shift()
      first?.go()
      return first !== undefined
    },
    async prove(witness, signal): Promise<EpochProof> {
      signal?.throwIfAborted()
      const { publicInputs } = applyEpoch(witness)
      if (this.held)
        await new Promise<void>((resolve, reject) => {
          const entry = { witness, go: resolve }
          waiting.push(entry)
          signal?.addEventListener('abort', () => {
            waiting.splice(waiting.indexOf(entry), 1)
            reject(signal.reason)
          }, { once: true })
        })
      const inputs = publicInputs.map(toBytes32)
      return { proof: mockProof(inputs), publicInputs: inputs }
    },
    close: async () => undefined,
  }
}

/**
 * A settlement layer in front of a hub with `MockVerifier`: before it settles, it asks the hub (by `MockVerifier`'s proof 0x01) which
 * public inputs it would have a proof verified against, and refuses a mock proof of others, as a real verifier would.
 */
export function checkedSettlement(layer: SettlementLayer, { client, hub }: { client: PublicClient; hub: Address }): SettlementLayer {
  return {
    ...layer,
    async settle(data, proof, signal) {
      const seen = await inputsOfHub(client, encodeFunctionData({ abi: causewayHubAbi, functionName: 'settle', args: [data, '0x01'] }), hub)
      if (seen && mockProof(seen) !== proof)
        throw new CausewayError('settle reverts: ProofInvalid (the mock proof is of other public inputs than the hub computes)', { code: 'L1_REVERTED' })
      return layer.settle(data, proof, signal)
    },
  }
}

/** The public inputs that the hub shows; undefined if it refuses the epoch before it comes to the proof. */
async function inputsOfHub(client: PublicClient, data: Hex, to: Address): Promise<readonly Hex[] | undefined> {
  try {
    await client.call({ to, data })
  } catch (error) {
    const reverted = error instanceof BaseError ? revertData(error) : undefined
    if (reverted === undefined) throw error
    return shownInputs(reverted)
  }
  throw new Error('MockVerifier took the proof 0x01')
}

function shownInputs(reverted: Hex): readonly Hex[] | undefined {
  try {
    return decodeErrorResult({ abi: mockVerifierAbi, data: reverted }).args[0]
  } catch (error) {
    // Another error: the hub's own, which the real settlement will meet and name.
    if (error instanceof BaseError) return undefined
    throw error
  }
}
