import { describe, expect, it } from 'vitest'
import { BLOB_BYTES, capacity, MAX_BLOBS, packBlobs, unpackBlobs } from './packing.js'

/** Deterministic bytes (a linear congruential generator). */
function bytes(length: number, seed: number): Uint8Array {
  let state = seed
  return Uint8Array.from({ length }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24)
}

describe('packBlobs', () => {
  it.each([0, 1, 25, 26, 27, 57, 1000, capacity(1) - 1, capacity(1), capacity(1) + 1, capacity(2), capacity(6)])('round-trips %i bytes', (length) => {
    const batch = bytes(length, length + 1)
    const blobs = packBlobs(batch)
    expect(blobs).toHaveLength(Math.max(1, Math.ceil((length + 5) / 126_976)))
    for (const blob of blobs) {
      expect(blob).toHaveLength(BLOB_BYTES)
      for (let at = 0; at < BLOB_BYTES; at += 32) if (blob[at] !== 0) throw new Error(`element at ${at} may not be canonical`)
    }
    expect(Buffer.compare(unpackBlobs(blobs), batch)).toBe(0)
  })

  it('takes 761,851 bytes in six blobs and refuses one more', () => {
    expect(capacity(MAX_BLOBS)).toBe(761_851)
    expect(() => packBlobs(new Uint8Array(761_852))).toThrow(/761852 bytes; 6 blobs take 761851/)
  })

  it('writes version, length and bytes where docs/da.md says', () => {
    const [blob] = packBlobs(Uint8Array.from({ length: 40 }, (_, i) => i + 1))
    expect([...(blob as Uint8Array).subarray(0, 8)]).toEqual([0, 1, 0, 0, 0, 40, 1, 2])
    expect([...(blob as Uint8Array).subarray(30, 36)]).toEqual([25, 26, 0, 27, 28, 29])
  })
})

describe('unpackBlobs', () => {
  const packed = () => packBlobs(Uint8Array.of(1, 2, 3)) as [Uint8Array]
  const changed = (change: (blob: Uint8Array) => void): Uint8Array[] => {
    const [blob] = packed()
    change(blob)
    return [blob]
  }
  it.each<[string, Uint8Array[]]>([
    ['no blobs', []],
    ['a short blob', [packed()[0].subarray(1)]],
    ['another version', changed((blob) => (blob[1] = 2))],
    ['a used first byte', changed((blob) => (blob[64] = 1))],
    ['bytes after the batch', changed((blob) => (blob[BLOB_BYTES - 1] = 1))],
    ['a length that does not fit', changed((blob) => (blob[2] = 0xff))],
    ['more blobs than needed', [...packed(), new Uint8Array(BLOB_BYTES)]],
    ['a missing blob', packBlobs(new Uint8Array(200_000)).slice(0, 1)],
  ])('refuses %s', (_, blobs) => {
    expect(() => unpackBlobs(blobs)).toThrow(expect.objectContaining({ code: 'DA_PERMANENT' }))
  })
})
