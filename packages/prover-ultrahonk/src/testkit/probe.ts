import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Noir } from '@noir-lang/noir_js'
import { compileCircuit } from '../../scripts/noir.js'
import { field } from '../circuit-values.js'
import { PROBE, type Lie, type ProbeInputs } from './lies.js'
import { withSwitches } from './switches.js'
import type { Statement } from './statements.js'

/** The numbers that the probe returns; undefined if it refuses. `off` is a statement that is not there. */
export type Probe = (inputs: ProbeInputs, lie: Lie | undefined, off?: number) => Promise<string[] | undefined>

/** Compiles the probe of the hints over the circuits in `sources`, in a directory of its own, with a switch for each of the statements. */
export async function compileProbe(sources: string, directory: string, statements: readonly Statement[]): Promise<Probe> {
  await withSwitches(sources, directory, statements, true)
  await mkdir(join(directory, 'probe/src'), { recursive: true })
  await writeFile(join(directory, 'probe/Nargo.toml'), '[package]\nname = "probe"\ntype = "bin"\nauthors = ["Causeway"]\n\n[dependencies]\naccounting = { path = "../accounting" }\n')
  await writeFile(join(directory, 'probe/src/main.nr'), PROBE)
  const { program } = await compileCircuit(join(directory, 'probe'))
  const noir = new Noir(program as ConstructorParameters<typeof Noir>[0])
  return async (inputs, lie, off) => {
    const answer = (name: string, asked: bigint[][]): (bigint | bigint[])[] => {
      if (name === 'is_on') return [asked[0]?.[0] === BigInt(off ?? -1) ? 0n : 1n]
      if (name === lie?.hint) return lie.answer(asked)
      return HONEST[name]?.(asked) ?? []
    }
    const encoded = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, field(value)]))
    return noir
      .execute(encoded, async (name, asked) => answer(name, asked.map((list) => list.map(BigInt))).map((item) => (Array.isArray(item) ? item.map(field) : field(item))))
      .then(
        ({ returnValue }) => returnValue as string[],
        () => undefined,
      )
  }
}

/** The honest answer is the last argument, or the last two. */
const HONEST: { [hint: string]: (asked: bigint[][]) => (bigint | bigint[])[] } = {
  guess_words: (asked) => [asked[1] as bigint[]],
  guess_word: (asked) => [asked[1]?.[0] as bigint],
  guess_limbs: (asked) => [asked[1]?.[0] as bigint, asked[2]?.[0] as bigint],
  guess_borrow: (asked) => [asked[2]?.[0] as bigint],
  guess_below_p: (asked) => [asked[2]?.[0] as bigint],
  guess_split: (asked) => [asked[2]?.[0] as bigint, asked[3]?.[0] as bigint],
  guess_low_byte: (asked) => [asked[1]?.[0] as bigint],
}
