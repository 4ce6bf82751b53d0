import { keccak256 } from 'viem'
import { expect, it } from 'vitest'
import { keccak, keccakHex } from './keccak.js'

it('agrees with another implementation at every length around the block size', () => {
  for (let length = 0; length < 600; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255)
    expect(keccakHex(bytes)).toBe(keccak256(bytes))
  }
  const first = keccak(Uint8Array.of(1))
  keccak(Uint8Array.of(2))
  expect(first).toEqual(keccak256(Uint8Array.of(1), 'bytes'))
})
