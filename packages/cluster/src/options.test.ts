import { describe, expect, it } from 'vitest'
import { checkOptions, type ClusterOptions } from './options.js'

/** Callers without types pass anything. */
const wrong = (options: unknown) => () => checkOptions(options as ClusterOptions)
const chain = (options: object) => ({ chains: [{ name: 'a', ...options }] })

describe('options of a cluster', () => {
  it('completes the chains', () => {
    expect(checkOptions({})).toEqual([
      { name: 'a', chainId: 42001n, ownProcess: false, rpcPort: 0, da: 'blobs' },
      { name: 'b', chainId: 42002n, ownProcess: true, rpcPort: 0, da: 'blobs' },
    ])
    expect(checkOptions({ chains: [{ name: 'x', rpcPort: 8601, da: 'calldata' }, { name: 'y', chainId: 7n }], directory: '.d', l1Port: 8545, blockTime: 100, certificateLifetime: 60_000, aggregator: false })).toEqual([
      { name: 'x', chainId: 42001n, ownProcess: false, rpcPort: 8601, da: 'calldata' },
      { name: 'y', chainId: 7n, ownProcess: false, rpcPort: 0, da: 'blobs' },
    ])
  })

  it.each<[string, unknown]>([
    ['`options`', null],
    ['`blocktime`', { blocktime: 500 }],
    ['`chains`', { chains: 2 }],
    ['1 to 4 chains, not 0', { chains: [] }],
    ['1 to 4 chains, not 5', { chains: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name })) }],
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
    ["`chains[0].da` is 'celestia'; it has to be one of blobs, calldata", chain({ da: 'celestia' })],
    ['`chains[0].da`', chain({ da: 2 })],
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
})
