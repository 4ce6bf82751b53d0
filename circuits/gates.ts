/** `npm run bench:gates`: what one more of everything costs in the circuit, by compiling it with that capacity raised by one. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { compileCircuit } from '../packages/prover-ultrahonk/scripts/noir.js'
import { startBarretenberg, VERIFIER_SETTINGS } from '../packages/prover-ultrahonk/src/barretenberg.js'
import { developmentSrs } from '../packages/prover-ultrahonk/src/srs.js'
import { report } from '../test/bench/report.js'

const SOURCES = fileURLToPath(new URL('./noir', import.meta.url))
const CAPACITIES = [
  { what: 'import', file: 'entries.nr', constant: 'IMPORTS' },
  { what: 'L1 entry', file: 'entries.nr', constant: 'L1_ENTRIES' },
  { what: 'entry of any kind', file: 'entries.nr', constant: 'ENTRIES' },
  { what: 'foreign token', file: 'balances.nr', constant: 'TOKENS' },
  { what: 'source chain', file: 'entries.nr', constant: 'SOURCES' },
  { what: 'inbox leaf', file: 'inbox.nr', constant: 'INBOX_LEAVES' },
  { what: 'signer', file: 'policy.nr', constant: 'SIGNERS' },
  { what: 'registration (an epoch)', file: 'queue.nr', constant: 'QUEUE' },
]

const directory = await mkdtemp(join(tmpdir(), 'causeway-gates-'))
const barretenberg = await startBarretenberg((await developmentSrs(14)).directory)
async function gates(places: number): Promise<number> {
  const { program } = await compileCircuit(join(directory, `epoch-${places}`))
  const bytecode = gunzipSync(Buffer.from(program.bytecode, 'base64'))
  return (await barretenberg.circuitStats({ circuit: { name: 'epoch', bytecode, verificationKey: new Uint8Array() }, includeGatesPerOpcode: false, settings: VERIFIER_SETTINGS })).numGates
}
try {
  await cp(SOURCES, directory, { recursive: true })
  const [one, two] = [await gates(1), await gates(2)]
  const rows: Record<string, number> = { 'fixed': 2 * one - two, 'certificate': two - one }
  for (const { what, file, constant } of CAPACITIES) {
    const path = join(directory, 'accounting/src', file)
    const source = await readFile(path, 'utf8')
    const more = source.replace(new RegExp(`(global ${constant}: u32 = )(\\d+);`), (_, before: string, count: string) => `${before}${Number(count) + 1};`)
    if (more === source) throw new Error(`${file} has no ${constant}`)
    await writeFile(path, more)
    rows[`one more ${what}`] = (await gates(1)) - one
    await writeFile(path, source)
  }
  report('gates', rows)
} finally {
  await barretenberg.destroy()
  await rm(directory, { recursive: true })
}
