/**
 * Mutation tests: deletes each statement of the circuits that constrains something, and each guard of the contracts, and looks whether an
 * attack or a test notices. Verdicts are kept in results.json with a hash of what decided them; only those whose hash changed are tried again.
 *
 * npm run mutants -- [--part 2/5] [--check] [circuits|contracts]
 *
 * --part i/n  tries a part of them only
 * --check     for continuous integration: tries what changed, if that is little, and writes nothing
 *
 * Fails if less than 95 % are killed, and if survivors.json does not say of each survivor, and of nothing else, why no test can kill it.
 */
import { circuitMutants } from './circuits.js'
import { contractMutants } from './contracts.js'
import { knownResults, reasons, type Known } from './results.js'
import type { Suite } from './suite.js'

const MIN_KILLED = 0.95
/** How long a check may try mutants whose code or tests changed. */
const CHECK_SECONDS = 150

const suites: { [name: string]: () => Promise<Suite> } = { circuits: circuitMutants, contracts: contractMutants }
const args = process.argv.slice(2)
const check = args.includes('--check')
const [, part, parts] = /^(\d+)\/(\d+)$/.exec(args[args.indexOf('--part') + 1] ?? '') ?? (args.includes('--part') ? fail('--part takes a number and how many parts there are: --part 2/5') : ['', '1', '1'])
const chosen = Object.keys(suites).filter((name) => args.includes(name) || !Object.keys(suites).some((other) => args.includes(other)))
const signal = check ? AbortSignal.timeout(CHECK_SECONDS * 1000) : new AbortController().signal

const problems: string[] = []
const rows: { suite: string; group: string; killed: number; total: number }[] = []
let complete = true
for (const name of chosen) {
  const suite = await (suites[name] as () => Promise<Suite>)()
  const known = knownResults(suite, !check)
  const stale = known.stale()
  const own = stale.filter((_, i) => i % Number(parts) === Number(part) - 1)
  console.log(`${name}: ${suite.mutants.length} mutants, ${stale.length} to try${own.length < stale.length ? `, ${own.length} of them now` : ''}`)
  if (own.length > 0) {
    const started = performance.now()
    const report = (mutant: string, killer: string | undefined) => {
      known.record(mutant, killer)
      const seconds = ((performance.now() - started) / 1000).toFixed(0)
      console.log(`${seconds.padStart(5)} s ${killer === undefined ? 'SURVIVED' : 'killed  '} ${mutant}${killer === undefined ? '' : `  <- ${killer}`}`)
    }
    await suite.run(new Set(own.map((mutant) => mutant.name)), report, signal)
  }
  if (known.stale().length > 0) complete = false
  else judge(suite, known)
}

if (complete) {
  for (const { suite, group, killed, total } of rows) console.log(`${suite.padEnd(9)} ${group.padEnd(32)} ${String(killed).padStart(4)} of ${String(total).padStart(4)}`)
  const [killed, total] = [sum(({ killed }) => killed), sum(({ total }) => total)]
  console.log(`${killed} of ${total} mutants killed (${((100 * killed) / total).toFixed(1)} %)`)
  if (chosen.length === Object.keys(suites).length && killed < MIN_KILLED * total) problems.push(`Less than ${100 * MIN_KILLED} % of the mutants are killed: write the tests that tell them from the code.`)
} else if (check) problems.push(`Not all mutants could be tried in ${CHECK_SECONDS} s: run \`npm run mutants\` and commit test/mutants/results.json.`)
else console.log('There are mutants left to try.')
for (const problem of problems) console.error(problem)
// Processes that the tests started may still hold this one.
process.exit(problems.length > 0 ? 1 : 0)

/** Counts by file, and holds the survivors against the list of reasons. */
function judge(suite: Suite, known: Known): void {
  const why = reasons(suite.name)
  for (const group of new Set(suite.mutants.map((mutant) => mutant.group))) {
    const mutants = suite.mutants.filter((mutant) => mutant.group === group)
    rows.push({ suite: suite.name, group, killed: mutants.filter((mutant) => known.killed(mutant)).length, total: mutants.length })
  }
  const survivors = new Set(suite.mutants.filter((mutant) => !known.killed(mutant)).map((mutant) => mutant.name))
  for (const name of survivors) {
    if (why[name] === undefined) problems.push(`Survives without a reason in test/mutants/survivors.json: ${name}`)
    else console.log(`survives: ${name}\n          ${why[name]}`)
  }
  for (const name of Object.keys(why)) if (!survivors.has(name)) problems.push(`test/mutants/survivors.json has a reason for what is no survivor: ${name}`)
}

function sum(of: (row: (typeof rows)[number]) => number): number {
  return rows.reduce((total, row) => total + of(row), 0)
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
