import { CausewayError } from '@causeway/core'
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, join, relative, resolve, sep } from 'node:path'

/** What {@link compileContracts} made of a contract. */
export type CompiledContract = {
  name: string
  /** Where it is written down, from the project's folder: `contracts/Guestbook.sol`. */
  source: string
  /** What was written about it, from the project's folder: `generated/Guestbook.ts`. */
  file: string
  /** Whether that is other than it was. */
  changed: boolean
}

/** What {@link compileContracts} did. */
export type Compilation = {
  /** By name. */
  contracts: CompiledContract[]
  /** What the compiler warns of in the project's own sources, as it prints it. */
  warnings: string[]
}

type Found = { name: string; source: string; abi: readonly unknown[]; bytecode: string }
type Solc = { compile(input: string, callbacks: { import(path: string): { contents: string } | { error: string } }): string }
type SolcOutput = {
  errors?: { severity: string; formattedMessage: string; sourceLocation?: { file: string } }[]
  contracts?: Record<string, Record<string, { abi: unknown[]; evm: { bytecode: { object: string } } }>>
}

const NOTE = '// Written by `causeway build` from contracts/; do not edit.\n'
/** The same input gives the same bytes on every machine: neither paths nor comments are in them. */
const SETTINGS = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: 'cancun',
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
}

/**
 * Compiles `contracts/**\/*.sol` of a project with the project's own `solc`, and writes for each contract `generated/NAME.ts`, with `nameAbi` and, if it
 * can be deployed, `nameBytecode`. A file is replaced at once and only by another content; one of a contract that is gone is removed. Imports are
 * those of other files of the project, and of packages that it, or a package that it imports, has.
 * @param root folder of the project
 * @throws CausewayError `NO_SOLC`; `SOLIDITY` with the compiler's own words; `AMBIGUOUS_CONTRACT`, `AMBIGUOUS_IMPORT`, `UNLINKED_LIBRARY`
 */
export async function compileContracts(root: string): Promise<Compilation> {
  const sources = Object.fromEntries(solidityFiles(join(root, 'contracts')).map((path) => [nameOf(root, path), { content: readFileSync(path, 'utf8') }]))
  if (Object.keys(sources).length === 0) return { contracts: await write(root, []), warnings: [] }
  const solc = loadSolc(root)
  const imports = createImports(root)
  const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings: SETTINGS }), { import: imports.read })) as SolcOutput
  if (imports.problem) throw imports.problem
  const problems = output.errors ?? []
  const errors = problems.filter(({ severity }) => severity === 'error').map(({ formattedMessage }) => formattedMessage.trimEnd())
  if (errors.length > 0) throw new CausewayError(`The contracts do not compile.\n\n${errors.join('\n\n')}\n`, { code: 'SOLIDITY', fix: 'correct what the compiler names' })
  const found = Object.entries(output.contracts ?? {}).flatMap(([source, contracts]) =>
    // Of what is imported, only what the project's own files have in them is written.
    source in sources ? Object.entries(contracts).map(([name, { abi, evm }]): Found => ({ name, source, abi: abi.map(withoutInternalTypes), bytecode: evm.bytecode.object })) : [],
  )
  check(found)
  const warnings = problems.filter(({ sourceLocation }) => sourceLocation === undefined || sourceLocation.file in sources).map(({ formattedMessage }) => formattedMessage.trimEnd())
  return { contracts: await write(root, found.sort((a, b) => (a.name < b.name ? -1 : 1))), warnings }
}

/** `Guestbook` → `guestbook`, `ERC20Token` → `erc20Token`: the constants of a contract begin with it. */
export function lowerCamel(name: string): string {
  return name.replace(/^_*[A-Z][A-Z0-9]*(?=[A-Z][a-z])|^_*[A-Z]+/, (start) => start.toLowerCase())
}

/** The compiler that the project has chosen. */
function loadSolc(root: string): Solc {
  const require = createRequire(join(root, 'package.json'))
  const listeners = new Set(process.listeners('unhandledRejection'))
  try {
    return require('solc') as Solc
  } catch (cause) {
    throw new CausewayError(`There are contracts in ${join(root, 'contracts')}, but no Solidity compiler in the project.`, { code: 'NO_SOLC', fix: 'npm install --save-dev --save-exact solc', cause })
  } finally {
    // It ends the process at any unhandled rejection, whosesoever.
    for (const listener of process.listeners('unhandledRejection')) if (!listeners.has(listener)) process.off('unhandledRejection', listener)
  }
}

