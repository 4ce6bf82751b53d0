import { attestationSigner, attestedPolicy, encodeJson, secret, silentLog, type ExecutionHost, type Issue, systemClock } from '@causeway/core'
import { calldata } from '@causeway/da-ethereum'
import { evm } from '@causeway/execution-evm'
import { createLinkHub } from '@causeway/messaging'
import { memoryStore } from '@causeway/testing'
import { createPublicClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import type { RollupHost } from '../host.js'
import { createRollup } from '../rollup.js'
import { defineRollup, type RollupDefinition } from './definition.js'
import { resolveRollup } from './resolve.js'
import { specDifferences, specDigest, specOf } from './spec.js'

const ADDRESS = '0x00000000000000000000000000000000000000aa'
const KEY = `0x${'21'.repeat(32)}` as const
const signer = attestationSigner(new Uint8Array(32).fill(1))
const good: RollupDefinition = {
  chain: { id: 42001n, name: 'a', owner: ADDRESS },
  execution: evm({ feeRecipient: ADDRESS }),
  da: calldata(),
  policy: attestedPolicy(1, [signer.publicKey]),
  keys: { batcher: secret('BATCHER_KEY'), attester: secret('ATTESTER_KEY') },
  sequencing: { blockTime: 500, certify: { delay: 0 } },
  interop: { allow: [{ from: 42002n, rung: 'included', cap: 1n }] },
}
const host: RollupHost = {
  role: 'sequencer',
  secrets: (name) => ({ BATCHER_KEY: KEY, ATTESTER_KEY: KEY })[name],
  l1: { client: createPublicClient({ transport: http('http://127.0.0.1:1', { retryCount: 0 }) }), contracts: { domain: { l1ChainId: 31337n, hub: ADDRESS, clusterId: `0x${'00'.repeat(32)}` }, hub: ADDRESS, inbox: ADDRESS, bridge: ADDRESS } },
  link: createLinkHub().connect('test'),
  store: memoryStore(),
  clock: systemClock,
  log: silentLog,
}

/** Callers without types pass anything. */
const issues = (change: object): readonly Issue[] => {
  try {
    defineRollup({ ...good, ...change } as RollupDefinition)
    return []
  } catch (error) {
    expect(error).toMatchObject({ code: 'BAD_ROLLUP' })
    return (error as { issues: readonly Issue[] }).issues
  }
}
const start = (change: object, hostChange: object = {}) => createRollup({ ...good, ...change } as RollupDefinition, { ...host, ...hostChange } as RollupHost)

describe('a definition', () => {
  it('is returned as it is', () => {
    expect(defineRollup(good)).toBe(good)
    const { policy: _, keys: __, sequencing: ___, interop: ____, ...least } = good
    expect(defineRollup(least)).toBe(least)
  })

  it.each<[string, string, object]>([
    ['chain', 'missing', { chain: undefined }],
    ['chain.id', '42001 (number)', { chain: { id: 42001 } }],
    ['chain.id', '0n', { chain: { id: 0n } }],
    ['chain.id', `${2n ** 53n}n`, { chain: { id: 2n ** 53n } }],
    ['chain.name', ' ', { chain: { id: 1n, name: '' } }],
    ['chain.owner', '0x12', { chain: { id: 1n, owner: '0x12' } }],
    ['execution', 'missing', { execution: undefined }],
    ['execution', 'an object without create', { execution: { name: 'x' } }],
    ['execution.gasLimit', '5', { execution: evm({ feeRecipient: ADDRESS, gasLimit: 5n }) }],
    ['execution.feeRecipient', 'missing', { execution: evm({} as never) }],
    ['da', 'blobs', { da: 'blobs' }],
    ['da.kind', 'missing', { da: { ...good.da, kind: undefined } }],
    ['da.adapter', 'missing', { da: { ...good.da, kind: 3 } }],
    ['da.adapter', ADDRESS, { da: { ...good.da, adapter: ADDRESS } }],
    ['policy', 'attested', { policy: { k: 1 } }],
    ['policy', 'k is 2', { policy: { attested: { k: 2, signers: [signer.publicKey] } } }],
    ['keys.batcher', 'a key in plain text', { keys: { batcher: KEY } }],
    ['keys.attester', 'no reference', { keys: { attester: 'ATTESTER_KEY' } }],
    ['sequencing.blockTime', '1000', { sequencing: { blockTime: '1000' } }],
    ['sequencing.certify.delay', '-1', { sequencing: { certify: { delay: -1 } } }],
    ['sequencing.certify.delya', 'unknown', { sequencing: { certify: { delya: 1 } } }],
    ['sequencing.maxBacklog', '0', { sequencing: { maxBacklog: 0 } }],
    ['sequencing.l1Tag', 'finalized', { sequencing: { l1Tag: 'finalized' } }],
    ['interop.allow', '[object Map]', { interop: { allow: new Map() } }],
    ['interop.allow[0].from', '42002 (number)', { interop: { allow: [{ from: 42002, rung: 'included', cap: 1n }] } }],
    ['interop.allow[1].from', '42002n', { interop: { allow: [1, 2].map(() => ({ from: 42002n, rung: 'included', cap: 1n })) } }],
    ['interop.allow[0].rung', 'executed', { interop: { allow: [{ from: 42002n, rung: 'executed', cap: 1n }] } }],
    ['interop.allow[0].cap', '1 (number)', { interop: { allow: [{ from: 42002n, rung: 'included', cap: 1 }] } }],
    ['plugins', 'list', { plugins: { name: 'a' } }],
    ['plugins', 'requires clock, which is not there', { plugins: [{ name: 'a', requires: ['clock'] }] }],
    ['plugins', 'engine abacus', { plugins: [{ name: 'a', engine: { engine: 'abacus' } }] }],
    ['execusion', 'unknown', { execusion: good.execution }],
  ])('has a mistake named by its path: %s is %s', (path, text, change) => {
    expect(issues(change)).toEqual([{ path, message: expect.stringContaining(text.trim()) as string, fix: expect.any(String) as string }])
  })

  it('has all of its mistakes told at once, none of them with the text of a key', () => {
    const found = issues({ chain: { id: 1 }, execution: evm({ feeRecipient: ADDRESS, gasLimit: 5n, hardfork: 'shanghai' as never }), da: undefined, keys: { batcher: KEY }, interop: { allow: [{}] } })
    expect(found.map(({ path }) => path)).toEqual(['chain.id', 'execution.gasLimit', 'execution.hardfork', 'da', 'keys.batcher', 'interop.allow[0].from', 'interop.allow[0].rung', 'interop.allow[0].cap'])
    expect(JSON.stringify(found)).not.toContain(KEY.slice(4, 20))
  })

  it('is resolved to plain data with all that it left out, and no secret', () => {
    const resolved = resolveRollup({ ...good, sequencing: {} })
    expect(JSON.parse(encodeJson(resolved))).toMatchObject({
      chain: { id: '42001n', name: 'a' },
      execution: { name: 'evm', hardfork: 'prague', gasLimit: '30000000n' },
      da: { name: 'calldata', kind: 2 },
      keys: { batcher: 'secret BATCHER_KEY' },
      sequencing: { blockTime: 1000, batchInterval: 2000, certify: { delay: 2000, idle: 60_000, lifetime: 600_000 }, maxBacklog: 8, l1Tag: 'safe' },
      interop: { allow: [{ from: '42002n', rung: 'included', cap: '1n' }] },
      specDigest: specDigest(specOf(good)),
    })
  })
})

describe('a spec', () => {
  it('is the same however it is written, and does not depend on what decides no block', () => {
    const other = defineRollup({ ...good, chain: { id: 42001n, name: 'b' }, sequencing: {}, execution: evm({ feeRecipient: ADDRESS.replace('aa', 'AA') as typeof ADDRESS, hardfork: 'prague', minTip: 7n }) })
    expect(specOf(other)).toBe(specOf(good))
    const reversed = { ...good.execution, spec: Object.fromEntries(Object.entries(good.execution.spec).reverse()) }
    expect(specOf({ ...good, execution: reversed })).toBe(specOf(good))
  })

  it('tells the lines that differ', () => {
    const other = specOf({ ...good, execution: evm({ feeRecipient: ADDRESS, hardfork: 'osaka', alloc: { [ADDRESS]: { nonce: 1n } } }) })
    expect(specDifferences(other, specOf(good))).toEqual([
      expect.stringMatching(/^execution\.alloc absent, not "keccak256 0x\w{64}"$/) as string,
      'execution.hardfork "prague", not "osaka"',
    ])
    expect(specDifferences(specOf(good), specOf(good))).toEqual([])
    expect(specDifferences(specOf(good), 'rubbish').at(-1)).toBe('spec "rubbish", not absent')
  })

  it('fits into a registration, however much there is to say', () => {
    const wordy = { ...good.execution, spec: { ...good.execution.spec, modules: Array.from({ length: 1000 }, (_, i) => `module number ${i}`) } }
    const spec = specOf({ ...good, execution: wordy })
    expect(spec.length).toBeLessThan(1000)
    const another = { ...wordy, spec: { ...wordy.spec, modules: [...wordy.spec.modules.slice(1), 'other'] } }
    expect(specDifferences(specOf({ ...good, execution: another }), spec)).toEqual([expect.stringMatching(/^execution\.modules "keccak256/) as string])
  })

  it('holds data only', () => {
    expect(() => specOf({ ...good, execution: { ...good.execution, spec: { price: 0.5 } } })).toThrow(expect.objectContaining({ code: 'BAD_SPEC' }) as Error)
  })
})

describe('a host', () => {
  it.each<[string, object]>([
    ['host.role', { role: 'leader' }],
    ['host.batcher', { batcher: KEY }],
    ['host.signer', { signer: '0x01' }],
    ['host.aggregator', { aggregator: '0x12' }],
    ['host.l1.client', { l1: { ...host.l1, client: 'http://127.0.0.1:8545' } }],
    ['host.l1.contracts.hub', { l1: { ...host.l1, contracts: { ...host.l1.contracts, hub: '0x12' } } }],
    ['host.l1.contracts.domain.l1ChainId', { l1: { ...host.l1, contracts: { ...host.l1.contracts, domain: { l1ChainId: 31337 } } } }],
    ['chain.id', { l1: { ...host.l1, contracts: { ...host.l1.contracts, domain: { ...host.l1.contracts.domain, l1ChainId: 42001n } } } }],
    ['host.link', { link: undefined }],
    ['host.store', { store: './data' }],
    ['host.clock', { clock: undefined }],
    ['host.log', { log: { info() {} } }],
    ['host.secrets', { secrets: { BATCHER_KEY: KEY } }],
  ])('has a mistake named by its path: %s', async (path, change) => {
    await expect(start({}, change)).rejects.toMatchObject({ code: 'BAD_ROLLUP', issues: [{ path, fix: expect.any(String) as string }] })
  })

  it('is told with the definition what it lacks, and who provides it', async () => {
    await expect(start({ keys: undefined, policy: undefined, da: undefined }, { log: undefined })).rejects.toMatchObject({ issues: [{ path: 'da' }, { path: 'policy' }, { path: 'host.log' }, { path: 'host.batcher', fix: expect.stringContaining("secret('BATCHER_KEY')") as string }] })
  })

  it('has the secrets that the definition names', async () => {
    await expect(start({}, { secrets: () => undefined })).rejects.toMatchObject({ code: 'SECRET_MISSING', message: expect.stringContaining('BATCHER_KEY') as string })
    await expect(start({}, { secrets: () => 'abc' })).rejects.toMatchObject({ code: 'BAD_SECRET' })
    // A follower needs none of them, and with what it has, it finds that L1 does not answer.
    await expect(start({}, { role: 'follower', secrets: () => undefined })).rejects.toMatchObject({ code: 'L1_UNREACHABLE', message: expect.stringContaining('http://127.0.0.1:1') as string })
    await expect(start({ keys: undefined }, { batcher: privateKeyToAccount(KEY) })).rejects.toMatchObject({ code: 'L1_UNREACHABLE' })
  })

  it('runs no engine that lacks a part', async () => {
    const halfDone = { ...good.execution, create: (of: ExecutionHost) => ({ ...good.execution.create(of), getNonce: undefined as never }) }
    await expect(start({ execution: halfDone })).rejects.toMatchObject({ code: 'BAD_ROLLUP', shortMessage: expect.stringContaining('lacks getNonce') as string })
  })
})
