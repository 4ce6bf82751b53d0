import { encodeJson, type Certificate } from '@causeway/core'
import { randomEpoch } from '@causeway/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { getCertificate } from './actions/getCertificate.js'
import { getChainStatus } from './actions/getChainStatus.js'
import { getMessageStatus } from './actions/getMessageStatus.js'
import { simulateCertificate } from './actions/simulateCertificate.js'
import { createMockProvider, mockClient } from './mock-provider.test-helper.js'
import { toRpc, type CertificateStatus, type ChainStatus, type MessageStatus, type SimulationVerdict, type ToRpc } from './rpc.js'

const { epoch } = await randomEpoch(11)
const certificate = epoch.certificates[0] as Certificate
const digest = `0x${'ab'.repeat(32)}` as const
const block = { number: 4n, hash: digest }
const entry = certificate.entries.find(({ kind }) => kind === 'export')
if (entry?.kind !== 'export') throw new Error('the fixture exports nothing')

const message: MessageStatus = {
  id: digest,
  source: 101n,
  destination: 1n,
  nonce: 0n,
  rung: 'settled',
  sourceRung: 'settled',
  execution: { block: 7n, transaction: digest, ok: false },
  failure: 'it expired',
  waitingFor: 'nothing',
  rolledBack: { chainId: 101n, incarnation: 1n, block: 3n },
  withdrawal: { epoch: 2n, path: [digest, digest], message: entry.message, claimed: false },
}
const chain: ChainStatus = {
  chainId: 101n,
  l1ChainId: 1n,
  hub: `0x${'0a'.repeat(20)}`,
  clusterId: digest,
  slot: 0n,
  incarnation: 0n,
  blocks: { latest: block, safe: block, finalized: block },
  settled: certificate.before,
  epoch: 3n,
  certificate: { height: 2n, rung: 'proven', toBlock: 9n },
  l1: { block: 100n, inboxLength: 3n, inboxCursor: 2n },
  policy: certificate.policy,
  policyHash: certificate.before.policyHash,
  da: 'blobs',
  specDigest: digest,
  backlog: { certificates: 8, limit: 8, waiting: 3 },
  halted: 'a forced transaction is overdue',
}
const status: CertificateStatus = { chainId: 101n, height: 2n, statement: 5n, fromBlock: 1n, toBlock: 4n, rung: 'certified', signed: 2, required: 2, epoch: 1n, reason: 'none', certificate }

/** As the answer arrives: through JSON text. */
const wire = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const asked = async <T>(method: string, answer: unknown, action: (client: ReturnType<typeof mockClient>) => Promise<T>) => {
  const provider = createMockProvider({ [method]: () => wire(answer) })
  return { result: await action(mockClient(provider)), calls: provider.calls }
}

describe('answers', () => {
  it('come through JSON unchanged', async () => {
    expect(await asked('causeway_getMessageStatus', toRpc(message), (client) => getMessageStatus(client, { id: digest }))).toEqual({
      result: message,
      calls: [{ method: 'causeway_getMessageStatus', params: [digest] }],
    })
    expect((await asked('causeway_getChainStatus', toRpc(chain), (client) => getChainStatus(client))).result).toEqual(chain)
    const { calls, result } = await asked('causeway_getCertificate', toRpc(status), (client) => getCertificate(client, { height: 2n }))
    expect(result).toEqual(status)
    expect(calls[0]?.params).toEqual(['0x2'])
    expect((await asked('causeway_getCertificate', null, (client) => getCertificate(client))).calls[0]?.params).toEqual(['latest'])
    expect((await asked('causeway_getMessageStatus', null, (client) => getMessageStatus(client, { id: digest }))).result).toBe(null)
  })

  it('may lack what is optional and hold what is new', async () => {
    const { chainId, height, statement, fromBlock, toBlock, rung, signed, required } = status
    const small = { chainId, height, statement, fromBlock, toBlock, rung, signed, required }
    expect((await asked('causeway_getCertificate', { ...toRpc(small), later: 'added', epoch: undefined }, (client) => getCertificate(client))).result).toEqual(small)
  })

  it('carry verdicts and certificates', async () => {
    const yes: SimulationVerdict = { ok: true, statement: 1n, leaves: [2n], withdrawals: [digest] }
    const no: SimulationVerdict = { ok: false, code: 'RULE_R20', reason: 'too much' }
    const { result, calls } = await asked('causeway_simulateCertificate', toRpc(yes), (client) => simulateCertificate(client, { certificate }))
    expect(result).toEqual(yes)
    expect(encodeJson(calls[0]?.params)).toBe(encodeJson([toRpc(certificate)]))
    expect((await asked('causeway_simulateCertificate', toRpc(no), (client) => simulateCertificate(client))).result).toEqual(no)
  })

  it.each([
    ['a number where a quantity belongs', { ...toRpc(message), nonce: 1 }],
    ['an unknown rung', { ...toRpc(message), rung: 'mined' }],
    ['no rung', { ...toRpc(message), rung: undefined }],
    ['something else', 'soon'],
  ])('are refused with %s', async (_name, answer) => {
    await expect(asked('causeway_getMessageStatus', answer, (client) => getMessageStatus(client, { id: digest }))).rejects.toMatchObject({ code: 'MALFORMED' })
  })

  it('of a node that is none of Causeway say so', async () => {
    await expect(getChainStatus(mockClient(createMockProvider()))).rejects.toMatchObject({ code: 'NOT_CAUSEWAY' })
  })
})

it('ToRpc maps integers and nothing else', () => {
  expectTypeOf<ToRpc<MessageStatus>['nonce']>().toEqualTypeOf<`0x${string}`>()
  expectTypeOf<ToRpc<CertificateStatus>['signed']>().toEqualTypeOf<number>()
  expectTypeOf<ToRpc<CertificateStatus>['epoch']>().toEqualTypeOf<`0x${string}` | undefined>()
  expect(toRpc({ a: 0n, b: [255n, null], c: undefined, d: 'x', e: true })).toEqual({ a: '0x0', b: ['0xff', null], d: 'x', e: true })
})
