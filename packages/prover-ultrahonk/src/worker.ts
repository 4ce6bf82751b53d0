/**
 * Proves one job in a process of its own: `node worker.js <job file> <output file>`. Exit code 0 and the output file, or 1 and the
 * error on stderr. The output appears complete or not at all.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { decodeJob, encodeProof } from './job.js'
import { createProver } from './prove.js'

const [, , jobFile, outputFile] = process.argv
if (jobFile === undefined || outputFile === undefined) {
  console.error('usage: worker <job file> <output file>')
  process.exit(2)
}
try {
  const { witness, options } = decodeJob(await readFile(jobFile, 'utf8'))
  const prover = await createProver(options)
  try {
    const proof = await prover.prove(witness)
    await writeFile(`${outputFile}.partial`, encodeProof(proof))
    await rename(`${outputFile}.partial`, outputFile)
  } finally {
    await prover.close()
  }
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
