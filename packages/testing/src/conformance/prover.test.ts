import { applyEpoch, toBytes32, type EpochProof, type EpochProver } from '@causeway/core'
import { concatHex, keccak256 } from 'viem'
import { describe, expect, it } from 'vitest'
import { createMockEpochProver } from '../mock-epoch-prover.js'
import { randomEpoch } from '../twin-cluster.js'
import { finds } from './finds.js'
import { proverConformance, type ProverFixture } from './prover.js'

const { witness } = (await randomEpoch(7)).epoch
/** What the mock's proofs are made of. */
const verify = async ({ proof, publicInputs }: EpochProof) => proof === concatHex(['0x02', keccak256(concatHex([...publicInputs]))])
const fixture = async (prover: EpochProver): Promise<ProverFixture> => ({ prover, witness, proof: await prover.prove(witness), verify, close: () => prover.close() })

describe('the mock', () => proverConformance({ it, expect }, () => fixture(createMockEpochProver())))

describe('the suite finds a prover that', () => {
  const mock = createMockEpochProver()
  const broken: Record<string, Partial<EpochProver>> = {
    'proves anything': { prove: (epoch) => mock.prove({ ...witness, epoch: epoch.epoch }) },
    'refuses without the rule': { prove: (epoch) => mock.prove(epoch).catch(() => Promise.reject(new Error('unsatisfied'))) },
    'never stops': { prove: (epoch) => mock.prove(epoch) },
    'proves for another beneficiary': { prove: (epoch, signal) => mock.prove({ ...epoch, beneficiary: `0x${'99'.repeat(20)}` }, signal) },
    'gives inputs in another order': {
      prove: async (epoch, signal) => {
        const { proof } = await mock.prove(epoch, signal)
        return { proof, publicInputs: applyEpoch(epoch).publicInputs.map(toBytes32).reverse() }
      },
    },
    'makes proofs of nothing': { prove: async (epoch, signal) => ({ ...(await mock.prove(epoch, signal)), proof: '0x02' }) },
    'has fewer places than it says': { places: 1 },
  }
  it.each(Object.entries(broken))('%s', async (_name, changes) => {
    expect(await finds(expect, (framework) => proverConformance(framework, () => fixture({ ...mock, ...changes })))).toBe(true)
  })
  it('is verified by what believes everything', async () => {
    expect(await finds(expect, (framework) => proverConformance(framework, async () => ({ ...(await fixture(mock)), verify: async () => true })))).toBe(true)
  })
})
