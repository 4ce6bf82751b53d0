import { createRandom, createTwinCluster, randomEpoch, testAddress, type TwinChain } from '@causeway/testing'
import { describe, expect, it } from 'vitest'
import { errorCode } from '../errors.js'
import { decodeJson, encodeJson } from '../json.js'
import type { LinkEvent, SignedHead } from '../seams/link.js'
import { FIELD, NEVER, ZERO_HASH } from './limits.js'
import {
  MAX_BYTES,
  MAX_HEADS,
  parseCertificate,
  parseDraft,
  parseEntry,
  parseHeader,
  parseL1InboxEntry,
  parseLinkAnswer,
  parseLinkEvent,
  parseLinkQuery,
  parseMessage,
  parsePolicy,
  parseSignedHead,
} from './parse.js'
import type { Certificate, Message } from './types.js'

const seed = Number(process.env.SEED ?? 20_251)
const wire = (value: unknown) => decodeJson(encodeJson(value))
const { epoch } = await randomEpoch(seed)
const certificate = epoch.certificates.find(({ entries }) => entries.some(({ kind }) => kind === 'import')) as Certificate
const { signatures: _, ...draft } = certificate
const message = certificate.entries.find(({ kind }) => kind === 'export') as { message: Message } & Certificate['entries'][number]
const head: SignedHead = {
  chainId: certificate.before.chainId,
  incarnation: 0n,
  number: 7n,
  hash: `0x${'ab'.repeat(32)}`,
  parentHash: ZERO_HASH,
  timestamp: message.message.timestamp,
  policyHash: certificate.before.policyHash,
  messages: [message.message],
  signature: `0x${'11'.repeat(65)}`,
}
const about = { chainId: 101n, height: 3n, statement: 5n }
const signature = certificate.signatures[0]?.signature ?? { s: 0n, e: 0n }
const events: LinkEvent[] = [
  { kind: 'head', head },
  { kind: 'proposal', draft, toBlock: 3n, signature: `0x${'1c'.repeat(65)}` },
  { kind: 'attestation', ...about, signer: 1, signature },
  { kind: 'refusal', ...about, reason: 'no data' },
  { kind: 'certificate', certificate, toBlock: 4n },
  { kind: 'verdict', ...about, verdict: 'waiting', epoch: 2n, time: 9n, reason: '', signature: `0x${'00'.repeat(65)}` },
]

const codeOf = (action: () => unknown) => {
  try {
    action()
    return undefined
  } catch (error) {
    return errorCode(error) ?? `not a CausewayError: ${String(error)}`
  }
}

describe('parsing of honest data', () => {
  it('gives back equal objects', () => {
    for (const each of epoch.certificates) expect(parseCertificate(wire(each))).toEqual(each)
    expect(parseDraft(wire(draft))).toEqual(draft)
    expect(parseHeader(wire(certificate.before))).toEqual(certificate.before)
    expect(parsePolicy(wire(certificate.policy))).toEqual(certificate.policy)
    expect(parsePolicy(wire({ ...certificate.policy, validity: 4n }))).toEqual({ ...certificate.policy, validity: 4n })
    for (const entry of certificate.entries) expect(parseEntry(wire(entry))).toEqual(entry)
    expect(parseMessage(wire(message.message))).toEqual(message.message)
    expect(parseSignedHead(wire(head))).toEqual(head)
    for (const event of events) expect(parseLinkEvent(wire(event))).toEqual(event)
    for (const query of [{ kind: 'heads', chainId: 1n, fromNonce: 0n, limit: 1 }, { kind: 'certificate', chainId: 2n }]) expect(parseLinkQuery(wire(query))).toEqual(query)
    for (const answer of [{ kind: 'heads', heads: [head] }, { kind: 'certificate', certificate, toBlock: 1n }, { kind: 'certificate', certificate: null, toBlock: 0n }])
      expect(parseLinkAnswer(wire(answer))).toEqual(answer)
    expect(parseL1InboxEntry({ kind: 'forced', index: 0n, transaction: '0x01' })).toEqual({ kind: 'forced', index: 0n, transaction: '0x01' })
  })

  it('shares nothing with its input, and writes hex in lower case', () => {
    const given = { ...message.message, sender: testAddress(0xabcdefn).replace('abcdef', 'ABCDEF') }
    const parsed = parseMessage(given)
    expect(parsed.sender).toBe(testAddress(0xabcdefn))
    expect(parsed.token).not.toBe(given.token)
  })

  it('reads hex quantities when told to', () => {
    const quantities = JSON.parse(JSON.stringify(certificate, (_key, item: unknown) => (typeof item === 'bigint' ? `0x${item.toString(16)}` : item))) as unknown
    expect(parseCertificate(quantities, { integers: 'quantity' })).toEqual(certificate)
    expect(codeOf(() => parseCertificate(quantities))).toBe('MALFORMED')
    for (const bad of ['0x', '0x01', '1', '0X1', '0xG', 1n, 1, ` 0x1`, `0x1${'0'.repeat(64)}`])
      expect(codeOf(() => parseMessage({ ...message.message, nonce: bad }, { integers: 'quantity' }))).toBe('MALFORMED')
  })

  it('takes the largest certificate that the circuit takes', async () => {
    const cluster = createTwinCluster()
    const [a, b] = cluster.chains as [TwinChain, TwinChain]
    cluster.tick()
    for (let i = 0; i < 4; i++) a.deposit(1_000n)
    for (let i = 0; i < 8; i++) a.send({ destination: b.chainId, amount: 1n, payload: `0x${'ff'.repeat(4096)}`, expiry: NEVER })
    const large = await a.certify()
    expect(parseCertificate(wire(large))).toEqual(large)
  })
})

