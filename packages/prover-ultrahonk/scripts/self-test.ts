/**
 * Proves the golden epoch with the circuit that L1 verifies, and puts the proof beside the verifier: with it a cluster's deployment
 * tests the verifier (docs/protocol.md, section 11). Run by `build.ts`, or alone when only the golden epoch has changed:
 * `node --import tsx --conditions=source scripts/self-test.ts`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { decodeJson, type EpochWitness } from '@causeway/core'
import { createProver } from '../src/prove.js'

const epoch = new URL('../../../circuits/vectors/epoch.json', import.meta.url)
const target = new URL('../../contracts/solidity/generated/AccountingVerifier.selftest.json', import.meta.url)

const { witness } = decodeJson(await readFile(epoch, 'utf8')) as { witness: EpochWitness }
const prover = await createProver()
try {
  const { proof, publicInputs } = await prover.prove(witness)
  await writeFile(target, `${JSON.stringify({ proof, publicInputs }, null, 2)}\n`)
  console.log(`self-test: a proof of ${proof.length / 2 - 1} bytes`)
} finally {
  await prover.close()
}
