import type { DaReference, DataAvailability } from '@causeway/core'
import type { TestFramework } from '@causeway/messaging'
import { bytesToHex, isHash, isHex, size } from 'viem'
import { hex, noise, outcome } from './outcome.js'

/** A chain's data availability. The same may be given to every case: the suite counts on nothing that was posted before. */
export type DaFixture = {
  /** Of its definition. */
  kind: number
  /** Posts for a chain; a posting resolves without help of the suite (somebody mines). */
  da: DataAvailability
  /** Reads the same chain in another node, which has posted nothing. */
  reader: DataAvailability
  /** Posts for another chain at the same place. */
  otherChain: DataAvailability
  /** How many postings L1 has of the chain, or of the other one. */
  length(chain: 'own' | 'other'): Promise<bigint>
  close(): Promise<void>
}

/**
 * What every `DataAvailability` must do: give back to every node what was posted, up to `maxBytes`; number a chain's postings one by one, and post nothing
 * under a number that is not the next;
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
  /** Posts with the number that comes next. */
  const post = async ({ da, length }: DaFixture, batch: Uint8Array) => da.submit(batch, (await length('own')) + 1n)
  const unknown = (seed: number) => bytesToHex(noise(32, seed))

  test('gives back batches of 1 byte to maxBytes, to a node that did not post them too', async (fixture) => {
    const { da, reader } = fixture
    for (const [i, length] of [1, 31, 32, 1_000, da.maxBytes >> 1, da.maxBytes].entries()) {
      const batch = noise(length, i)
      const reference = await post(fixture, batch)
      expect(hex(await reader.retrieve(reference))).toBe(hex(batch))
      expect(hex(await da.retrieve(reference))).toBe(hex(batch))
    }
  })

  test('names a posting by its number in the chain, a commitment of its kind, and where L1 has it', async (fixture) => {
    const { length, kind: own } = fixture
    const before = await length('own')
    const first = await post(fixture, noise(10, 1))
    const second = await post(fixture, noise(10, 2))
    expect(first.index).toBe(before + 1n)
    expect(second.index).toBe(first.index + 1n)
    expect(second.l1Block >= first.l1Block).toBe(true)
    for (const { kind, commitment, l1Transaction } of [first, second]) {
      expect(kind).toBe(own)
      expect(isHash(l1Transaction)).toBe(true)
      expect(isHex(commitment) && size(commitment) >= 32).toBe(true)
    }
    expect(second.commitment === first.commitment).toBe(false)
  })

  test('posts again what was posted before: each posting counts and can be read', async (fixture) => {
    const { reader } = fixture
    const batch = noise(500, 3)
    const [first, second] = [await post(fixture, batch), await post(fixture, batch)]
    expect(second.index).toBe(first.index + 1n)
    for (const reference of [first, second, first]) expect(hex(await reader.retrieve(reference))).toBe(hex(batch))
  })

  test('shares no memory with its callers', async (fixture) => {
    const { da, reader } = fixture
    const batch = noise(500, 4)
    const reference = await post(fixture, batch)
    batch.fill(0)
    for (const from of [da, da, reader, reader]) {
      const got = await from.retrieve(reference)
      expect(hex(got)).toBe(hex(noise(500, 4)))
      got.fill(0)
    }
  })

  test('reads several batches at once', async (fixture) => {
    const batches = [5, 6, 7].map((seed) => noise(300 * seed, seed))
    const references: DaReference[] = []
    for (const batch of batches) references.push(await post(fixture, batch))
    const read = await Promise.all(references.map((reference) => fixture.reader.retrieve(reference)))
    expect(read.map(hex)).toEqual(batches.map(hex))
  })

  test('posts one of those that expect the same number, and nothing under a number that is not the next', async (fixture) => {
    const { da, reader, length } = fixture
    const next = (await length('own')) + 1n
    const batches = [17, 18, 19].map((seed) => noise(200, seed))
    const ends = await Promise.all(batches.map((batch) => outcome(() => da.submit(batch, next))))
    expect(ends.toSorted()).toEqual(['DA_TRANSIENT', 'DA_TRANSIENT', 'ok'])
    for (const index of [0n, next, next + 2n]) expect(await outcome(() => da.submit(noise(200, 20), index))).toBe('DA_TRANSIENT')
    expect(await length('own')).toBe(next)
    const reference = await post(fixture, noise(200, 21))
    expect(reference.index).toBe(next + 1n)
    expect(hex(await reader.retrieve(reference))).toBe(hex(noise(200, 21)))
  })

  test('refuses a batch above maxBytes for good, and posts nothing of it', async (fixture) => {
    const { da } = fixture
    expect(Number.isSafeInteger(da.maxBytes) && da.maxBytes > 0).toBe(true)
    const before = await post(fixture, noise(10, 8))
    expect(await outcome(() => post(fixture, noise(da.maxBytes + 1)))).toBe('DA_PERMANENT')
    expect((await post(fixture, noise(10, 9))).index).toBe(before.index + 1n)
  })

  test('lets a posting that it does not find be tried again', async (fixture) => {
    const { da, reader } = fixture
    const reference = await post(fixture, noise(100, 10))
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

  test('does not read a commitment of another kind as one of its own', async (fixture) => {
    const { da, reader } = fixture
    const reference = await post(fixture, noise(100, 16))
    for (const from of [da, reader]) expect(await outcome(() => from.retrieve({ ...reference, kind: reference.kind + 1 }))).toBe('DA_TRANSIENT')
  })

  test('never takes a posting of another chain for its own', async (fixture) => {
    const { da, reader, otherChain, length } = fixture
    const before = await post(fixture, noise(200, 13))
    const foreign = await otherChain.submit(noise(200, 14), (await length('other')) + 1n)
    const own = await post(fixture, noise(200, 15))
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
