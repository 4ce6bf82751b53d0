import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { CausewayError, type EpochProof, type EpochProver, type EpochWitness } from '@causeway/core'
import { serveJobs } from './worker.js'

/** What a prover package exports for its worker processes. */
export type ProverModule = {
  createProver(options?: never): Promise<EpochProver>
  decodeJob(text: string): { witness: EpochWitness; options?: never }
  encodeProof(proof: EpochProof): string
}

/**
 * Program of a worker process: `node prover-worker.js <module> <who names it> [<options as JSON>]`. It loads the prover package
 * once, keeps its prover for all jobs, and takes another one after a failure: a native prover may have died.
 */
const [, , module, self, json] = process.argv
if (module === undefined || self === undefined)
  throw new CausewayError('The worker was not told which prover to use.', { code: 'USAGE', fix: 'start it through spawnWorkers with proverWorker(…)' })
const url = URL.canParse(module) ? module : pathToFileURL(createRequire(self).resolve(module)).href
const { createProver, decodeJob, encodeProof } = (await import(url)) as ProverModule
const options = json === undefined ? undefined : (JSON.parse(json) as never)
let prover: Promise<EpochProver> | undefined

serveJobs(async (input) => {
  const { witness } = decodeJob(new TextDecoder().decode(input))
  prover ??= createProver(options)
  try {
    return new TextEncoder().encode(encodeProof(await (await prover).prove(witness)))
  } catch (error) {
    const broken = prover
    prover = undefined
    // What matters is the first error; one of closing what is broken already says nothing more.
    await broken.then((made) => made.close()).catch(() => undefined)
    throw error
  }
}, { final: ['BAD_JOB', 'BAD_JSON', 'NO_CIRCUIT', 'UNSATISFIED', 'WRONG_SRS'] })
