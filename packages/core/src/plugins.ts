import { CausewayError } from './errors.js'
import type { ExecutionDefinition, ExecutionEngine } from './seams/execution.js'
import type { Plugin } from './seams/plugin.js'

const NAME = /^[a-z][a-z0-9-]{0,39}$/

/**
 * Checks that plugins can run together.
 * @throws `BAD_PLUGIN` (a name that is none, or two of one name), `PLUGIN_MISSING`, `PLUGIN_ORDER`
 */
export function checkPlugins(plugins: readonly Plugin[]): void {
  const before = new Set<string>()
  for (const { name, requires = [], commands = {} } of plugins) {
    if (!NAME.test(name)) throw new CausewayError(`${JSON.stringify(name)} is no name of a plugin.`, { code: 'BAD_PLUGIN', fix: 'lower-case letters, digits and -, at most 40, a letter first', docs: 'plugins.md' })
    if (before.has(name)) throw new CausewayError(`There are two plugins with the name ${name}.`, { code: 'BAD_PLUGIN', fix: 'take one out, or give it another name', docs: 'plugins.md' })
    for (const [command, { describe, run }] of Object.entries(commands))
      if (!NAME.test(command) || typeof describe !== 'string' || typeof run !== 'function')
        throw new CausewayError(`${JSON.stringify(command)} of the plugin ${name} is no command.`, { code: 'BAD_PLUGIN', fix: 'named in lower-case letters, digits and -, it is { describe, run }', docs: 'plugins.md' })
    for (const required of requires.filter((required) => !before.has(required))) {
      const isLater = plugins.some((other) => other.name === required)
      throw isLater
        ? new CausewayError(`The plugin ${name} requires ${required}, which comes after it.`, { code: 'PLUGIN_ORDER', fix: `put ${required} before ${name} in \`plugins\``, docs: 'plugins.md' })
        : new CausewayError(`The plugin ${name} requires ${required}, which is not there.`, { code: 'PLUGIN_MISSING', fix: `add ${required} to \`plugins\`, before ${name}`, docs: 'plugins.md' })
    }
    before.add(name)
  }
}

/**
 * The definition of an engine with the parts that plugins add to it: what a chain with these plugins is registered and run with.
 * @throws `NO_ENGINE_PART` naming plugin and engine, or what the engine has against a part
 */
export function withPlugins<E extends ExecutionEngine>(execution: ExecutionDefinition<E>, plugins: readonly Plugin[]): ExecutionDefinition<E> {
  return plugins.reduce((extended, { name, engine }) => {
    if (!engine) return extended
    if (!extended.with || engine.engine !== extended.name)
      throw new CausewayError(`The plugin ${name} brings a part for the engine ${engine.engine}; this chain has the engine ${extended.name}, which does not take it.`, {
        code: 'NO_ENGINE_PART',
        fix: `leave ${name} out, or give the chain the engine ${engine.engine}`,
        docs: 'plugins.md',
      })
    try {
      return extended.with(engine)
    } catch (cause) {
      if (!(cause instanceof CausewayError)) throw cause
      throw new CausewayError(`The engine ${extended.name} does not take the part of the plugin ${name}: ${cause.shortMessage}`, { code: cause.code, ...(cause.fix !== undefined && { fix: cause.fix }), docs: 'plugins.md', cause })
    }
  }, execution)
}
