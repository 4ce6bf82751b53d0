/**
 * Mutants of the contracts: each guard, switched off. One is killed when a test of the contracts fails. All contracts are compiled once,
 * with a switch at each guard, and take the place of the generated artefacts in the tests (packages/contracts/src/l1-fixture.ts throws it).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createVitest, type TestModule, type Vitest } from 'vitest/node'
import { compile, unitHash, units, type Compiled, type Unit } from '../../packages/contracts/scripts/compile.js'
import { codeOf, hashOf, withImports } from './closure.js'
import { FIRST_COINBASE, withGuards, type Guard } from './guards.js'
import type { Mutant, Report, Suite } from './suite.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CONTRACTS = join(ROOT, 'packages/contracts')
const SOLIDITY = join(CONTRACTS, 'solidity')
/** They measure gas, which the switches cost. */
const NOT_FOR_MUTANTS = ['gas.slow.test.ts']
const L2 = ['CausewayMessenger', 'CausewayBridgeL2', 'CausewayToken']

type Test = { file: string; text: string; hash: string }

/** The contracts as a suite of mutants. */
export function contractMutants(): Promise<Suite> {
  const unit = units().find(({ name }) => name === 'causeway') as Unit
  const { guards, unit: switched } = withGuards(unit)
  for (const [file, { content }] of Object.entries(unit.sources)) {
    const reverts = content.replace(/\/\/.*$/gm, '').match(/\brevert [A-Z]/g)?.length ?? 0
    const found = guards.filter((guard) => guard.file === file && guard.name.includes('revert ')).length
    if (!/^(samples|test|interfaces)\//.test(file) && found !== reverts) throw new Error(`${file} reverts in ${reverts} places, of which ${found} were found: teach guards.ts the others.`)
  }
  const tests = testsOf(unit)
  const hashes = new Map(tests.map(({ file, hash }) => [file, hash]))
  const decidedBy = (guard: Guard) => (killer: string | undefined) => {
    if (killer === undefined) return hashOf(guard.name, ...hashes.values())
    const hash = hashes.get(killer.split(' > ')[0] as string)
    return hash === undefined ? undefined : hashOf(guard.name, hash)
  }
  return Promise.resolve({
    name: 'contracts',
    mutants: guards.map((guard): Mutant => ({ name: guard.name, group: guard.file, decidedBy: decidedBy(guard) })),
    run: (names, report, signal) =>
      tryGuards(
        guards.filter(({ name }) => names.has(name)),
        switched,
        tests,
        report,
        signal,
      ),
  })
}

/** The tests of the contracts, each with a hash of its code, of the contracts that it runs, and of what they import. */
function testsOf(unit: Unit): Test[] {
  const src = join(CONTRACTS, 'src')
  const names = Object.keys(unit.sources).map((path) => ({ path, name: (path.split('/').at(-1) as string).replace('.sol', '') }))
  const versions = unitHash({ name: '', sources: {}, settings: unit.settings })
  const switches = readFileSync(new URL('./guards.ts', import.meta.url), 'utf8')
  return readdirSync(src)
    .filter((file) => file.endsWith('.slow.test.ts') && !NOT_FOR_MUTANTS.includes(file))
    .map((file) => {
      const text = readFileSync(join(src, file), 'utf8')
      const used = new Set([...text.matchAll(/\b(\w+?)(?:Abi|Bytecode|DeployedBytecode)\b/g)].map(([, name]) => (name as string).toLowerCase()))
      if (/startCluster|deployCluster/.test(text)) used.add('causewaycluster').add('mockverifier')
      if (/predeployGenesis/.test(text)) for (const name of L2) used.add(name.toLowerCase())
      const contracts = names.filter(({ name }) => used.has(name.toLowerCase())).map(({ path }) => join(SOLIDITY, path))
      const code = [...withImports([join(src, file)], (path) => path.includes('/generated/')), ...withImports(contracts)].sort()
      return { file, text, hash: hashOf(versions, switches, ...code.map(codeOf)) }
    })
}

async function tryGuards(guards: readonly Guard[], unit: Unit, tests: readonly Test[], report: Report, signal: AbortSignal): Promise<void> {
  const vitest = await startVitest(compile(unit))
  /** Tests that pass with all guards on. */
  const sound = new Set<string>()
  const killerOf = async (guard: Guard): Promise<string | undefined> => {
    for (const { file } of ranked(tests, guard)) {
      signal.throwIfAborted()
      if (!sound.has(file)) {
        const failure = await failureOf(vitest, file, undefined)
        if (failure) throw new Error(`With all guards on, ${file} fails: ${failure.test}\n${failure.message}`)
        sound.add(file)
      }
      const failure = await failureOf(vitest, file, guard)
      if (failure) return `${file} > ${failure.test}`
    }
    return undefined
  }
  try {
    for (const guard of guards) report(guard.name, await killerOf(guard))
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    await vitest.close()
  }
}

/** Tests that name the guard's error first, then those that name its contract. */
function ranked(tests: readonly Test[], { file, error }: Guard): Test[] {
  const contract = (file.split('/').at(-1) as string).replace('.sol', '')
  const abi = `${contract.charAt(0).toLowerCase()}${contract.slice(1)}Abi`
  const score = ({ text }: Test) => (error !== undefined && text.includes(`'${error}'`) ? 2 : 0) + (text.includes(abi) || (file.startsWith('lib/') && text.includes('causewayHubAbi')) ? 1 : 0)
  return [...tests].sort((a, b) => score(b) - score(a))
}

/** Vitest over the tests of the contracts, with these contracts in the place of the generated ones. */
function startVitest(contracts: readonly Compiled[]): Promise<Vitest> {
  const byName = new Map(contracts.map((contract) => [contract.name, contract]))
  const swap = {
    name: 'contracts-with-switches',
    enforce: 'pre' as const,
    transform(code: string, id: string) {
      const contract = byName.get(/packages\/contracts\/src\/generated\/(\w+)\.ts$/.exec(id)?.[1] ?? '')
      if (!contract) return undefined
      const constant = contract.name.charAt(0).toLowerCase() + contract.name.slice(1)
      const put = (source: string, of: string, bytes: string) => source.replace(new RegExp(`(export const ${of}: [^=]+=\\s*)'0x[0-9a-f]*'`), `$1'${bytes}'`)
      return put(put(code, `${constant}Bytecode`, contract.bytecode), `${constant}DeployedBytecode`, contract.deployedBytecode)
    },
  }
  const shared = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } }
  return createVitest(
    'test',
    { root: ROOT, config: false, watch: false, include: ['packages/contracts/src/*.slow.test.ts'], testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false, bail: 1, reporters: [{}] },
    { ...shared, plugins: [swap] },
  )
}

