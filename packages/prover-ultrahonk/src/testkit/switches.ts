import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Statement } from './statements.js'

/** Asks the prover's side whether a statement is there: an unconstrained answer, so that one compiled circuit is every mutant. */
const SWITCH = `
#[oracle(is_on)]
unconstrained fn is_on(statement: u32) -> bool {}

unconstrained fn ask(statement: u32) -> bool {
    is_on(statement)
}

pub fn on(statement: u32) -> bool {
    // Safety: this circuit is for mutation tests; what is switched off constrains nothing.
    unsafe { ask(statement) }
}
`

const HINT = /^unconstrained fn (guess_\w+)(<[^>]*>)?\((.*)\) -> (.*) \{$/

/**
 * Copies the circuits into a directory, each statement behind a switch.
 * @param hints whether what `guess_…` functions return is also asked for, by an oracle of that name which gets the arguments and the honest result
 */
export async function withSwitches(sources: string, directory: string, statements: readonly Statement[], hints: boolean): Promise<void> {
  await cp(sources, directory, { recursive: true })
  const src = join(directory, 'accounting/src')
  for (const file of await readdir(src))
    await edit(join(src, file), (lines) => {
      for (const { id, from, to } of statements.filter((statement) => statement.file === file)) {
        lines[from - 1] = `if crate::mutants::on(${id}) { ${lines[from - 1]?.trim()}`
        lines[to - 1] = `${lines[to - 1]?.replace(/\s*\/\/.*$/, '')} }`
      }
      if (hints) lines.forEach((line, at) => (lines[at] = line.replace(HINT, asked)))
    })
  await writeFile(join(src, 'mutants.nr'), SWITCH)
  await edit(join(src, 'lib.nr'), (lines) => lines.push('pub mod mutants;'))
}

/** A hint as the answer of an oracle, and the honest function under another name. */
function asked(_: string, name: string, generics = '', parameters: string, result: string): string {
  const names = parameters.split(', ').map((parameter) => parameter.split(':')[0])
  const turbofish = generics.replace(/let (\w+): u32/g, '$1').replace('<', '::<')
  return `#[oracle(${name})]
unconstrained fn ask_${name}${generics}(${parameters}, honest: ${result}) -> ${result} {}
unconstrained fn ${name}${generics}(${parameters}) -> ${result} { ask_${name}(${names.join(', ')}, honest_${name}${turbofish}(${names.join(', ')})) }
unconstrained fn honest_${name}${generics}(${parameters}) -> ${result} {`
}

async function edit(path: string, change: (lines: string[]) => void): Promise<void> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  change(lines)
  await writeFile(path, lines.join('\n'))
}
