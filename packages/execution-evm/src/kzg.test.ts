import { bls12_381 } from '@noble/curves/bls12-381.js'
import { bytesToHex, concat, concatHex, hexToBytes, numberToHex, sha256, type Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { testChain } from './harness.test-helper.js'
import { loadCurves } from './interpreter/curves.js'
import { numbers } from './interpreter/programs.test-helper.js'

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))

// Made with @crate-crypto/node-eth-kzg 0.10 and the public ceremony: a blob whose i-th element is (7i + 3) mod 256, opened at 0x105.
const c: Hex = '0x98cb856dc7ac7656a6c4b50c16ab4c5be3e2be7e6a12e6d99164c985e033cd4dc089d412a39e9809684b7def82f4aed9'
const z = numberToHex(0x105, { size: 32 })
const y: Hex = '0x47fd9cad612c278abecd6689833b9d4f0629296aa23b4cf90fe78eb561a8d0b7'
const proof: Hex = '0x891ed15b5ddb0f7df4a21ac22d934665ce1392bf5352170aeffb798fe8ada5eb3a8ed333d6fdc9b2794a0aecf23832d6'
const infinity: Hex = `0xc0${'00'.repeat(47)}`
const zero = numberToHex(0, { size: 32 })

describe('point evaluation', () => {
  it('accepts an opening and nothing beside it', async () => {
    const { verifyProof } = (await loadCurves()).kzg
    expect(verifyProof(c, z, y, proof)).toBe(true)
    expect(verifyProof(c, zero, y, proof)).toBe(false)
    expect(verifyProof(c, z, zero, proof)).toBe(false)
    expect(verifyProof(c, z, y, infinity)).toBe(false)
    expect(verifyProof(infinity, z, zero, infinity)).toBe(true)
    expect(verifyProof(infinity, z, y, infinity)).toBe(false)
    expect(() => verifyProof(c, `0x${'ff'.repeat(32)}`, y, proof)).toThrow()
    expect(() => verifyProof(`0x${'11'.repeat(48)}`, z, y, proof)).toThrow()
  })

  it(`takes the encodings of points that noble takes (SEED=${SEED})`, async () => {
    const { verifyProof } = (await loadCurves()).kzg
    const { below, bytes } = numbers(SEED)
    const good = hexToBytes(c)
    const flags = [0x80, 0xa0, 0xc0, 0xe0, 0x00, 0x40]
    const encodings = [
      ...flags.map((flag) => concat([Uint8Array.of(flag | (0x1f & (good[0] as number))), good.subarray(1)])),
      ...flags.map((flag) => concat([Uint8Array.of(flag), new Uint8Array(47)])),
      ...flags.map((flag) => concat([Uint8Array.of(flag), new Uint8Array(46), Uint8Array.of(1)])),
      ...Array.from({ length: 60 }, () => concat([Uint8Array.of(0x80 | below(0x1b)), bytes(47)])),
      hexToBytes(`0x${(bls12_381.fields.Fp.ORDER | (1n << 383n)).toString(16)}`),
      concat([good, good.subarray(0, 1)]),
      good.subarray(0, 47),
    ].map((encoding) => bytesToHex(encoding))
    const takes = (run: () => unknown): boolean => {
      try {
        run()
        return true
      } catch {
        return false
      }
    }
    const noble = (hex: Hex): void => {
      const point = bls12_381.G1.Point.fromHex(hex.slice(2))
      if (!point.is0()) point.assertValidity()
    }
    for (const encoding of encodings) expect([encoding, takes(() => verifyProof(encoding, z, y, proof)), takes(() => verifyProof(c, z, y, encoding))]).toEqual([encoding, takes(() => noble(encoding)), takes(() => noble(encoding))])
  })

  it('is what precompile 0x0a answers', async () => {
    const { engine } = await testChain()
    const to = `0x${'0a'.padStart(40, '0')}` as const
    const hash = `0x01${sha256(c).slice(4)}` as const
    const good = await engine.call({ to, data: concatHex([hash, z, y, c, proof]) }, 0n)
    expect(good).toMatchObject({ data: `0x${4096n.toString(16).padStart(64, '0')}73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001` })
    expect(good.failure).toBeUndefined()
    for (const data of [concatHex([hash, z, zero, c, proof]), concatHex([hash, z, y, c, c]), '0x'] as const)
      expect((await engine.call({ to, data }, 0n)).failure).toBeDefined()
  })
})
