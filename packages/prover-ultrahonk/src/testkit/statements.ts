import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** One statement of the circuits that constrains something, and so a mutant: the circuit without it. */
export type Statement = {
  /** Its number among all, in the order of files and lines. */
  id: number
  /** `certificate.nr: assert(after.height == before.height + 1)`, with ` (2)` for the second of the same text in a file. */
  name: string
  file: string
  /** First and last line, from 1. */
  from: number
  to: number
  /** The rules of docs/protocol.md that it enforces. */
  rules: number[]
}

/** The compiler checks these, of constants; no circuit has them. */
const CONSTANT = ['assert(N < 8)', 'assert(out.at == 156)']
const CALL = /^\s*(?:crate::range::)?(?:assert|fits|less|at_most|canonical|limbs_at_most|limbs_less_if|follows)(?:::<[^>]*>)?\(/
const METHOD = /^\s*\w+(?:\[\w+\])?\.(?:check_ranges|open|assert_max_bit_size::<\w+>)\(/
const ASSIGNMENT = /^\s*table\.\w+\[.*\] = /
/** What constrains, in a line that is neither a definition, an import nor a comment. */
const MISSED = /^(?!.*\b(?:fn|use)\b)(?!\s*\/\/).*(?:\bassert\(|\bassert_eq\(|_max_bit_size|\bfits::<|\bless::<|\bat_most::<)/

/** All constraint statements of the accounting library. `directory` is its `src`. */
export async function statementsOf(directory: string): Promise<Statement[]> {
  const statements: Statement[] = []
  for (const file of (await readdir(directory)).sort()) {
    const lines = (await readFile(join(directory, file), 'utf8')).split('\n')
    const seen = new Map<string, number>()
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at] as string
      const rules = [...(/; \/\/ (.*)$/.exec(line)?.[1] ?? '').matchAll(/\[R(\d+)\]/g)].map((match) => Number(match[1]))
      if (![CALL, METHOD, ASSIGNMENT].some((form) => form.test(line))) {
        if (MISSED.test(line)) throw new Error(`${file}:${at + 1} constrains something, but in a form that is not known here: ${line.trim()}`)
        if (rules.length > 0) throw new Error(`${file}:${at + 1} is tagged with a rule but is no statement that can be deleted: ${line.trim()}`)
        continue
      }
      const from = at
      while (!/;(\s*\/\/.*)?$/.test(lines[at] as string)) at++
      const text = lines
        .slice(from, at + 1)
        .map((part) => part.trim())
        .join(' ')
        .replace(/;(\s*\/\/.*)?$/, '')
      if (CONSTANT.includes(text)) continue
      const nth = (seen.get(text) ?? 0) + 1
      seen.set(text, nth)
      statements.push({ id: statements.length, name: `${file}: ${text}${nth > 1 ? ` (${nth})` : ''}`, file, from: from + 1, to: at + 1, rules })
    }
  }
  return statements
}
