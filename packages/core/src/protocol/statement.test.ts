import { randomEpoch, TEST_DOMAIN } from '@causeway/testing'
import { describe, expect, it } from 'vitest'
import { decodeJson, encodeJson } from '../json.js'
import { entriesDigest, statement } from './statement.js'
import type { Certificate, Entry } from './types.js'

const { epoch } = await randomEpoch(5)
const certificate = epoch.certificates.find(({ entries }) => entries.some(({ kind }) => kind === 'import')) as Certificate
const signed = (change: Partial<Certificate> = {}) => statement(TEST_DOMAIN, { ...certificate, ...change })
const bump = <T extends { [K in Name]: bigint }, Name extends string>(of: T, name: Name): T => ({ ...of, [name]: of[name] + 1n })

describe('a statement', () => {
  it('changes with everything that it is about', () => {
    const { before, after, entries, notAfter } = certificate
    const hex = `0x${'77'.repeat(32)}` as const
    const others = [
      ...(['chainId', 'height', 'timestamp', 'outboxRoot', 'outboxSize', 'inboxRoot', 'balanceRoot', 'l1InboxCursor', 'policyHash', 'policySince'] as const).flatMap((name) => [
        signed({ before: bump(before, name) }),
        signed({ after: bump(after, name) }),
      ]),
      ...[signed({ before: { ...before, stateRoot: hex } }), signed({ after: { ...after, stateRoot: hex } }), signed({ inboxHash: hex }), signed({ daHash: hex }), signed({ notAfter: notAfter - 1n })],
      ...[signed({ entries: entries.slice(1) }), signed({ entries: [...entries].reverse() }), signed({ before: after, after: before })],
      ...[{ l1ChainId: 1n }, { hub: '0x00000000000000000000000000000000000000b6' as const }, { clusterId: hex }].map((change) => statement({ ...TEST_DOMAIN, ...change }, certificate)),
    ]
    expect(new Set([signed(), ...others]).size).toBe(others.length + 1)
  })

  it('does not change with what recomposition may change', () => {
    expect(signed({ daIndex: 99n, inboxHashBefore: `0x${'00'.repeat(32)}`, signatures: [], openings: { inbox: [], balances: [], outbox: [] } })).toBe(signed())
  })

  it('binds kind, time, content and grade of each entry', () => {
    const digest = (entries: readonly Entry[], grade = 7n) => entriesDigest(entries, grade)
    const [entry] = certificate.entries.filter((item) => item.kind === 'import')
    if (!entry) throw new Error('the seed has no import')
    const { message, time } = entry
    const all = [
      [entry],
      [{ ...entry, time: time + 1n }],
      [{ ...entry, policyHash: 8n }],
      [{ ...entry, message: { ...message, amount: message.amount + 1n } }],
      [{ kind: 'export' as const, time, message }],
      [{ kind: 'l1' as const, time, entry: { kind: 'forced' as const, index: 0n, transaction: '0x' as const } }],
      [entry, entry],
      [],
    ].map((entries) => digest(entries))
    expect(new Set(all).size).toBe(all.length)
    expect(digest([])).toBe(0n)
    expect(digest([{ kind: 'export', time, message }], 8n)).not.toBe(all[4])
  })
})

describe('JSON', () => {
  it('keeps integers of any size, and tells them from strings', () => {
    const value = { a: [0n, -5n, 2n ** 256n], b: 'n', c: '5', d: 5, e: null, f: { g: '0x5n' } }
    expect(decodeJson(encodeJson(value))).toEqual(value)
    expect(decodeJson(encodeJson(certificate))).toEqual(certificate)
    expect(encodeJson({ a: 1n })).toBe('{"a":"1n"}')
  })

  it('reads a string of digits and n as an integer, up to 90 digits', () => {
    expect(decodeJson(`["${'9'.repeat(90)}n"]`)).toEqual([10n ** 90n - 1n])
    for (const text of [`${'9'.repeat(91)}n`, '1.5n', '--1n', ' 1n', '1n ', 'n', '0x1n']) expect(decodeJson(JSON.stringify(text))).toBe(text)
  })

  it('that is none is refused', () => {
    for (const text of ['', '{', 'undefined', '1n', '[1,]']) expect(() => decodeJson(text)).toThrow(expect.objectContaining({ code: 'BAD_JSON' }) as Error)
  })
})