/** Finds what contracts import, for the compiler, which asks for one file at a time and takes no exceptions. */
function createImports(root: string) {
  const project = realpathSync(root)
  // Whose packages an import may be among: the project's, then those of the packages whose files were read so far.
  const importers = new Set([join(project, 'package.json')])
  const imports = {
    problem: undefined as CausewayError | undefined,
    read(path: string): { contents: string } | { error: string } {
      const segments = path.split('/')
      if (path.startsWith('/') || segments.includes('..') || segments.includes('node_modules')) return { error: 'Import a package by its name, and a file of the project by a relative path.' }
      const own = join(project, ...segments)
      // A link may lead out of the project.
      if (existsSync(own)) return realpathSync(own).startsWith(project + sep) ? { contents: readFileSync(own, 'utf8') } : { error: 'It is outside of the project.' }
      const reasons: unknown[] = []
      const files = new Set<string>()
      for (const importer of importers) {
        try {
          files.add(realpathSync(createRequire(importer).resolve(path)))
        } catch (error) {
          reasons.push(error)
        }
      }
      const [file, other] = files
      if (file === undefined) return { error: notFound(path, reasons) }
      if (other !== undefined) imports.problem ??= new CausewayError(`The import ${path} has two meanings: ${file} and ${other}.`, { code: 'AMBIGUOUS_IMPORT', fix: 'install the version in the project that the packages with contracts want' })
      importers.add(file)
      return { contents: readFileSync(file, 'utf8') }
    },
  }
  return imports
}

function notFound(path: string, reasons: readonly unknown[]): string {
  const name = path.split('/').slice(0, path.startsWith('@') ? 2 : 1).join('/')
  const isClosed = reasons.some((reason) => (reason as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED')
  return isClosed ? `The package ${name} does not export it.` : `Neither the project nor a package that it imports has it. Is ${name} installed?`
}

function check(found: readonly Found[]): void {
  const byName = new Map<string, Found>()
  for (const contract of found) {
    // Some file systems do not tell their files apart otherwise.
    const key = contract.name.toLowerCase()
    const same = byName.get(key)
    if (same) throw new CausewayError(`${same.source} and ${contract.source} have both a contract ${contract.name}.`, { code: 'AMBIGUOUS_CONTRACT', fix: 'give one of them another name' })
    byName.set(key, contract)
    if (contract.bytecode.includes('__$')) throw new CausewayError(`${contract.name} (${contract.source}) needs a library that is deployed on its own.`, { code: 'UNLINKED_LIBRARY', fix: 'make the functions of the library internal' })
  }
}

async function write(root: string, found: readonly Found[]): Promise<CompiledContract[]> {
  const folder = join(root, 'generated')
  const contracts: CompiledContract[] = []
  if (found.length > 0) await mkdir(folder, { recursive: true })
  for (const contract of found) {
    const path = join(folder, `${contract.name}.ts`)
    contracts.push({ name: contract.name, source: contract.source, file: nameOf(root, path), changed: await writeIfOther(path, artefact(contract)) })
  }
  for (const file of existsSync(folder) ? readdirSync(folder) : [])
    if (!found.some(({ name }) => file === `${name}.ts`) && (await readFile(join(folder, file), 'utf8').catch(() => '')).startsWith(NOTE)) await rm(join(folder, file))
  return contracts
}

function artefact({ name, source, abi, bytecode }: Found): string {
  const lines = abi.map((item) => `  ${JSON.stringify(item)},\n`).join('')
  const code = bytecode === '' ? '' : `\n/** Code that deploys \`${name}\`; arguments of its constructor follow it. */\nexport const ${lowerCamel(name)}Bytecode = '0x${bytecode}'\n`
  return `${NOTE}\n/** ABI of \`${name}\` (${source}). */\nexport const ${lowerCamel(name)}Abi = [\n${lines}] as const\n${code}`
}

/** Whoever reads it meanwhile gets the old content or the new one. */
async function writeIfOther(path: string, content: string): Promise<boolean> {
  const before = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (before === content) return false
  const partial = join(path, '..', `.${basename(path)}.${randomUUID()}`)
  try {
    await writeFile(partial, content)
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
  return true
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

const nameOf = (root: string, path: string): string => relative(resolve(root), resolve(path)).split(sep).join('/')

function solidityFiles(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return solidityFiles(path)
      return entry.name.endsWith('.sol') ? [path] : []
    })
    .sort()
}
