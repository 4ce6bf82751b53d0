import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Mutant, Suite } from './suite.js'

const RESULTS = fileURLToPath(new URL('./results.json', import.meta.url))
const SURVIVORS = fileURLToPath(new URL('./survivors.json', import.meta.url))

/** A verdict: what killed the mutant (null: nothing did), and the hash of what decided that. */
type Result = { killer: string | null; hash: string }
/** By suite and name. */
type Results = { [suite: string]: { [mutant: string]: Result } }

const read = <T>(path: string) => JSON.parse(readFileSync(path, 'utf8')) as T

/** What is known of the mutants of one suite, kept in results.json. */
export type Known = {
  stale(): Mutant[]
  killed(mutant: Mutant): boolean
  record(name: string, killer: string | undefined): void
}

/** Opens the results of a suite. With `keep` they are written as they come, so that a run that is stopped can go on; else only held. */
export function knownResults(suite: Suite, keep: boolean): Known {
  const byName = new Map(suite.mutants.map((mutant) => [mutant.name, mutant]))
  if (byName.size !== suite.mutants.length) throw new Error(`Two mutants of the ${suite.name} have the same name.`)
  let results = read<Results>(RESULTS)[suite.name] ?? {}
  const fresh = ({ name, decidedBy }: Mutant) => {
    const result = results[name]
    return result !== undefined && decidedBy(result.killer ?? undefined) === result.hash
  }
  return {
    stale: () => suite.mutants.filter((mutant) => !fresh(mutant)),
    killed: ({ name }) => (results[name]?.killer ?? null) !== null,
    record(name, killer) {
      const hash = byName.get(name)?.decidedBy(killer)
      if (hash === undefined) throw new Error(`${name} was killed by ${killer}, which is unknown.`)
      // Another part may have written meanwhile.
      const all = keep ? read<Results>(RESULTS) : {}
      const merged = { ...(keep ? all[suite.name] : results), [name]: { killer: killer ?? null, hash } }
      results = Object.fromEntries(suite.mutants.flatMap((mutant) => (merged[mutant.name] ? [[mutant.name, merged[mutant.name] as Result]] : [])))
      if (keep) write({ ...all, [suite.name]: results })
    },
  }
}

function write(results: Results): void {
  const temporary = `${RESULTS}.${process.pid}`
  writeFileSync(temporary, `${JSON.stringify(results, null, 1)}\n`)
  renameSync(temporary, RESULTS)
}

/** Why no test kills a mutant, by suite and name. */
export function reasons(suite: string): { [mutant: string]: string } {
  return read<{ [suite: string]: { [mutant: string]: string } }>(SURVIVORS)[suite] ?? {}
}
