import { definePlugin, type Plugin, type PluginStore } from '@causeway/core'
import { hexToNumber, type Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { finds } from './finds.js'
import { pluginConformance, type PluginFixture } from './plugin.js'

/** A plugin that answers `toy_count` with something that grows with the chain. */
function fixture(plugin: () => Plugin): PluginFixture {
  return {
    plugins: () => [plugin()],
    act: (cluster, chain) => cluster.l1.deposit({ chainId: chain.chainId, amount: 1n, recipient: cluster.users[1].address }),
    observe: ({ rollup }) => rollup.rpc.request({ method: 'toy_count' }),
  }
}

const at = (block: bigint) => `at/${block.toString(16).padStart(16, '0')}`
const blockOf = (key: string) => BigInt(hexToNumber(`0x${key.slice(3)}` as Hex))
const rows = (store: PluginStore) => [...store.range({ start: 'at/', end: 'at/~' })].map(({ key }) => key)
const remove = (store: PluginStore, keys: readonly string[]) => store.write(keys.map((key) => ({ key, value: null })))
const bytes = (value: unknown) => new TextEncoder().encode(String(value))
const count = (store: PluginStore) => Number(new TextDecoder().decode(store.get('count') ?? bytes(0)))

/** Keeps the hash of every block, by its number. */
const good = () =>
  definePlugin({
    name: 'toy',
    uses: ['store'],
    setup: ({ store }) => ({
      hooks: {
        block: ({ number, hash }) => store.write([{ key: at(number), value: bytes(hash) }]),
        rolledBack: ({ to }) => remove(store, rows(store).filter((key) => blockOf(key) > to)),
      },
      rpc: { toy_count: () => rows(store).map((key) => [key, new TextDecoder().decode(store.get(key))]) },
    }),
  })

describe('a plugin that is right', () => pluginConformance({ it, expect }, fixture(good)))

describe('the suite finds a plugin that', () => {
  const broken: Record<string, () => Plugin> = {
    'counts twice what it is told twice': () =>
      definePlugin({ name: 'toy', uses: ['store'], setup: ({ store }) => ({ hooks: { block: () => store.write([{ key: 'count', value: bytes(count(store) + 1) }]) }, rpc: { toy_count: () => count(store) } }) }),
    'keeps what was rolled back': () =>
      definePlugin({
        ...{ name: 'toy', uses: ['store'] },
        setup: ({ store }) => ({ hooks: { block: ({ hash }) => store.write([{ key: `at/${hash.slice(2, 18)}`, value: bytes(hash) }]) }, rpc: { toy_count: () => rows(store) } }),
      }),
    'takes back a block too many': () =>
      definePlugin({
        ...{ name: 'toy', uses: ['store'] },
        setup: ({ store }) => ({
          hooks: { block: ({ number, hash }) => store.write([{ key: at(number), value: bytes(hash) }]), rolledBack: ({ to }) => remove(store, rows(store).filter((key) => blockOf(key) >= to)) },
          rpc: { toy_count: () => rows(store) },
        }),
      }),
    'has it in memory': () => ({
      name: 'toy',
      setup() {
        const blocks = new Map<bigint, string>()
        const back = (to: bigint) => [...blocks.keys()].filter((number) => number > to).forEach((number) => blocks.delete(number))
        return { hooks: { block: ({ number, hash }) => blocks.set(number, hash), rolledBack: ({ to }) => back(to) }, rpc: { toy_count: () => [...blocks.values()] } }
      },
    }),
    'writes later': () =>
      definePlugin({
        ...{ name: 'toy', uses: ['store'] },
        setup({ store }) {
          let waiting: { key: string; value: Uint8Array }[] = []
          return {
            hooks: {
              block: ({ number, hash }) => (waiting.push({ key: at(number), value: bytes(hash) }) > 2 ? store.write(waiting.splice(0)) : undefined),
              rolledBack({ to }) {
                waiting = waiting.filter(({ key }) => blockOf(key) <= to)
                return remove(store, rows(store).filter((key) => blockOf(key) > to))
              },
            },
            rpc: { toy_count: () => [...rows(store), ...waiting.map(({ key }) => key)] },
          }
        },
      }),
    'notices nothing': () => ({ name: 'toy', setup: () => ({ hooks: {}, rpc: { toy_count: () => 0 } }) }),
  }
  it.each(Object.entries(broken))('%s', async (_, make) => {
    expect(await finds(expect, (framework) => pluginConformance(framework, fixture(make)))).toBe(true)
  })
})
