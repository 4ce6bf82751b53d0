/**
 * Gates and proving time of the aggregate for each shape.
 *
 * npm run bench:prover [-- --json <file>] [--threads <n>]
 */
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { createProver, loadArtefact, PLACES } from '@causeway/prover-ultrahonk'
import { randomEpoch } from '../../packages/prover-ultrahonk/src/testkit/honest.js'

const option = (name: string) => {
  const at = process.argv.indexOf(name)
  return at < 0 ? undefined : process.argv[at + 1]
}
const threads = Number(option('--threads') ?? cpus().length)

type Row = { places: number; certificates: number; entries: number; gates: number; log2: number; startSeconds: number; proveSeconds: number; proofBytes: number }
const rows: Row[] = []
for (const places of PLACES) {
  const { gates, log2 } = await loadArtefact(places)
  // The test cluster has three chains; a place that stays empty costs what a full one does.
  const witness = await randomEpoch(7, Math.min(places, 3))
  const started = performance.now()
  const prover = await createProver({ places, threads })
  const ready = performance.now()
  const { proof } = await prover.prove(witness)
  const done = performance.now()
  await prover.close()
  rows.push({
    places,
    certificates: witness.certificates.length,
    entries: witness.certificates.reduce((sum, { certificate }) => sum + certificate.entries.length, 0),
    gates,
    log2,
    startSeconds: (ready - started) / 1000,
    proveSeconds: (done - ready) / 1000,
    proofBytes: proof.length / 2 - 1,
  })
}
const seconds = (value: number) => Number(value.toFixed(1))
console.table(rows.map((row) => ({ ...row, log2: `2^${row.log2}`, startSeconds: seconds(row.startSeconds), proveSeconds: seconds(row.proveSeconds) })))
const [one, two] = rows
if (one && two) console.log(`a certificate: ${two.gates - one.gates} gates; fixed (two queue places, public inputs, tables): ${2 * one.gates - two.gates}`)
const file = option('--json')
if (file !== undefined) await writeFile(file, `${JSON.stringify({ threads, cpu: cpus()[0]?.model, node: process.version, rows }, null, 2)}\n`)
