/**
 * Mutation test of the accounting circuit: for each rule of docs/protocol.md, deletes every statement tagged with its number (with
 * `--statements`, each statement alone), compiles what is left, and looks whether a forged epoch now passes. A mutant that no attack
 * tells from the circuit has survived.
 *
 * node --import tsx --conditions=source circuits/mutants.ts [--statements] [R7 R12 …]
 */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Noir } from '@noir-lang/noir_js'
import { compileCircuit } from '../packages/prover-ultrahonk/scripts/noir.js'
import { circuitOf, solve } from '../packages/prover-ultrahonk/src/prove.js'
import { attacks } from '../packages/prover-ultrahonk/src/testkit/attacks.js'

const SOURCES = fileURLToPath(new URL('./noir', import.meta.url))
const STATEMENT = /^\s*(assert\(|fits::|crate::range::fits::|less::|at_most::|canonical\(|limbs_less_if\(|table\.).*; \/\/ (\[R\d+\] ?)+$/
const statementsMode = process.argv.includes('--statements')
const only = process.argv.filter((argument) => /^R\d+$/.test(argument)).map((argument) => Number(argument.slice(1)))

type Tagged = { file: string; line: number; rules: number[]; text: string }
type Mutant = { rule: number; name: string; delete: Tagged[] }

const modules = (await readdir(join(SOURCES, 'accounting/src'))).sort()
const text = new Map<string, string[]>()
for (const file of modules) text.set(file, (await readFile(join(SOURCES, 'accounting/src', file), 'utf8')).split('\n'))
const tagged: Tagged[] = [...text].flatMap(([file, lines]) =>
  lines.flatMap((line, at) => {
    const rules = [...(/; \/\/ (.*)$/.exec(line)?.[1] ?? '').matchAll(/\[R(\d+)\]/g)].map((match) => Number(match[1]))
    if (rules.length > 0 && !STATEMENT.test(line)) throw new Error(`${file}:${at + 1} is tagged but is not one statement: ${line.trim()}`)
    return rules.length > 0 ? [{ file, line: at, rules, text: line.trim() }] : []
  }),
)

const rules = Array.from({ length: 29 }, (_, i) => i + 1).filter((rule) => only.length === 0 || only.includes(rule))
const mutants: Mutant[] = rules.flatMap((rule) => {
  const own = tagged.filter((item) => item.rules.includes(rule))
  if (!statementsMode) return [{ rule, name: `R${rule} (${own.length} statements)`, delete: own }]
  return own.map((item) => ({ rule, name: `R${rule} ${item.file}:${item.line + 1} ${item.text}`, delete: [item] }))
})

const directory = await mkdtemp(join(tmpdir(), 'causeway-mutants-'))
let killed = 0
let refusedForAnotherReason = 0
try {
  await cp(SOURCES, directory, { recursive: true })
  for (const mutant of mutants) {
    const touched = [...new Set(mutant.delete.map(({ file }) => file))]
    for (const file of touched) {
      const lines = (text.get(file) ?? []).map((line, at) => (mutant.delete.some((item) => item.file === file && item.line === at) ? '' : line))
      await writeFile(join(directory, 'accounting/src', file), lines.join('\n'))
    }
    const circuits = new Map<number, Noir>()
    const outcome: { name: string; passes: boolean }[] = []
    for (const attack of attacks.filter(({ rule }) => rule === mutant.rule)) {
      let circuit = circuits.get(attack.places)
      if (!circuit) circuits.set(attack.places, (circuit = circuitOf((await compileCircuit(join(directory, `epoch-${attack.places}`))).program)))
      const { inputs } = await attack.build()
      outcome.push({ name: attack.name, passes: await solve(circuit, inputs).then(() => true, () => false) })
    }
    for (const file of touched) await writeFile(join(directory, 'accounting/src', file), (text.get(file) ?? []).join('\n'))
    const passing = outcome.filter(({ passes }) => passes)
    if (mutant.delete.length > 0 && passing.length > 0) killed++
    console.log(`${passing.length > 0 ? 'killed  ' : 'SURVIVED'} ${mutant.name}: ${passing.length} of ${outcome.length} attacks pass`)
    if (!statementsMode)
      for (const { name } of outcome.filter(({ passes }) => !passes)) {
        refusedForAnotherReason++
        console.log(`         still refused: ${name}`)
      }
  }
} finally {
  await rm(directory, { recursive: true })
}
console.log(`${killed} of ${mutants.length} mutants killed${statementsMode ? '' : `; ${refusedForAnotherReason} attacks are refused by another rule too`}`)
if (killed < mutants.length && !statementsMode) process.exitCode = 1
