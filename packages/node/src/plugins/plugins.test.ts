import { definePlugin, serviceName, withPlugins, type EnginePart, type Plugin, type PluginParts } from '@causeway/core'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testChain } from '../chain.test-helper.js'
import { pluginWorld } from './world.test-helper.js'

const named = (name: string, parts: PluginParts = {}, rest: Partial<Plugin> = {}): Plugin => ({ name, setup: () => parts, ...rest })

describe('plugins that cannot run together are refused', () => {
  it.each([
    ['a name twice', [named('a'), named('a')], 'BAD_PLUGIN', 'two plugins with the name a'],
    ['no name', [named('')], 'BAD_PLUGIN', 'no name'],
    ['a name that is a way into other rows', [named('a/row')], 'BAD_PLUGIN', 'no name'],
    ['a requirement that is missing', [named('a', {}, { requires: ['b'] })], 'PLUGIN_MISSING', 'To fix: add b to `plugins`, before a'],
    ['a requirement that comes later', [named('a', {}, { requires: ['b'] }), named('b')], 'PLUGIN_ORDER', 'To fix: put b before a'],
    ['one that requires itself', [named('a', {}, { requires: ['a'] })], 'PLUGIN_ORDER', 'put a before a'],
    ['a resource that nobody has', [named('a', {}, { uses: ['keys' as 'store'] })], 'BAD_PLUGIN', 'there is store, provider, folder'],
    ['a method of Ethereum’s', [named('a', { rpc: { eth_mine: () => 1 } })], 'BAD_PLUGIN', "eth_ is the node's"],
    ['a method of another engine', [named('a', { rpc: { app_call: () => 1 } })], 'BAD_PLUGIN', "app_ is the node's"],
    ['a method beside the engine’s', [named('a', { rpc: { own_more: () => 1 } })], 'BAD_PLUGIN', "own_ is the node's"],
    ['a method beside another plugin’s', [named('a', { rpc: { token_a: () => 1 } }), named('b', { rpc: { token_b: () => 1 } })], 'BAD_PLUGIN', "token_ is the plugin a's"],
    ['a method without a namespace', [named('a', { rpc: { mine: () => 1 } })], 'BAD_PLUGIN', 'name it like token_transfers'],
    ['a setup that fails', [named('a'), { name: 'b', setup: () => Promise.reject(new Error('no disk')) }], 'PLUGIN_SETUP', 'The plugin b could not be set up: no disk'],
  ])('%s', async (_, plugins, code, text) => {
    const world = await pluginWorld()
    await expect(world.start(plugins as Plugin[], { methods: ['own_method', 'causeway_getChainStatus'] })).rejects.toMatchObject({ code, message: expect.stringContaining(text) as string })
  })

  it('when one cannot be set up, those before it are ended', async () => {
    const world = await pluginWorld()
    const ended: string[] = []
    const mortal = (name: string) => named(name, { dispose: () => ended.push(name) })
    await expect(world.start([mortal('a'), mortal('b'), named('c', { rpc: { bad: () => 1 } })])).rejects.toMatchObject({ code: 'BAD_PLUGIN' })
    expect(ended).toEqual(['b', 'a'])
  })

  it('a setup that hangs is given up after a minute', async () => {
    const world = await pluginWorld()
    const starting = expect(world.start([{ name: 'a', setup: () => new Promise(() => undefined) }])).rejects.toMatchObject({ code: 'PLUGIN_SETUP', message: expect.stringContaining('60000 ms') as string })
    await new Promise(setImmediate)
    await world.clock.advance(60_000)
    await starting
  })
})

