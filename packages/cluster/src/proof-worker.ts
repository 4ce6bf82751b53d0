/** A prover process: keeps the circuit and Barretenberg warm between jobs. */
import { serveJobs } from '@causeway/prover'
import { createProver, decodeJob, encodeProof } from '@causeway/prover-ultrahonk'

const prover = createProver()

serveJobs(async (input) => {
  const { witness } = decodeJob(new TextDecoder().decode(input))
  return new TextEncoder().encode(encodeProof(await (await prover).prove(witness)))
})
