/**
 * Mutants of the circuits: each statement that constrains something, deleted. One is killed when a forged epoch that the circuit refuses
 * passes without it, or a wrong result of a function whose hints lie.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { applyEpoch } from '@causeway/core'
import { Noir } from '@noir-lang/noir_js'
import { compileCircuit } from '../../packages/prover-ultrahonk/scripts/noir.js'
import { attacks } from '../../packages/prover-ultrahonk/src/testkit/attacks.js'
import { randomEpoch } from '../../packages/prover-ultrahonk/src/testkit/honest.js'
import { lies, probeInputs } from '../../packages/prover-ultrahonk/src/testkit/lies.js'
import { compileProbe } from '../../packages/prover-ultrahonk/src/testkit/probe.js'
import { statementsOf, type Statement } from '../../packages/prover-ultrahonk/src/testkit/statements.js'
import { withSwitches } from '../../packages/prover-ultrahonk/src/testkit/switches.js'
import { toCircuitInputs, type CircuitInputs } from '../../packages/prover-ultrahonk/src/witness.js'
import { codeOf, hashOf } from './closure.js'
import type { Mutant, Report, Suite } from './suite.js'

const SOURCES = fileURLToPath(new URL('../../circuits/noir', import.meta.url))

/** The killer of a mutant that takes what it should not without any lie. */
const HONEST = 'honest guesses'

type Forgery = { name: string; rule: number; places: 1 | 2; inputs: CircuitInputs; hash: string }
/** How the circuit takes inputs without one statement: undefined if it accepts them, else where it refuses, outermost call first. */
type Circuit = (inputs: CircuitInputs, off?: number) => Promise<string[] | undefined>

/** The circuits as a suite of mutants. */
export async function circuitMutants(): Promise<Suite> {
  const statements = await statementsOf(join(SOURCES, 'accounting/src'))
  const program = await codeHash()
  const forgeries: Forgery[] = []
  for (const { name, rule, places, build } of attacks) {
    const { inputs } = await build()
    forgeries.push({ name: `R${rule}: ${name}`, rule, places, inputs, hash: hashOf(program, String(places), JSON.stringify(inputs)) })
  }
  const tried = JSON.stringify(probeInputs, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
  const guesses = [{ name: HONEST, answer: '' }, ...lies].map(({ name, answer }) => ({ name, hash: hashOf(program, tried, name, String(answer)) }))
  const hashes = new Map([...forgeries, ...guesses].map(({ name, hash }) => [name, hash]))
  if (hashes.size < forgeries.length + guesses.length) throw new Error('Two attacks have the same name.')
  const all = hashOf(...hashes.values())
  return {
    name: 'circuits',
    mutants: statements.map(({ name, file }): Mutant => ({ name, group: file, decidedBy: (killer) => (killer === undefined ? all : hashes.get(killer)) })),
    async run(names, report, signal) {
      const directory = await mkdtemp(join(tmpdir(), 'causeway-mutants-'))
      try {
        const chosen = statements.filter(({ name }) => names.has(name))
        const left = await byLies(join(directory, 'probe'), statements, chosen, report)
        if (left.length > 0) await byForgeries(join(directory, 'epoch'), statements, left, forgeries, report, signal)
      } finally {
        await rm(directory, { recursive: true })
      }
    },
  }
}

/** Hash of the circuits without their comments, and of the way in which statements are switched off. */
async function codeHash(): Promise<string> {
  const files = (await readdir(SOURCES, { recursive: true })).filter((file) => file.endsWith('.nr')).sort()
  return hashOf(...files, ...files.map((file) => codeOf(join(SOURCES, file))), codeOf(fileURLToPath(new URL('../../packages/prover-ultrahonk/src/testkit/switches.ts', import.meta.url))))
}

/** Tells lies to the functions that take hints; returns the statements that no lie kills. */
async function byLies(directory: string, statements: readonly Statement[], chosen: readonly Statement[], report: Report): Promise<Statement[]> {
  const primitive = /^(range|inbox|entries)\.nr$/
  if (!chosen.some(({ file }) => primitive.test(file))) return [...chosen]
  const probe = await compileProbe(SOURCES, directory, statements)
  const honest: (string[] | undefined)[] = []
  for (const { inputs } of probeInputs) honest.push(await probe(inputs, undefined))
  if (!honest.every((result, i) => (result !== undefined) === probeInputs[i]?.accepted)) throw new Error('With all its statements the probe does not take what it should.')
  const kills = async (id: number) => {
    for (const lie of [undefined, ...lies])
      for (const [i, { inputs }] of probeInputs.entries()) {
        const result = await probe(inputs, lie, id)
        if (result !== undefined && String(result) !== String(honest[i])) return lie?.name ?? HONEST
      }
    return undefined
  }
  const left: Statement[] = []
  for (const statement of chosen) {
    const killer = primitive.test(statement.file) ? await kills(statement.id) : undefined
    if (killer === undefined) left.push(statement)
    else report(statement.name, killer)
  }
  return left
}

/** Tries the forged epochs that are refused where a statement stands, or that it feeds. */
async function byForgeries(directory: string, statements: readonly Statement[], chosen: readonly Statement[], forgeries: readonly Forgery[], report: Report, signal: AbortSignal): Promise<void> {
  await withSwitches(SOURCES, directory, statements, false)
  const circuits = { 1: await compile(join(directory, 'epoch-1')), 2: await compile(join(directory, 'epoch-2')) }
  for (const places of [1, 2] as const) {
    const witness = await randomEpoch(places, places)
    if (await circuits[places](toCircuitInputs(witness, applyEpoch(witness), places))) throw new Error('With all its statements the circuit refuses an honest epoch.')
  }
  const refused: (Forgery & { at: Set<number> })[] = []
  for (const forgery of forgeries) {
    const calls = await circuits[forgery.places](forgery.inputs)
    if (signal.aborted) return
    if (!calls) throw new Error(`With all its statements the circuit accepts an attack: ${forgery.name}.`)
    refused.push({ ...forgery, at: new Set(statements.filter((statement) => calls.some((call) => stands(statement, call))).map(({ id }) => id)) })
  }
  for (const statement of chosen) {
    if (signal.aborted) return
    const assigns = statement.name.includes(': table.')
    const candidates = refused.filter(({ at }) => assigns || at.has(statement.id)).sort((a, b) => Number(statement.rules.includes(b.rule)) - Number(statement.rules.includes(a.rule)))
    let killer: string | undefined
    for (const { name, places, inputs } of candidates)
      if ((await circuits[places](inputs, statement.id)) === undefined) {
        killer = name
        break
      }
    report(statement.name, killer)
  }
}

async function compile(directory: string): Promise<Circuit> {
  const { program } = await compileCircuit(directory)
  const noir = new Noir(program as ConstructorParameters<typeof Noir>[0])
  return async (inputs, off = -1) => {
    try {
      await noir.execute(inputs, async (name, [statement]) => {
        if (name !== 'is_on') throw new Error(`The circuit calls ${name}.`)
        return [Number(statement?.[0]) === off ? '0x0' : '0x1']
      })
      return undefined
    } catch (error) {
      const { noirCallStack } = error as { noirCallStack?: string[] }
      if (!noirCallStack) throw error
      return noirCallStack
    }
  }
}

/** Whether a line of a call stack, `at text (accounting/file.nr:line:column)`, is in the statement. */
function stands({ file, from, to }: Statement, call: string): boolean {
  const [, source, line] = /\(accounting\/(\w+\.nr):(\d+):\d+\)$/.exec(call) ?? []
  return source === file && Number(line) >= from && Number(line) <= to
}