describe('a plugin sees', () => {
  it('what it asked for, and nothing else', async () => {
    const world = await pluginWorld()
    const hosts: Record<string, string[]> = {}
    const see = (name: string, uses?: Plugin['uses']): Plugin => ({ name, ...(uses && { uses }), setup: (host) => void (hosts[name] = Object.keys(host).sort()) })
    await world.start([see('nothing'), see('store', ['store']), see('both', ['store', 'provider'])])
    const always = ['chainId', 'clock', 'log', 'service']
    expect(hosts).toEqual({ nothing: always, store: [...always, 'store'], both: [...always, 'provider', 'store'].sort() })
  })

  it('the services of the plugins that it requires', async () => {
    const world = await pluginWorld()
    const PRICES = serviceName<{ of(token: string): number }>('prices')
    const got: unknown[] = []
    const reader = definePlugin({
      name: 'reader',
      requires: [PRICES],
      setup({ service }) {
        got.push(service(PRICES).of('eth'))
        expect(() => service('secrets')).toThrow(/does not require secrets/)
      },
    })
    await world.start([named(PRICES, { provides: { of: () => 7 } }), named('secrets', { provides: 'key' }), reader])
    expect(got).toEqual([7])
  })

  it('the node by EIP-1193, once it runs', async () => {
    const world = await pluginWorld()
    const answers: unknown[] = []
    await world.start([definePlugin({ name: 'a', uses: ['provider'], setup: async ({ provider }) => void answers.push(await provider.request({ method: 'eth_chainId' })) })])
    expect(answers).toEqual(['answer to eth_chainId'])
  })

  it('a folder of its own, if the node has one', async () => {
    const world = await pluginWorld()
    const folder = mkdtempSync(join(tmpdir(), 'causeway-plugins-'))
    const got: string[] = []
    const using = definePlugin({ name: 'a', uses: ['folder'], setup: ({ folder }) => void got.push(folder) })
    await world.start([using], { folder })
    expect([got, existsSync(join(folder, 'a'))]).toEqual([[join(folder, 'a')], true])
    await expect(world.start([using])).rejects.toMatchObject({ code: 'BAD_PLUGIN', message: expect.stringContaining('give the host one') as string })
    rmSync(folder, { recursive: true })
  })

  it('a log with its name on every line', async () => {
    const world = await pluginWorld()
    await world.start([{ name: 'a', setup: ({ log }) => log.warn('hot', { plugin: 'b', degrees: 40 }) }])
    expect(world.logged).toMatchObject([{ message: 'hot', plugin: 'a' }])
  })
})

it('plugins end in the reverse order; one that fails and one that hangs hold up no other', async () => {
  const world = await pluginWorld()
  const ended: string[] = []
  const node = await world.start([
    named('a', { dispose: () => ended.push('a') }),
    named('b', { dispose: () => Promise.reject(new Error('stuck')) }),
    named('c', { dispose: () => new Promise(() => undefined) }),
    named('d', { dispose: () => ended.push('d') }),
  ])
  const ending = node.dispose()
  await new Promise(setImmediate)
  await world.clock.advance(5_000)
  await ending
  expect(ended).toEqual(['d', 'a'])
  expect(world.logged.map(({ plugin }) => plugin)).toEqual(['c', 'b'])
})

it('metrics are shown in Prometheus’ format; those of a plugin that fails, or that are none, are left out', async () => {
  const world = await pluginWorld()
  const metric = { name: 'indexer_rows_total', help: 'Rows\nwritten.', type: 'counter', value: 5n } as const
  const node = await world.start([
    named('a', { metrics: () => [metric] }),
    named('b', { metrics: () => [{ ...metric, value: 0.5 }] }),
    named('c', { metrics: () => { throw new Error('no') } }),
    named('d', { metrics: () => [{ ...metric, name: 'a{b="c"} 1\nx' }] }),
    named('e', { metrics: () => [{ ...metric, value: NaN }] }),
  ])
  expect(node.metrics()).toBe('# HELP indexer_rows_total Rows written.\n# TYPE indexer_rows_total counter\nindexer_rows_total{plugin="a"} 5\nindexer_rows_total{plugin="b"} 0.5\n')
  expect(world.logged.map(({ plugin }) => plugin)).toEqual(['c', 'd', 'e'])
})

describe('a part for the engine', () => {
  it('is refused by an engine that takes none, or another’s, with both names', async () => {
    const { engine } = await testChain()
    const definition = { name: 'toy', spec: {}, create: () => engine }
    const plugin: Plugin = { name: 'curves', engine: { engine: 'evm' } }
    for (const taking of [definition, { ...definition, with: () => definition }])
      expect(() => withPlugins(taking, [plugin])).toThrow(/The plugin curves brings a part for the engine evm; this chain has the engine toy/)
  })

  it('extends the definition, one plugin after the other', async () => {
    const { engine } = await testChain()
    const definition = (parts: string) => ({ name: 'toy', spec: { parts }, create: () => engine, with: (part: EnginePart & { add?: string }) => definition(`${parts}${part.add}`) })
    const adding = (name: string): Plugin => ({ name, engine: { engine: 'toy', add: name } as EnginePart })
    expect(withPlugins(definition(''), [adding('a'), { name: 'none' }, adding('b')]).spec).toEqual({ parts: 'ab' })
  })
})
