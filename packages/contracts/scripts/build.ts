/** Compiles `solidity/` into `src/generated`: `npm run contracts -w packages/contracts`. Artefacts are committed. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SelfTest } from '../src/verifier.js'
import { compile, unitHash, units, type Compiled } from './compile.js'

const target = join(dirname(fileURLToPath(import.meta.url)), '..', 'src', 'generated')
const NOTE = '// Written by scripts/build.ts from solidity/; do not edit.\n'
const CODE_LIMIT = 24_576
/** They run from genesis, where no constructor has filled in an immutable. */
const PREDEPLOYS = ['CausewayMessenger', 'CausewayBridgeL2', 'CausewayToken']

const started = performance.now()
const hashes: Record<string, string> = {}
const groups = { contracts: [] as Compiled[], samples: [] as Compiled[], testing: [] as Compiled[] }
const selfTests: Record<string, SelfTest> = {}
for (const unit of units()) {
  hashes[unit.name] = unitHash(unit)
  for (const contract of compile(unit)) {
    // A generated verifier is named by its file, whatever its generator called the contract in it.
    if (contract.source.startsWith('generated/') && contract.bytecode !== '0x') {
      if (/^I[A-Z]|Lib$/.test(contract.name)) continue
      contract.name = unit.name
      if (unit.selfTest !== undefined) selfTests[unit.name] = JSON.parse(unit.selfTest) as SelfTest
    }
    check(contract)
    groups[contract.source.startsWith('samples/') ? 'samples' : contract.source.startsWith('test/') ? 'testing' : 'contracts'].push(contract)
  }
}

mkdirSync(target, { recursive: true })
// Stale files go last: whoever imports the artefacts meanwhile finds the old ones or the new ones.
const kept = new Set([...Object.values(groups).flatMap((contracts) => contracts.map(({ name }) => `${name}.ts`)), ...Object.keys(groups).map((group) => `${group}.ts`), 'errors.ts', 'hashes.ts'])
for (const [group, contracts] of Object.entries(groups)) {
  contracts.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const contract of contracts) writeFileSync(join(target, `${contract.name}.ts`), artefact(contract))
  const modules = [...contracts.map(({ name }) => name), ...(group === 'contracts' ? ['errors'] : [])]
  writeFileSync(join(target, `${group}.ts`), NOTE + modules.map((module) => `export * from './${module}.js'\n`).join(''))
}
writeFileSync(join(target, 'errors.ts'), errorsArtefact(groups.contracts))
writeFileSync(
  join(target, 'hashes.ts'),
  `${NOTE}/** SHA-256 of each compilation unit's sources, settings and compiler; a test compares them with the sources. */\nexport const unitHashes: Readonly<Record<string, string>> = ${JSON.stringify(hashes, null, 2)}\n`,
)
for (const file of readdirSync(target)) if (!kept.has(file)) rmSync(join(target, file))
for (const contract of Object.values(groups).flat()) console.log(`${String((contract.deployedBytecode.length - 2) / 2).padStart(6)} bytes  ${contract.name}`)
console.log(`compiled in ${((performance.now() - started) / 1000).toFixed(1)} s`)

function check({ name, source, deployedBytecode, hasImmutables }: Compiled): void {
  const size = (deployedBytecode.length - 2) / 2
  if (size > CODE_LIMIT) throw new Error(`${name} has ${size} bytes of code, ${size - CODE_LIMIT} more than Ethereum takes`)
  if (hasImmutables && PREDEPLOYS.includes(name)) throw new Error(`${name} (${source}) has immutables, which genesis cannot fill in`)
  if (deployedBytecode.includes('__$')) throw new Error(`${name} needs a linked library, which the deployment does not know`)
}

/** A contract's ABI lacks the errors of what it calls; this has them all, each once. */
function errorsArtefact(contracts: readonly Compiled[]): string {
  const errors = contracts.flatMap(({ abi }) => abi.filter((item) => (item as { type: string }).type === 'error').map((item) => JSON.stringify(item)))
  const lines = [...new Set(errors)].sort().map((error) => `  ${error},\n`)
  return `${NOTE}
/** Every custom error of the contracts: add it to an ABI to decode reverts that come from further down. */
export const causewayErrorsAbi = [
${lines.join('')}] as const
`
}

function artefact({ name, source, abi, bytecode, deployedBytecode }: Compiled): string {
  const id = name.charAt(0).toLowerCase() + name.slice(1)
  const json = abi.map((item) => `  ${JSON.stringify(item)},\n`).join('')
  const selfTest = selfTests[name]
  return `${NOTE}
/** ABI of \`${name}\` (solidity/${source}). */
export const ${id}Abi = [
${json}] as const

/** Creation bytecode of \`${name}\`, without constructor arguments. */
export const ${id}Bytecode: \`0x\${string}\` =
  '${bytecode}'

/** Runtime bytecode of \`${name}\`; immutables, if it has any, are zero. */
export const ${id}DeployedBytecode: \`0x\${string}\` =
  '${deployedBytecode}'
${
    selfTest
      ? `
/** The proof with which a deployment tests \`${name}\`: of the golden epoch. */
export const ${id}SelfTest: { proof: \`0x\${string}\`; publicInputs: readonly \`0x\${string}\`[] } = {
  proof: '${selfTest.proof}',
  publicInputs: ${JSON.stringify(selfTest.publicInputs)},
}
`
      : ''
  }`
}
