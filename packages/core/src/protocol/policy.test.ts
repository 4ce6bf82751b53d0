import { describe, expect, it } from 'vitest'
import { attestationSigner } from '../crypto/schnorr.js'
import { errorCode } from '../errors.js'
import { FIELD } from './limits.js'
import { attestedPolicy, checkPolicy, decodePolicy, encodePolicy, policyHash } from './policy.js'
import type { PublicKey } from './types.js'

const keys = Array.from({ length: 9 }, (_, i) => attestationSigner(new Uint8Array(32).fill(i + 1)).publicKey).sort((a, b) => (a.x < b.x ? -1 : 1))
const [a, b, c] = keys as [PublicKey, PublicKey, PublicKey]
const codeOf = (action: () => unknown) => {
  try {
    action()
    return 'accepted'
  } catch (error) {
    return errorCode(error)
  }
}

describe('a policy', () => {
  it('has its signers in order, whatever order they are given in', () => {
    expect(attestedPolicy(2, [c, a, b])).toEqual({ attested: { k: 2, signers: [a, b, c] } })
    expect(policyHash(attestedPolicy(2, [c, a, b]))).toBe(policyHash(attestedPolicy(2, [a, b, c])))
  })

  it.each([[1, 1], [1, 8], [8, 8], [2, 3]])('may be %i of %i, and travels', (k, n) => {
    const policy = attestedPolicy(k, keys.slice(0, n))
    expect(decodePolicy(encodePolicy(policy))).toEqual(policy)
    expect(encodePolicy(policy).length).toBe(2 + 2 * (2 + 64 * n))
  })

  it.each<[string, number, PublicKey[]]>([
    ['k = 0', 0, [a, b]],
    ['k < 0', -1, [a]],
    ['k > n', 3, [a, b]],
    ['k = 1.5', 1.5, [a, b]],
    ['no signers', 1, []],
    ['nine signers', 1, keys],
    ['unsorted signers', 1, [b, a]],
    ['a duplicate signer', 2, [a, a]],
    ['a signer and its negation', 2, [a, { x: a.x, y: FIELD - a.y }]],
    ['a key that is not on the curve', 1, [{ x: a.x, y: a.y + 1n }]],
    ['the key (0, 0)', 1, [{ x: 0n, y: 0n }]],
    ['x + p', 1, [{ x: a.x + FIELD, y: a.y }]],
    ['y + p', 1, [{ x: a.x, y: a.y + FIELD }]],
  ])('may not have %s', (_, k, signers) => {
    expect(codeOf(() => checkPolicy({ attested: { k, signers } }))).toBe('BAD_POLICY')
    if (Number.isInteger(k) && k >= 0 && k < 256 && signers.every(({ x }) => x < 2n ** 256n)) expect(codeOf(() => decodePolicy(encodePolicy({ attested: { k, signers } })))).toBe('BAD_POLICY')
  })

  it('is another one with any change', () => {
    const base = attestedPolicy(2, [a, b])
    const all = [base, attestedPolicy(1, [a, b]), attestedPolicy(2, [a, c]), attestedPolicy(2, [a, b, c]), { ...base, validity: 1n }, { ...base, external: 1n }]
    expect(new Set(all.map(policyHash)).size).toBe(all.length)
    expect(policyHash({ ...base, validity: 0n, external: 0n })).toBe(policyHash(base))
  })

  it('in bytes of another length is refused', () => {
    const bytes = encodePolicy(attestedPolicy(1, [a]))
    for (const bad of ['0x', '0x01', '0x0100', '0x0101', `${bytes}00`, bytes.slice(0, -2), `0x0102${bytes.slice(6)}`] as const) expect(codeOf(() => decodePolicy(bad as `0x${string}`)), bad).toBe('BAD_POLICY')
  })
})
