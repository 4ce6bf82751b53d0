/**
 * Compiles the circuits to `src/generated` and writes the Solidity verifier of the shape that L1 uses, with the proof of its self-test.
 * Run it after every change below `circuits/noir`: `npm run circuits -w @causeway/prover-ultrahonk`.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { L1_PLACES, PLACES, type Artefact } from '../src/artefact.js'
import { PROOF_SETTINGS, startBarretenberg, VERIFIER_SETTINGS } from '../src/barretenberg.js'
import { sourcesHash } from '../src/compile.js'
import { compileCircuit } from './noir.js'
import { solidityVerifier } from '../src/solidity-verifier.js'
import { developmentSrs } from '../src/srs.js'

const here = dirname(fileURLToPath(import.meta.url))
const circuits = join(here, '../../../circuits/noir')
const generated = join(here, '../src/generated')
const contracts = join(here, '../../contracts/solidity/generated')

await mkdir(generated, { recursive: true })
await mkdir(contracts, { recursive: true })
const hash = await sourcesHash(circuits)
const bbVersion = (JSON.parse(await readFile(join(dirname(createRequire(import.meta.url).resolve('@aztec/bb.js')), '../../package.json'), 'utf8')) as { version: string }).version
for (const places of PLACES) {
  const { program } = await compileCircuit(join(circuits, `epoch-${places}`))
  const bytecode = gunzipSync(Buffer.from(program.bytecode, 'base64'))
  const counting = await startBarretenberg((await developmentSrs(14)).directory)
  const stats = await counting.circuitStats({ circuit: { name: 'epoch', bytecode, verificationKey: new Uint8Array() }, includeGatesPerOpcode: false, settings: VERIFIER_SETTINGS })
  await counting.destroy()
  const log2 = Math.log2(stats.numGatesDyadic)
  const srs = await developmentSrs(log2)
  const api = await startBarretenberg(srs.directory)
  const key = await api.circuitComputeVk({ circuit: { name: 'epoch', bytecode }, settings: PROOF_SETTINGS })
  const artefact: Artefact = {
    places,
    noirVersion: program.noir_version,
    bbVersion,
    sourcesHash: hash,
    gates: stats.numGates,
    log2,
    bytecode: program.bytecode,
    abi: program.abi as Artefact['abi'],
    verificationKey: Buffer.from(key.bytes).toString('base64'),
    verificationKeyHash: `0x${Buffer.from(key.hash).toString('hex')}`,
    srsDigest: srs.digest,
  }
  const text = JSON.stringify(artefact)
  await writeFile(join(generated, `epoch-${places}.json`), `${text}\n`)
  console.log(`epoch-${places}: ${stats.numGates} gates (2^${log2}), ${(text.length / 1024).toFixed(0)} kB`)
  if (places === L1_PLACES) {
    const { solidityCode } = await api.circuitWriteSolidityVerifier({ verificationKey: key.bytes, settings: VERIFIER_SETTINGS })
    await writeFile(join(contracts, 'AccountingVerifier.sol'), solidityVerifier(solidityCode, artefact))
  }
  await api.destroy()
}
// Proves with what has just been written.
await import('./self-test.js')
