import { expect, it } from 'vitest'
import { checkPlugins } from './plugins.js'
import { definePlugin, serviceName } from './seams/plugin.js'

const PRICES = serviceName<{ of(token: string): number }>('prices')

it('plugins in the order in which they require each other can run together', () => {
  expect(() => checkPlugins([{ name: 'a' }, { name: 'b', requires: ['a'] }, { name: 'c', requires: ['a', 'b'] }])).not.toThrow()
})

it('commands have a name, a line and something to run', () => {
  const command = { describe: 'does it', run: () => undefined }
  const codeOf = (commands: object) => {
    try {
      checkPlugins([{ name: 'a', commands: commands as never }])
      return 'ok'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  expect(codeOf({ 'do-it': command })).toBe('ok')
  expect([codeOf({ 'do it': command }), codeOf({ it: { ...command, run: 'x' } }), codeOf({ it: { run: command.run } })]).toEqual(['BAD_PLUGIN', 'BAD_PLUGIN', 'BAD_PLUGIN'])
})

/** What the compiler refuses: `npm run types` fails if one of these lines is right. */
export const refused = [
  definePlugin({
    name: 'reads-too-much',
    uses: ['store'],
    setup(host) {
      host.store.get('key')
      // @ts-expect-error it does not use the provider
      void host.provider.request({ method: 'eth_chainId' })
      // @ts-expect-error nor a folder
      host.folder.length
      // @ts-expect-error nobody has the whole database, or its end
      void host.store.close()
    },
  }),
  definePlugin({
    name: 'uses-nothing',
    setup(host) {
      host.log.info('all have a log')
      // @ts-expect-error
      host.store.get('key')
    },
  }),
  // @ts-expect-error there is no such resource
  definePlugin({ name: 'wants-keys', uses: ['keys'], setup: () => undefined }),
  definePlugin({
    name: 'asks',
    requires: [PRICES],
    setup({ service }) {
      service(PRICES).of('eth').toFixed()
      // @ts-expect-error a token is a text
      service(PRICES).of(1)
      // @ts-expect-error that is not in the service
      service(PRICES).at('eth')
    },
  }),
  definePlugin({
    name: 'hooks',
    // @ts-expect-error `bloc` is no hook, and a number of a block is a bigint
    setup: () => ({ hooks: { bloc: () => 1, settled: ({ block }: { block: number }) => block } }),
  }),
  // @ts-expect-error methods are functions
  definePlugin({ name: 'rpc', setup: () => ({ rpc: { rpc_value: 7 } }) }),
]