describe('parsing of dishonest data', () => {
  it('names the path', () => {
    const at = certificate.entries.findIndex((entry) => entry.kind === 'export')
    const entries = certificate.entries.map((entry, i) => (i === at && entry.kind === 'export' ? { ...entry, message: { ...entry.message, amount: 2n ** 128n } } : entry))
    expect(() => parseCertificate({ ...certificate, entries })).toThrow(`certificate.entries[${at}].message.amount`)
    expect(codeOf(() => parseCertificate({ ...certificate, entries }))).toBe('OUT_OF_RANGE')
    expect(() => parseLinkEvent({ kind: 'certificate', certificate: { ...certificate, before: { ...certificate.before, outboxRoot: FIELD } }, toBlock: 1n })).toThrow(
      'event.certificate.before.outboxRoot',
    )
  })

  it.each([
    ['a missing field', () => parseMessage({ ...message.message, fee: undefined })],
    ['an unknown field', () => parseMessage({ ...message.message, extra: 1n })],
    ['an own __proto__', () => parsePolicy(JSON.parse('{"__proto__": {"attested": 1}}'))],
    ['a number for an integer', () => parseMessage({ ...message.message, amount: 1 })],
    ['a list for an object', () => parseHeader([])],
    ['a long payload', () => parseMessage({ ...message.message, payload: `0x${'00'.repeat(MAX_BYTES + 1)}` })],
    ['odd hex', () => parseMessage({ ...message.message, payload: '0x123' })],
    ['a short address', () => parseMessage({ ...message.message, sender: '0x12' })],
    ['an inherited variant', () => parseLinkEvent({ kind: 'constructor' })],
    ['no kind', () => parseLinkEvent({})],
    ['a draft with signatures', () => parseDraft(certificate)],
    ['too many signatures', () => parseCertificate({ ...certificate, signatures: Array(9).fill({ signer: 0, signature }) })],
    ['too many heads', () => parseLinkAnswer({ kind: 'heads', heads: Array(MAX_HEADS + 1).fill(head) })],
    ['too many exports', () => parseCertificate({ ...certificate, entries: Array(9).fill(message) })],
    ['a short path', () => parseCertificate({ ...certificate, openings: { ...certificate.openings, balances: certificate.openings.balances.map((one) => ({ ...one, siblings: one.siblings.slice(1) })) } })],
    ['a signature of 64 bytes', () => parseSignedHead({ ...head, signature: `0x${'11'.repeat(64)}` })],
    ['a sparse list', () => parseLinkAnswer({ kind: 'heads', heads: Array(2) })],
  ])('refuses %s', (_name, action) => {
    expect(codeOf(action)).toBe('MALFORMED')
  })

  it.each([
    ['a negative integer', () => parseMessage({ ...message.message, nonce: -1n })],
    ['k = 0', () => parsePolicy({ attested: { ...certificate.policy.attested, k: 0 } })],
    ['signer 8', () => parseLinkEvent({ kind: 'attestation', ...about, signer: 8, signature })],
    ['a digest that is not canonical', () => parseLinkEvent({ kind: 'refusal', ...about, statement: FIELD, reason: '' })],
    ['a huge integer', () => parseMessage({ ...message.message, nonce: 10n ** 89n })],
  ])('refuses %s as out of range', (_name, action) => {
    expect(codeOf(action)).toBe('OUT_OF_RANGE')
  })

  it(`throws nothing but MALFORMED and OUT_OF_RANGE on mutated data (SEED=${seed})`, () => {
    const random = createRandom(seed)
    const junk = [null, undefined, 0n, -1n, 2n ** 64n, FIELD, 1, -0, NaN, 1.5, '', '0x', '0xzz', '5n', true, [], {}, [[]], { kind: 'l1' }, Symbol.iterator.toString(), 'x'.repeat(100)]
    const subjects: [(value: unknown) => unknown, unknown][] = [...events.map((event): [(value: unknown) => unknown, unknown] => [parseLinkEvent, event]), [parseCertificate, certificate], [parseLinkAnswer, { kind: 'heads', heads: [head] }]]
    let refused = 0
    for (let run = 0; run < 1_500; run++) {
      const [parse, subject] = random.pick(subjects)
      const mutant = mutate(wire(subject))
      const code = codeOf(() => parse(mutant))
      if (code !== undefined) {
        refused++
        expect(['MALFORMED', 'OUT_OF_RANGE'], `seed ${seed}, run ${run}: ${code}`).toContain(code)
      }
    }
    expect(refused).toBeGreaterThan(1_000)

    function mutate(value: unknown): unknown {
      if (typeof value !== 'object' || value === null || random.below(12) === 0) return random.pick(junk)
      if (Array.isArray(value)) {
        const copy: unknown[] = [...(value as unknown[])]
        const at = random.below(copy.length + 1)
        if (random.below(3) === 0) copy.splice(at, random.below(2), random.pick(junk))
        else if (at < copy.length) copy[at] = mutate(copy[at])
        else copy.push(...copy)
        return copy
      }
      const keys = Object.keys(value)
      const name = keys.length === 0 || random.below(10) === 0 ? 'unexpected' : random.pick(keys)
      const { [name]: held, ...rest } = value as Record<string, unknown>
      return random.below(6) === 0 ? rest : { ...rest, [name]: mutate(held) }
    }
  })
})