type Failure = { test: string; message: string; asserted: boolean }

/** The test of a file that fails without this guard. What is no failed assertion may be the machine's doing: it counts if it happens again. */
async function failureOf(vitest: Vitest, file: string, guard: Guard | undefined): Promise<Failure | undefined> {
  const failure = await runTests(vitest, file, guard)
  return failure && !failure.asserted ? runTests(vitest, file, guard) : failure
}

/** Runs a file of tests until one fails. @throws if it does not even begin */
async function runTests(vitest: Vitest, file: string, guard: Guard | undefined): Promise<Failure | undefined> {
  // The fixture, in a process of its own, reads it.
  process.env['CAUSEWAY_COINBASE'] = `0x${(FIRST_COINBASE + BigInt(guard?.id ?? 0)).toString(16).padStart(40, '0')}`
  const specifications = (await vitest.globTestSpecifications([file])).filter(({ moduleId }) => moduleId.endsWith(`/${file}`))
  const { testModules } = await vitest.runTestSpecifications(specifications)
  // It keeps the results of earlier files too.
  const module = testModules.find(({ moduleId }) => moduleId === specifications[0]?.moduleId) as TestModule
  for (const test of module.children.allTests('failed')) {
    const { errors = [] } = test.result()
    return { test: test.fullName, message: errors[0]?.message ?? '', asserted: errors[0]?.name === 'AssertionError' }
  }
  const broken = [...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => suite.errors())]
  if (broken.length > 0 || !module.ok()) throw new Error(`${file} does not even begin${guard ? ` without ${guard.name}` : ''}: ${broken[0]?.message ?? ''}`)
  return undefined
}
