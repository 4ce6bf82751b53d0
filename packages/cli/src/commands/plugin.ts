import { CausewayError } from '@causeway/core'
import { columns, type Output } from '../output.js'
import { findProject, loadConfig } from '../project.js'
import { runningChain, type ChainChoice } from './chain.js'

/** Lists the commands of the plugins of the project's chain, or runs one. */
export async function plugin({ name, command, args, rpc }: ChainChoice & { name?: string; command?: string; args: readonly string[] }, output: Output): Promise<void> {
  const { plugins = [] } = (await loadConfig(findProject(process.cwd()))).definition
  const all = plugins.flatMap((one) => Object.entries(one.commands ?? {}).map(([called, { describe, run }]) => ({ plugin: one.name, command: called, describe, run })))
  const list = all.map(({ plugin: of, command: called, describe }): [string, string] => [`${of} ${called}`, describe])
  if (name === undefined)
    return output.result(
      all.map(({ run: _, ...shown }) => shown),
      list.length === 0 ? ['the plugins of this chain bring no commands'] : columns(list),
    )
  const found = all.find((one) => one.plugin === name && one.command === command)
  if (!found) throw new CausewayError(`There is no command ${[name, command].filter((word) => word !== undefined).join(' ')} of a plugin.`, { code: 'BAD_ARGUMENT', fix: list.length === 0 ? 'the plugins of this chain bring none' : `one of: ${list.map(([words]) => words).join(', ')}` })
  const { client } = await runningChain(rpc === undefined ? {} : { rpc })
  await found.run({ args, provider: { request: (asked) => client.request(asked as never) }, print: (line) => output.line(line) })
}
