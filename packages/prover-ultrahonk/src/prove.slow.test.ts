import { errorCode, type EpochProof, type EpochProver, type EpochWitness } from '@causeway/core'
import { proverConformance } from '@causeway/testing/conformance'
import { toFunctionSelector, type Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createProver } from './index.js'
import { buildEpoch, deposit, received, sent, testCluster, type TestChain } from './testkit/cluster.js'
import { compileVerifier, evmVerifier } from './testkit/evm-verifier.js'

/** 901 deposits, withdraws and sends to 902, which imports in the same epoch and sends on. */
async function twoCertificates(): Promise<EpochWitness> {
  const cluster = testCluster()
  const [a, b] = cluster.chains as [TestChain, TestChain]
  const transfer = sent(a, { destination: 902n, amount: 5n })
  const withdrawal = sent(a, { destination: 31337n, amount: 9n }, 1)
  const home = { chain: 902n, address: `0x${'77'.repeat(20)}` as const }
  return buildEpoch(cluster, [
    { chain: a, entries: [deposit(a, 50n), transfer, withdrawal] },
    { chain: b, entries: [received(a, transfer), sent(b, { destination: 903n, amount: 4n, token: home }, 0, transfer.time + 60n)] },
  ])
}

describe('a proof of two certificates', () => {
  let bytecode: Hex
  let prover: EpochProver | undefined
  let witness: EpochWitness
  let proof: EpochProof

  beforeAll(async () => {
    witness = await twoCertificates()
    prover = await createProver()
    const start = performance.now()
    proof = await prover.prove(witness)
    console.log(`proved in ${((performance.now() - start) / 1000).toFixed(1)} s, ${proof.proof.length / 2 - 1} bytes`)
    bytecode = await compileVerifier()
  })
  afterAll(() => prover?.close())

  proverConformance({ it: test, expect }, async () => {
    const { verify } = await evmVerifier(bytecode)
    return { prover: prover as EpochProver, witness, proof, verify: async (other) => (await verify(other)).accepted, close: async () => undefined }
  })

  test('fits L1: the verifier by its code, the proof by its gas', async () => {
    const verifier = await evmVerifier(bytecode)
    expect(verifier.codeSize).toBeLessThanOrEqual(24_576)
    const { accepted, gas } = await verifier.verify(proof)
    console.log(`verified with ${gas} gas, ${verifier.codeSize} bytes of code`)
    expect(accepted).toBe(true)
    expect(gas).toBeLessThan(1_000_000n)
  })

  test('has no verifier outside development chains', async () => {
    const selector = toFunctionSelector('NotADevelopmentChain(uint256)')
    await expect(evmVerifier(bytecode, 1)).rejects.toThrow(selector)
    await expect(evmVerifier(bytecode, 11155111)).rejects.toThrow(selector)
  })

  test('is not made for more certificates than there are places', async () => {
    const small = await createProver({ places: 1 })
    try {
      expect(errorCode(await small.prove(witness).catch((error: unknown) => error))).toBe('EPOCH_TOO_LARGE')
    } finally {
      await small.close()
    }
  })
})
