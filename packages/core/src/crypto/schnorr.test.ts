import { describe, expect, it } from 'vitest'
import { errorCode } from '../errors.js'
import { FIELD } from '../protocol/limits.js'
import type { PublicKey, Signature } from '../protocol/types.js'
import { poseidon2, TAG } from './poseidon2.js'
import { attestationSigner, GRUMPKIN_ORDER, isOnCurve, schnorrSign, schnorrVerify } from './schnorr.js'

const bytes = (fill: number) => new Uint8Array(32).fill(fill)
const scalarOf = (secret: Uint8Array) => BigInt(`0x${Buffer.from(secret).toString('hex')}`) % GRUMPKIN_ORDER
const signer = attestationSigner(bytes(7))
const key = signer.publicKey
const other = attestationSigner(bytes(8)).publicKey
const statement = 12345n
const signature = await signer.sign(statement)

describe('a Schnorr signature on Grumpkin', () => {
  it('verifies, is deterministic, and differs by key and statement', async () => {
    expect(schnorrVerify(key, statement, signature)).toBe(true)
    expect(await signer.sign(statement)).toEqual(signature)
    expect(schnorrSign(scalarOf(bytes(7)), statement)).toEqual(signature)
    for (const edge of [0n, FIELD - 1n]) expect(schnorrVerify(key, edge, await signer.sign(edge))).toBe(true)
    expect((await signer.sign(statement + 1n)).e).not.toBe(signature.e)
  })

  const { s, e } = signature
  const negated: PublicKey = { x: key.x, y: FIELD - key.y }
  it.each<[string, PublicKey, bigint, Signature]>([
    ['another key', other, statement, signature],
    ['the negated key', negated, statement, signature],
    ['another statement', key, statement + 1n, signature],
    ['s + 1', key, statement, { s: (s + 1n) % GRUMPKIN_ORDER, e }],
    ['−s', key, statement, { s: GRUMPKIN_ORDER - s, e }],
    ['e + 1', key, statement, { s, e: e + 1n }],
    ['s + q', key, statement, { s: s + GRUMPKIN_ORDER, e }],
    ['s − q', key, statement, { s: s - GRUMPKIN_ORDER, e }],
    ['e + p', key, statement, { s, e: e + FIELD }],
    ['e − p', key, statement, { s, e: e - FIELD }],
    ['s and e swapped', key, statement, { s: e, e: s }],
    ['zeros', key, statement, { s: 0n, e: 0n }],
    ['s = 0', key, statement, { s: 0n, e }],
    ['e = 0', key, statement, { s, e: 0n }],
    ['s = q', key, statement, { s: GRUMPKIN_ORDER, e }],
    ['e = p', key, statement, { s, e: FIELD }],
    ['a key that is no point', { x: key.x, y: key.y + 1n }, statement, signature],
    ['the key (0, 0)', { x: 0n, y: 0n }, statement, signature],
    ['x + p', { x: key.x + FIELD, y: key.y }, statement, signature],
    ['y + p', { x: key.x, y: key.y + FIELD }, statement, signature],
    ['a negative coordinate', { x: key.x, y: key.y - FIELD }, statement, signature],
  ])('is refused with %s', (_, publicKey, about, given) => expect(schnorrVerify(publicKey, about, given)).toBe(false))

  it('whose R is the point at infinity is refused', () => {
    // s = −e·x gives R = 0 for any e; had the point a coordinate 0, this e would fit it.
    const zero = poseidon2(TAG.schnorr, [0n, key.x, key.y, statement])
    const infinite = (((-zero * scalarOf(bytes(7))) % GRUMPKIN_ORDER) + GRUMPKIN_ORDER) % GRUMPKIN_ORDER
    expect(schnorrVerify(key, statement, { s: infinite, e: zero })).toBe(false)
  })

  it('is none of a related key, though it gives the same R: the key is in the challenge', () => {
    const related = attestationSigner(Uint8Array.from([...bytes(7).subarray(0, 31), 8])).publicKey
    expect(schnorrVerify(related, statement, { s: (((s - e) % GRUMPKIN_ORDER) + GRUMPKIN_ORDER) % GRUMPKIN_ORDER, e })).toBe(false)
  })
})

it('is judged alike for a new key, one with a table, and one that was forgotten', async () => {
  const signers = Array.from({ length: 66 }, (_, i) => attestationSigner(bytes(100 + i)))
  const judge = async (i: number, times: number) => {
    const { publicKey, sign } = signers[i] as (typeof signers)[number]
    const good = await sign(statement)
    const edited = [good, { ...good, s: good.s + 1n }, { ...good, e: good.e - 1n }, { ...good, e: 0n }]
    for (let time = 0; time < times; time++) expect(edited.map((each) => schnorrVerify(publicKey, statement, each)), `key ${i}`).toEqual([true, false, false, false])
    expect(schnorrVerify({ x: publicKey.x, y: FIELD - publicKey.y }, statement, good)).toBe(false)
  }
  await judge(0, 4)
  for (let i = 1; i < signers.length; i++) await judge(i, 1)
  await judge(0, 1)
}, 60_000)

describe('keys', () => {
  it('are 32 bytes, not zero, and give points of the curve', () => {
    const codeOf = (secret: Uint8Array) => {
      try {
        attestationSigner(secret)
        return 'accepted'
      } catch (error) {
        return errorCode(error)
      }
    }
    const order = Buffer.from(GRUMPKIN_ORDER.toString(16), 'hex')
    expect([new Uint8Array(31).fill(1), new Uint8Array(33).fill(1), new Uint8Array(), bytes(0), order].map(codeOf)).toEqual(Array.from({ length: 5 }, () => 'BAD_KEY'))
    expect([bytes(1), bytes(255)].map(codeOf)).toEqual(['accepted', 'accepted'])
    expect([key, other].every(isOnCurve)).toBe(true)
    expect(isOnCurve({ x: 1n, y: 17631683881184975370165255887551781615748388533673675138860n })).toBe(true)
    expect(isOnCurve({ x: 1n, y: 1n })).toBe(false)
  })
})
