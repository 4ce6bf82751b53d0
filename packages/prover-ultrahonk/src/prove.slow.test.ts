import { applyEpoch, errorCode, type EpochProof, type EpochWitness } from '@causeway/core'
import { toFunctionSelector, type Hex } from 'viem'
import { beforeAll, describe, expect, test } from 'vitest'
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
  let witness: EpochWitness
  let proof: EpochProof

  beforeAll(async () => {
    witness = await twoCertificates()
    const prover = await createProver()
    // The twin comes first: what it refuses is not even tried.
    expect(errorCode(await prover.prove({ ...witness, time: 0n }).catch((error: unknown) => error))).toBe('RULE_R3')
    const start = performance.now()
    proof = await prover.prove(witness)
    console.log(`proved in ${((performance.now() - start) / 1000).toFixed(1)} s, ${proof.proof.length / 2 - 1} bytes`)
    await prover.close()
    bytecode = await compileVerifier()
  })

  test('is accepted by the Solidity verifier', async () => {
    const verifier = await evmVerifier(bytecode)
    expect(proof.publicInputs.map(BigInt)).toEqual(applyEpoch(witness).publicInputs)
    expect(verifier.codeSize).toBeLessThanOrEqual(24_576)
    const { accepted, gas } = await verifier.verify(proof)
    console.log(`verified with ${gas} gas, ${verifier.codeSize} bytes of code`)
    expect(accepted).toBe(true)
    expect(gas).toBeLessThan(1_000_000n)
  })

  test('is refused when any part of it is changed', async () => {
    const verifier = await evmVerifier(bytecode)
    for (const at of [200, 3000, 8000, 12_000, proof.proof.length - 3]) {
      const changed = proof.proof.slice(0, at) + (proof.proof[at] === '0' ? '1' : '0') + proof.proof.slice(at + 1)
      expect((await verifier.verify({ ...proof, proof: changed as Hex })).accepted, `nibble ${at}`).toBe(false)
    }
  })

  test('is refused for any other public input, the unconstrained ones too', async () => {
    const verifier = await evmVerifier(bytecode)
    for (const [i, word] of proof.publicInputs.entries()) {
      const publicInputs = proof.publicInputs.with(i, `0x${(BigInt(word) ^ 1n).toString(16).padStart(64, '0')}`)
      expect((await verifier.verify({ ...proof, publicInputs })).accepted, `public input ${i}`).toBe(false)
    }
  })

  test('has no verifier outside development chains', async () => {
    const selector = toFunctionSelector('NotADevelopmentChain(uint256)')
    await expect(evmVerifier(bytecode, 1)).rejects.toThrow(selector)
    await expect(evmVerifier(bytecode, 11155111)).rejects.toThrow(selector)
  })

  test('is not made for more certificates than there are places', async () => {
    const prover = await createProver({ places: 1 })
    try {
      expect(errorCode(await prover.prove(witness).catch((error: unknown) => error))).toBe('EPOCH_TOO_LARGE')
    } finally {
      await prover.close()
    }
  })
})
