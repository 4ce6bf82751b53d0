import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..')
const solidityRoot = join(packageRoot, 'solidity')

/** A set of sources that are compiled together with the same settings; a verifier has a proof for its self-test beside it. */
export type Unit = { name: string; sources: Record<string, { content: string }>; settings: Record<string, unknown>; selfTest?: string }
/** What the build keeps of a compiled contract. */
export type Compiled = { name: string; source: string; abi: readonly unknown[]; bytecode: string; deployedBytecode: string; hasImmutables: boolean }

const EVM_VERSION = 'cancun'

/**
 * The units of this package: ours, and one for each verifier in `solidity/generated` (optimizer runs 1: a verifier is close to the
 * size limit, and viaIR would undo what its generator did by hand).
 */
export function units(): Unit[] {
  const files = solidityFiles(solidityRoot).map((path) => relative(solidityRoot, path))
  const own = files.filter((path) => !path.startsWith('generated/'))
  const generated = files.filter((path) => path.startsWith('generated/'))
  return [
    { name: 'causeway', sources: read(own), settings: { optimizer: { enabled: true, runs: 10_000 }, viaIR: true, evmVersion: EVM_VERSION } },
    ...generated.map((path) => ({
      name: path.replace(/^generated\/|\.sol$/g, ''),
      sources: read([path]),
      settings: { optimizer: { enabled: true, runs: 1 }, evmVersion: EVM_VERSION },
      selfTest: readFileSync(join(solidityRoot, path.replace(/\.sol$/, '.selftest.json')), 'utf8'),
    })),
  ]
}

/** SHA-256 over everything that decides a unit's artefacts: sources, settings, and the versions of the compiler and of OpenZeppelin. */
export function unitHash(unit: Unit): string {
  const hash = createHash('sha256')
  for (const name of ['solc', '@openzeppelin/contracts']) hash.update(`${name}@${versionOf(name)}\n`)
  hash.update(JSON.stringify(unit.settings))
  for (const path of Object.keys(unit.sources).sort()) hash.update(`\n${path}\n${unit.sources[path]?.content ?? ''}`)
  if (unit.selfTest !== undefined) hash.update(`\n${unit.selfTest}`)
  return `0x${hash.digest('hex')}`
}

type SolcOutput = {
  errors?: { severity: string; formattedMessage: string; sourceLocation?: { file: string } }[]
  contracts: Record<string, Record<string, SolcContract>>
}
type SolcContract = {
  abi: unknown[]
  evm: { bytecode: { object: string }; deployedBytecode: { object: string; immutableReferences: Record<string, unknown> } }
}

/** Compiles a unit. @throws Error with the compiler's own words. */
export function compile(unit: Unit): Compiled[] {
  const solc = require('solc') as { compile(input: string, callbacks: { import(path: string): { contents: string } }): string }
  const input = {
    language: 'Solidity',
    sources: unit.sources,
    settings: {
      ...unit.settings,
      // The metadata hash would tie bytecode to comments and paths; deployments must not change with those.
      metadata: { bytecodeHash: 'none', appendCBOR: false },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object', 'evm.deployedBytecode.immutableReferences'] } },
    },
  }
  const output = JSON.parse(
    solc.compile(JSON.stringify(input), { import: (path) => ({ contents: readFileSync(require.resolve(path), 'utf8') }) }),
  ) as SolcOutput
  const problems = (output.errors ?? []).filter((e) => e.severity === 'error' || ownSource(e.sourceLocation?.file))
  for (const problem of problems) process.stderr.write(problem.formattedMessage)
  if (problems.some((e) => e.severity === 'error')) throw new Error(`solc refused ${unit.name}`)

  const found: Compiled[] = []
  for (const [source, contracts] of Object.entries(output.contracts)) {
    if (!(source in unit.sources)) continue
    for (const [name, { abi, evm }] of Object.entries(contracts)) {
      // Interfaces, abstract contracts and internal libraries have no code of their own.
      if (evm.bytecode.object === '' || source.startsWith('lib/')) continue
      const { object, immutableReferences } = evm.deployedBytecode
      found.push({
        name,
        source,
        abi: abi.map(withoutInternalTypes),
        bytecode: `0x${evm.bytecode.object}`,
        deployedBytecode: `0x${object}`,
        hasImmutables: Object.keys(immutableReferences ?? {}).length > 0,
      })
    }
  }
  return found
}

/** Warnings about other people's files are theirs. */
function ownSource(file = ''): boolean {
  return !file.startsWith('@') && !file.startsWith('generated/')
}

/** Compiler names of structs say nothing that the tuple's components do not. */
function withoutInternalTypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutInternalTypes)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'internalType')
      .map(([key, inner]) => [key, withoutInternalTypes(inner)]),
  )
}

function versionOf(name: string): string {
  return (JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')) as { version: string }).version
}

function read(paths: string[]): Unit['sources'] {
  return Object.fromEntries(paths.map((path) => [path, { content: readFileSync(join(solidityRoot, path), 'utf8') }]))
}

function solidityFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) return solidityFiles(path)
      return entry.name.endsWith('.sol') ? [path] : []
    })
    .sort()
}
