import type { DaReference, DataAvailability } from '@causeway/core'
import type { TestFramework } from '@causeway/messaging'
import { bytesToHex, isHash, isHex, size } from 'viem'
import { hex, noise, outcome } from './outcome.js'

/** A chain's data availability. The same may be given to every case: the suite counts on nothing that was posted before. */
export type DaFixture = {
  /** Posts for a chain; a posting resolves without help of the suite (somebody mines). */
  da: DataAvailability
  /** Reads the same chain in another node, which has posted nothing. */
  reader: DataAvailability
  /** Posts for another chain at the same place. */
  otherChain: DataAvailability
  close(): Promise<void>
}

/**
 * What every `DataAvailability` must do: give back to every node what was posted, up to `maxBytes`; number a chain's postings one by one;
 * refuse a batch that is too large with `DA_PERMANENT`; and say `DA_TRANSIENT` of a posting that it does not find, since derivation skips
 * for good what is `DA_PERMANENT`.
 */
export function daConformance({ it, expect }: TestFramework, makeDa: () => Promise<DaFixture>): void {
  const test = (name: string, body: (fixture: DaFixture) => Promise<void>) =>
    it(name, async () => {
      const fixture = await makeDa()
      try {
        await body(fixture)
      } finally {
        await fixture.close()
      }
    })
  const unknown = (seed: number) => bytesToHex(noise(32, seed))

  test('gives back batches of 1 byte to maxBytes, to a node that did not post them too', async ({ da, reader }) => {
    for (const [i, length] of [1, 31, 32, 1_000, da.maxBytes >> 1, da.maxBytes].entries()) {
      const batch = noise(length, i)
      const reference = await da.submit(batch)
      expect(hex(await reader.retrieve(reference))).toBe(hex(batch))
      expect(hex(await da.retrieve(reference))).toBe(hex(batch))
    }
  })

  test('names a posting by its number in the chain, a commitment of its kind, and where L1 has it', async ({ da }) => {
    const first = await da.submit(noise(10, 1))
    const second = await da.submit(noise(10, 2))
    expect(second.index).toBe(first.index + 1n)
    expect(second.l1Block >= first.l1Block).toBe(true)
    for (const { kind, commitment, l1Transaction } of [first, second]) {
      expect(kind).toBe(da.kind)
      expect(isHash(l1Transaction)).toBe(true)
      expect(isHex(commitment) && size(commitment) >= 32).toBe(true)
    }
    expect(second.commitment === first.commitment).toBe(false)
  })

  test('posts again what was posted before: each posting counts and can be read', async ({ da, reader }) => {
    const batch = noise(500, 3)
    const [first, second] = [await da.submit(batch), await da.submit(batch)]
    expect(second.index).toBe(first.index + 1n)
    for (const reference of [first, second, first]) expect(hex(await reader.retrieve(reference))).toBe(hex(batch))
  })

  test('shares no memory with its callers', async ({ da, reader }) => {
    const batch = noise(500, 4)
    const reference = await da.submit(batch)
    batch.fill(0)
    for (const from of [da, da, reader, reader]) {
      const got = await from.retrieve(reference)
      expect(hex(got)).toBe(hex(noise(500, 4)))
      got.fill(0)
    }
  })

  test('posts and reads several batches at once', async ({ da, reader }) => {
    const batches = [5, 6, 7].map((seed) => noise(300 * seed, seed))
    const references = await Promise.all(batches.map((batch) => da.submit(batch)))
    expect(new Set(references.map(({ index }) => index)).size).toBe(batches.length)
    const read = await Promise.all(references.map((reference) => reader.retrieve(reference)))
    expect(read.map(hex)).toEqual(batches.map(hex))
  })

  test('refuses a batch above maxBytes for good, and posts nothing of it', async ({ da }) => {
    expect(Number.isSafeInteger(da.maxBytes) && da.maxBytes > 0).toBe(true)
    const before = await da.submit(noise(10, 8))
    expect(await outcome(() => da.submit(noise(da.maxBytes + 1)))).toBe('DA_PERMANENT')
    expect((await da.submit(noise(10, 9))).index).toBe(before.index + 1n)
  })

  test('lets a posting that it does not find be tried again', async ({ da, reader }) => {
    const reference = await da.submit(noise(100, 10))
    const strange: DaReference = { ...reference, commitment: unknown(11), l1Transaction: unknown(12) }
    for (const from of [da, reader]) {
      expect(await outcome(() => from.retrieve(strange))).toBe('DA_TRANSIENT')
      expect(await outcome(() => from.retrieve({ ...strange, l1Transaction: reference.l1Transaction }))).toBe('DA_TRANSIENT')
      // Data is named by its content, so finding it without the transaction is no error; finding other data would be.
      const moved = { ...reference, l1Transaction: unknown(12) }
      if ((await outcome(() => from.retrieve(moved))) === 'ok') expect(hex(await from.retrieve(moved))).toBe(hex(noise(100, 10)))
      else expect(await outcome(() => from.retrieve(moved))).toBe('DA_TRANSIENT')
      expect(hex(await from.retrieve(reference))).toBe(hex(noise(100, 10)))
    }
  })

  test('does not read a commitment of another kind as one of its own', async ({ da, reader }) => {
    const reference = await da.submit(noise(100, 16))
    for (const from of [da, reader]) expect(await outcome(() => from.retrieve({ ...reference, kind: reference.kind + 1 }))).toBe('DA_TRANSIENT')
  })

  test('never takes a posting of another chain for its own', async ({ da, reader, otherChain }) => {
    const before = await da.submit(noise(200, 13))
    const foreign = await otherChain.submit(noise(200, 14))
    const own = await da.submit(noise(200, 15))
    expect(own.index).toBe(before.index + 1n)
    for (const from of [da, reader, otherChain]) {
      // Whoever asks for it gets what is there, or nothing, whatever number it has.
      const asked = { ...foreign, index: own.index }
      const end = await outcome(() => from.retrieve(asked))
      if (end === 'ok') expect(hex(await from.retrieve(asked))).toBe(hex(noise(200, 14)))
      else expect(end).toBe('DA_TRANSIENT')
    }
    expect(hex(await otherChain.retrieve(foreign))).toBe(hex(noise(200, 14)))
    expect(hex(await reader.retrieve(own))).toBe(hex(noise(200, 15)))
  })
}
