import { attestationSigner, attestedPolicy, silentLog, type ExecutionHost } from '@causeway/core'
import { evm } from '@causeway/execution-evm'
import { createL1Reader } from '@causeway/l1'
import { createLinkHub } from '@causeway/messaging'
import { memoryStore } from '@causeway/testing'
import { createPublicClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { systemClock } from './clock.js'
import { checkOptions, type RollupOptions } from './options.js'
import { createRollup } from './rollup.js'

const hub = '0x00000000000000000000000000000000000000aa'
const inbox = '0x00000000000000000000000000000000000000bb'
const batcher = privateKeyToAccount(`0x${'21'.repeat(32)}`)
const client = createPublicClient({ transport: http('http://127.0.0.1:1', { retryCount: 0 }) })
const store = memoryStore()
const signer = attestationSigner(new Uint8Array(32).fill(1))
const sequencer = { kind: 'sequencer' as const, batcher, blockTime: 500, certify: { delay: 0 }, allow: new Map([[42002n, { rung: 'included' as const, cap: 1n }]]) }
const good: RollupOptions = {
  chainId: 42001n,
  execution: evm({ feeRecipient: batcher.address }),
  da: { name: 'none', kind: 1, maxBytes: 0, submit: () => Promise.reject(new Error('unused')), retrieve: () => Promise.reject(new Error('unused')) },
  policy: attestedPolicy(1, [signer.publicKey]),
  role: sequencer,
  signer,
  l1: { client, reader: createL1Reader({ client, addresses: { hub, inbox }, clock: systemClock }), domain: { l1ChainId: 31337n, hub, clusterId: `0x${'00'.repeat(32)}` }, bridge: inbox },
  link: createLinkHub().connect('test'),
  store,
  clock: systemClock,
  log: silentLog,
}
/** Callers without types pass anything. */
const wrong = (change: object) => () => checkOptions({ ...good, ...change } as RollupOptions)
const role = (change: object) => ({ role: { ...sequencer, ...change } })

describe('options of a rollup', () => {
  it('takes what is complete', () => {
    checkOptions(good)
    const { signer: _, ...unsigned } = good
    checkOptions({ ...unsigned, role: { kind: 'follower' } })
  })

  it.each<[string, object]>([
    ['`execution` is missing', { execution: undefined }],
    ['`execution` is an object without create', { execution: { ...good.execution, create: undefined } }],
    ['`chainId` is 42001 (number)', { chainId: 42001 }],
    ["`chainId` is 31337n; it has to be another than L1's", { chainId: 31337n }],
    ['`da` is an object without submit, retrieve', { da: {} }],
    ['`da.kind` is missing', { da: { ...good.da, kind: undefined } }],
    ['`da.kind` is blobs', { da: { ...good.da, kind: 'blobs' } }],
    ['`policy` is missing', { policy: undefined }],
    ['`policy.attested` is missing', { policy: { k: 1 } }],
    ['`signer` is 0x01', { signer: '0x01' }],
    ['`owner` is 0x12', { owner: '0x12' }],
    ['`l1.client` is http://127.0.0.1:8545', { l1: { ...good.l1, client: 'http://127.0.0.1:8545' } }],
    ['`l1.reader` is missing', { l1: { ...good.l1, reader: undefined } }],
    ['`l1.domain.l1ChainId` is 31337 (number)', { l1: { ...good.l1, domain: { ...good.l1.domain, l1ChainId: 31337 } } }],
    ['`l1.domain.hub` is 0x12', { l1: { ...good.l1, domain: { ...good.l1.domain, hub: '0x12' } } }],
    ['`l1.bridge` is missing', { l1: { ...good.l1, bridge: undefined } }],
    ['`link` is missing', { link: undefined }],
    ['`store` is ./data', { store: './data' }],
    ['`clock` is missing', { clock: undefined }],
    ['`log` is an object without debug', { log: { info() {}, warn() {}, error() {} } }],
    ['`role.kind` is leader', role({ kind: 'leader' })],
    ['`role.batcher` is 0x12', role({ batcher: '0x12' })],
    ['`role.blockTime` is 1000', role({ blockTime: '1000' })],
    ['`role.certify.delay` is -1 (number)', role({ certify: { delay: -1 } })],
    ['`role.l1Tag` is finalized', role({ l1Tag: 'finalized' })],
    ['`role.allow` is [object Object]', role({ allow: {} })],
    ['`a key of role.allow` is 42002 (number)', role({ allow: new Map([[42002, { rung: 'included', cap: 1n }]]) })],
    ['`rung in role.allow of 42002` is executed', role({ allow: new Map([[42002n, { rung: 'executed', cap: 1n }]]) })],
    ['`cap in role.allow of 42002` is 1 (number)', role({ allow: new Map([[42002n, { rung: 'included', cap: 1 }]]) })],
  ])('names what is wrong: %s', (text, change) => {
    expect(wrong(change)).toThrow(expect.objectContaining({ code: 'BAD_ROLLUP', message: expect.stringContaining(text) as string, fix: expect.any(String) as string }) as Error)
  })

  it('says what is wrong with a policy, and which L1 does not answer', async () => {
    expect(wrong({ policy: { attested: { k: 2, signers: [signer.publicKey] } } })).toThrow(expect.objectContaining({ code: 'BAD_POLICY' }) as Error)
    const { execution } = good
    const halfDone = { ...execution, create: (host: ExecutionHost) => ({ ...execution.create(host), getNonce: undefined as never }) }
    await expect(createRollup({ ...good, execution: halfDone })).rejects.toMatchObject({ code: 'BAD_ROLLUP', shortMessage: expect.stringContaining('`execution.create()` is an object without getNonce') as string })
    await expect(createRollup(good)).rejects.toMatchObject({ code: 'L1_UNREACHABLE', message: expect.stringContaining('http://127.0.0.1:1') as string })
  })
})
