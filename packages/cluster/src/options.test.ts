import { attestationSigner, attestedPolicy } from '@causeway/core'
import { describe, expect, it } from 'vitest'
import { checkOptions, definitionsOf, type ClusterOptions } from './options.js'
import { evmRollup } from './presets.js'

/** Callers without types pass anything. */
const wrong = (options: unknown) => () => checkOptions(options as ClusterOptions)
const feeRecipient = `0x${'fe'.repeat(20)}` as const
const rollup = evmRollup({ id: 4242n, feeRecipient })
const chain = (options: object) => ({ chains: [{ name: 'a', ...options }] })

describe('options of a cluster', () => {
  it('completes the chains', () => {
    expect(checkOptions({})).toEqual([
      { name: 'a', chainId: 42001n, ownProcess: false, rpcPort: 0, rollup: undefined },
      { name: 'b', chainId: 42002n, ownProcess: true, rpcPort: 0, rollup: undefined },
    ])
    expect(checkOptions({ chains: [{ name: 'x', rpcPort: 8601, rollup }, { name: 'y', chainId: 7n }], directory: '.d', l1Port: 8545, blockTime: 100, certificateLifetime: 60_000, aggregator: false })).toEqual([
      { name: 'x', chainId: 4242n, ownProcess: false, rpcPort: 8601, rollup },
      { name: 'y', chainId: 7n, ownProcess: false, rpcPort: 0, rollup: undefined },
    ])
  })

  it.each<[string, unknown]>([
    ['`options`', null],
    ['`blocktime`', { blocktime: 500 }],
    ['`chains`', { chains: 2 }],
    ['up to 4 chains, not 5', { chains: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name })) }],
    ['`chains[0]`', { chains: ['a'] }],
    ['`chains[0].name`', { chains: [{}] }],
    ['`chains[0].name`', { chains: [{ name: '../x' }] }],
    ['`chains[0].name`', { chains: [{ name: 'aggregator' }] }],
    ['`chains[0].chainId` is 42001 (number)', chain({ chainId: 42001 })],
    ["`chains[0].chainId` is '7'", chain({ chainId: '7' })],
    ['`chains[0].chainId` is 0n', chain({ chainId: 0n })],
    ['`chains[0].chainId` is 31337n', chain({ chainId: 31337n })],
    ['`chains[0].chainId`', chain({ chainId: 2n ** 53n })],
    ["`chains[0].rpcPort` is '8601'", chain({ rpcPort: '8601' })],
    ['`chains[0].rpcPort`', chain({ rpcPort: 70_000 })],
    ['`chains[0].ownProcess`', chain({ ownProcess: 1 })],
    ['`chains[0].rollup`', chain({ rollup: './rollup.config.ts' })],
    ["`chains[0].rollup` is 'a definition'; it has to be the URL of a module", chain({ rollup, ownProcess: true })],
    ['chains[0] has no option `port`', chain({ port: 1 })],
    ['Two chains have the name a', { chains: [{ name: 'a' }, { name: 'A' }] }],
    ['Two chains have the chainId 5', { chains: [{ name: 'a', chainId: 5n }, { name: 'b', chainId: 5n }] }],
    ['Two chains have the rpcPort 8601', { chains: [{ name: 'a', rpcPort: 8601 }, { name: 'b', rpcPort: 8601 }] }],
    ['`l1Port`', { l1Port: '8545' }],
    ['`l1Port`', { l1Port: 8545, l1Url: 'http://127.0.0.1:8545' }],
    ['`l1Url`', { l1Url: 'localhost' }],
    ['`directory`', { directory: '' }],
    ['`blockTime`', { blockTime: 0 }],
    ['`certificateLifetime`', { certificateLifetime: -1 }],
    ['`aggregator`', { aggregator: 'no' }],
  ])('names what is wrong: %s', (text, options) => {
    expect(wrong(options)).toThrow(expect.objectContaining({ code: 'BAD_CLUSTER', message: expect.stringContaining(text) as string, fix: expect.any(String) as string }) as Error)
  })
  it('takes definitions as they are, makes those that are left out, and names what is wrong with one', async () => {
    const definitions = (options: ClusterOptions) => definitionsOf(checkOptions(options), () => feeRecipient)
    const [given, made] = await definitions({ chains: [{ name: 'x', rollup }, { name: 'y' }] })
    expect(given).toBe(rollup)
    expect(made).toMatchObject({ chain: { id: 42002n, name: 'y' }, execution: { name: 'evm', spec: { feeRecipient } }, da: { name: 'blobs' } })
    const refused = (chain: object) => definitions({ chains: [{ name: 'x', ...chain }] }).then(() => 'taken', (error: { message: string }) => error.message)
    expect(await refused({ rollup: { ...rollup, da: undefined, sequencing: { blockTime: '1' } } })).toMatch(/ 2 mistakes[^]*da: [^]*sequencing\.blockTime: /)
    expect(await refused({ rollup: { ...rollup, policy: attestedPolicy(1, [attestationSigner(new Uint8Array(32).fill(1)).publicKey]) } })).toContain('`chains[0].rollup.policy`')
    expect(await refused({ rollup, chainId: 5n })).toContain('`chains[0].rollup.chain.id` is 4242n; it has to be 5n')
    expect(await refused({ rollup: new URL('./keys.ts', import.meta.url) })).toContain('a module whose default export is a definition')
    expect(await refused({ rollup: new URL('./missing.ts', import.meta.url) })).toContain('missing.ts')
  })
})
