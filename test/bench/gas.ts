/**
 * What a million gas takes at its worst: every opcode and precompile, by a seeded search over inputs, in blocks that the engine executes.
 *
 * npm run bench:gas [-- NAME …] [--seed=N] [--gas=N] [--hardfork=NAME]
 */
import type { Hardfork } from '@causeway/execution-evm'
import { createRandom } from '@causeway/testing'
import type { GasCase, Program } from './gas/case.js'
import { opcodes } from './gas/opcodes.js'
import { precompiles } from './gas/precompiles.js'
import { measure } from './gas/run.js'

const option = (name: string): string | undefined => process.argv.find((argument) => argument.startsWith(`--${name}=`))?.split('=')[1]
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const seed = Number(option('seed') ?? 1)
const gas = BigInt(option('gas') ?? 3_000_000)
const hardfork = (option('hardfork') ?? 'prague') as Hardfork
const cases: readonly GasCase[] = [...opcodes, ...precompiles].filter(({ name }) => names.length === 0 || names.includes(name))

console.log(`ms a million gas, seed ${seed}, ${hardfork}, ${gas} gas a block`)
for (const { name, programs } of cases) {
  const measured: { program: Program; ms: number }[] = []
  for (const program of programs(createRandom(seed))) measured.push({ program, ms: (await measure(program, { gas, times: 1, hardfork })).msPerMgas })
  measured.sort((a, b) => b.ms - a.ms)
  // The slowest once more: the first runs of a program are slow for reasons of their own.
  let worst = { input: '', ms: 0 }
  for (const { program } of measured.slice(0, 3)) {
    const { msPerMgas } = await measure(program, { gas, times: 3, hardfork })
    if (msPerMgas > worst.ms) worst = { input: program.input, ms: msPerMgas }
  }
  console.log(`${name.padEnd(24)} ${worst.ms.toFixed(1).padStart(8)}  ${worst.input}`)
}
