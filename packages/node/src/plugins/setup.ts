import { CausewayError, type Clock, type Log, type Plugin, type PluginHost, type PluginParts, type PluginResources, type RpcHandler, type Store } from '@causeway/core'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { bounded } from './bounded.js'
import { scopedStore } from './scoped-store.js'

/** What plugins are set up with. */
export type SetupParameters = {
  plugins: readonly Plugin[]
  chainId: bigint
  store: Store
  provider: PluginResources['provider']
  /** Has the folders of plugins. */
  folder?: string | undefined
  /** JSON-RPC methods that there are without plugins. */
  methods: readonly string[]
  clock: Clock
  log: Log
}

/** A plugin that was set up. */
export type SetUp = { plugin: Plugin; parts: PluginParts; log: Log }

/** ms that a plugin may take to be set up, and to end. */
const [SETUP_MS, DISPOSE_MS] = [60_000, 5_000]

/** First parts of method names that no plugin may have, whether or not the engine of this chain uses them. */
const RESERVED = ['eth', 'net', 'web3', 'app', 'causeway', 'debug', 'txpool', 'admin', 'engine', 'miner', 'personal', 'rpc', 'trace', 'wallet']
const METHOD = /^[a-z][a-z0-9]*_[a-zA-Z0-9_]+$/
const namespaceOf = (method: string): string => method.slice(0, method.indexOf('_'))

/** Where the rows of a plugin begin in the node's database. */
export const rowsOf = ({ name }: Pick<Plugin, 'name'>): string => `plugin/${name}/`

/**
 * Sets plugins up, in their order. If one fails, those before it are disposed of.
 * @throws `PLUGIN_SETUP` naming the plugin, with what it threw; `BAD_PLUGIN`
 */
export async function setUp(parameters: SetupParameters): Promise<{ ready: readonly SetUp[]; rpc: Record<string, RpcHandler> }> {
  const { plugins, clock, log } = parameters
  const ready: SetUp[] = []
  const rpc: Record<string, RpcHandler> = {}
  const namespaces = new Map<string, string>([...RESERVED, ...parameters.methods.map(namespaceOf)].map((namespace) => [namespace, 'the node']))
  try {
    for (const plugin of plugins) {
      const own = logOf(plugin, log)
      const parts = await partsOf(plugin, hostOf(plugin, own, ready, parameters), clock)
      ready.push({ plugin, parts, log: own })
      for (const [method, handler] of Object.entries(parts.rpc ?? {})) {
        if (!METHOD.test(method)) throw bad(plugin, `has a JSON-RPC method ${JSON.stringify(method)}`, 'name it like token_transfers: a namespace, _, and what it does')
        const owner = namespaces.get(namespaceOf(method)) ?? plugin.name
        if (owner !== plugin.name) throw bad(plugin, `has a JSON-RPC method ${method}, but ${namespaceOf(method)}_ is ${owner === 'the node' ? owner : `the plugin ${owner}`}'s`, 'choose another namespace for its methods')
        namespaces.set(namespaceOf(method), plugin.name)
        rpc[method] = handler
      }
    }
  } catch (error) {
    await disposeAll(ready, clock)
    throw error
  }
  return { ready, rpc }
}

async function partsOf(plugin: Plugin, host: PluginHost, clock: Clock): Promise<PluginParts> {
  try {
    return (await bounded(() => plugin.setup?.(host), { what: `The setup of the plugin ${plugin.name}`, ms: SETUP_MS, clock })) ?? {}
  } catch (cause) {
    throw new CausewayError(`The plugin ${plugin.name} could not be set up: ${cause instanceof Error ? cause.message : String(cause)}`, { code: 'PLUGIN_SETUP', fix: 'see its cause; the node starts without the plugin if it is not in `plugins`', docs: 'plugins.md', cause })
  }
}

/** Exactly what the plugin asked for. */
function hostOf(plugin: Plugin, log: Log, before: readonly SetUp[], { chainId, store, provider, folder, clock }: SetupParameters): PluginHost {
  const resources: { [K in keyof PluginResources]: () => PluginResources[K] } = {
    store: () => scopedStore(store, `${rowsOf(plugin)}row/`),
    provider: () => Object.freeze<PluginResources['provider']>({ request: (args) => provider.request(args) }),
    folder() {
      if (folder === undefined) throw bad(plugin, 'uses a folder, and this node has none', 'give the host one: createRollup(definition, { …, folder })')
      return folderOf(plugin, folder)
    },
  }
  const uses = plugin.uses ?? []
  const unknown = uses.find((name) => !Object.hasOwn(resources, name))
  if (unknown !== undefined) throw bad(plugin, `uses ${JSON.stringify(unknown)}, which nobody has`, `there is ${Object.keys(resources).join(', ')}`)
  return {
    ...(Object.fromEntries(uses.map((name) => [name, resources[name]()])) as PluginResources),
    ...{ chainId, clock, log },
    service<Service>(name: string): Service {
      const required = plugin.requires?.includes(name) ? before.find((other) => other.plugin.name === name) : undefined
      if (!required) throw new CausewayError(`The plugin ${plugin.name} does not require ${name}.`, { code: 'NOT_REQUIRED', fix: `add ${name} to its \`requires\``, docs: 'plugins.md' })
      return required.parts.provides as Service
    },
  }
}

function folderOf(plugin: Plugin, parent: string): string {
  const folder = join(parent, plugin.name)
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw new CausewayError(`The folder ${folder} of the plugin ${plugin.name} cannot be made.`, { code: 'PLUGIN_SETUP', fix: 'check that the folder of the node is writable', docs: 'plugins.md', cause })
  }
  return folder
}

/** Ends plugins, the last first. One that fails or hangs holds up no other. */
export async function disposeAll(plugins: readonly SetUp[], clock: Clock): Promise<void> {
  for (const { plugin, parts, log } of [...plugins].reverse())
    try {
      await bounded(() => parts.dispose?.(), { what: `dispose of the plugin ${plugin.name}`, ms: DISPOSE_MS, clock })
    } catch (error) {
      log.error('the plugin did not end well', { error })
    }
}

function logOf({ name }: Plugin, log: Log): Log {
  const named = (level: keyof Log) => (message: string, fields?: Record<string, unknown>) => log[level](message, { ...fields, plugin: name })
  return { debug: named('debug'), info: named('info'), warn: named('warn'), error: named('error') }
}

function bad({ name }: Plugin, what: string, fix: string): CausewayError {
  return new CausewayError(`The plugin ${name} ${what}.`, { code: 'BAD_PLUGIN', fix, docs: 'plugins.md' })
}
