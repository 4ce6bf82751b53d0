import { CausewayError, decodeBatch, encodeBatch, nextDaHash, silentLog, ZERO_HASH, type DataAvailability, type DaReference } from '@causeway/core'
import type { L1Reader, PostingRecord } from '@causeway/l1'
import { memoryStore } from '@causeway/testing'
import { toHex, type Hex } from 'viem'
import { expect, it } from 'vitest'
import type { Chain } from '../chain.js'
import type { BlockRecord } from '../store/records.js'
import { createPublisher } from './publish.js'

const ERA = 1n << 64n
const hashOf = (number: bigint): Hex => toHex(number, { size: 32 })

/** A chain of blocks that hold one transaction each, and an L1 that takes every posting of the era that it is in. */
function scene(transactions: readonly (Hex | readonly Hex[])[], maxBytes: number) {
  const blocks = [undefined, ...transactions].map((raw, i) => {
    const number = BigInt(i)
    return { number, hash: hashOf(number), parentHash: hashOf(number - (i ? 1n : 0n)), timestamp: number * 1000n, l1Entries: 0, imports: [], transactions: raw ? [raw].flat() : [] } as unknown as BlockRecord
  })
  const postings: PostingRecord[] = []
  const posted: Uint8Array[] = []
  const l1 = { era: 0n, finalBlock: 0n, unread: false }
  const MockChain = { engine: { chainId: 42n }, store: memoryStore(), incarnation: 0n, head: blocks.at(-1), block: (number: bigint) => blocks[Number(number)] }
  const MockDa: DataAvailability = {
    maxBytes,
    async submit(batch, index) {
      if (index !== BigInt(posted.length + 1)) throw new CausewayError('Not the next.', { code: 'DA_TRANSIENT' })
      posted.push(batch)
      const reference: DaReference = { index: BigInt(posted.length), kind: 1, commitment: hashOf(BigInt(posted.length)), l1Block: 1n, l1Transaction: ZERO_HASH }
      postings.push({ chainId: 42n, era: l1.era, reference, daHash: nextDaHash(postings.at(-1)?.daHash ?? ZERO_HASH, reference.commitment), l1: { blockNumber: 1n, blockHash: ZERO_HASH, transactionHash: ZERO_HASH, logIndex: 0 } })
      return reference
    },
    retrieve: async ({ index }) => posted[Number(index) - 1] as Uint8Array,
  }
  /** Shows L1 as it was when it was polled. */
  let seen: PostingRecord[] = []
  const MockReader = {
    postings: () => (l1.unread ? seen : postings),
    poll: async () => {
      seen = [...postings]
    },
  } as unknown as L1Reader
  const alarms: unknown[] = []
  const log = { ...silentLog, error: (_: string, details?: object) => void alarms.push(details) }
  return { l1, chain: MockChain, da: MockDa, posted, alarms, publisher: createPublisher({ chain: MockChain as unknown as Chain, da: MockDa, reader: MockReader, finalBlock: () => l1.finalBlock, log }) }
}

it('in a new era posts again all that is not final, and counts nothing of the earlier ones', async () => {
  const { l1, chain, da, posted, publisher } = scene(Array<Hex>(6).fill('0x01'), 1_000_000)
  await publisher.step()
  // Somebody else with the key: other content, but the times that the sequencer has announced.
  await da.submit(encodeBatch({ chainId: 42n, incarnation: ERA - 1n, first: 3n, parentHash: hashOf(2n), blocks: [3n, 4n, 5n, 6n].map((number) => ({ timestamp: number * 1000n, l1Entries: 0, imports: [], transactions: [] })) }), 2n)
  Object.assign(l1, { era: 1n, finalBlock: 2n })
  // What was on its way when the era began is not of it.
  const [first] = posted as [Uint8Array]
  await da.submit(first, 3n)
  await publisher.sync()
  chain.incarnation = ERA + 1n
  expect([publisher.posted(), publisher.postingOf(4n), publisher.endOf(3n)]).toEqual([2n, undefined, 0n])
  expect(await publisher.step()).toBe(4)
  expect(decodeBatch(posted[3] as Uint8Array)).toMatchObject({ incarnation: ERA + 1n, first: 3n, parentHash: hashOf(2n) })
  expect([publisher.posted(), publisher.postingOf(4n)?.daIndex, publisher.endOf(4n)]).toEqual([6n, 4n, 6n])
  expect(await publisher.step()).toBe(0)
  // L1 takes the change back.
  chain.incarnation = 2n
  expect([publisher.posted(), publisher.postingOf(4n)?.daIndex]).toEqual([6n, 1n])
})

it('posts no block twice when L1 has a posting that it does not know of yet, as after a crash', async () => {
  const { l1, chain, da, posted, alarms, publisher } = scene(Array<Hex>(3).fill('0x01'), 1_000_000)
  // It posted blocks 1 and 2, and was killed; L1 was read before that was mined.
  l1.unread = true
  const blocks = [1n, 2n].map((number) => ({ timestamp: number * 1000n, l1Entries: 0, imports: [], transactions: ['0x01'] as const }))
  await da.submit(encodeBatch({ chainId: 42n, incarnation: chain.incarnation, first: 1n, parentHash: hashOf(0n), blocks }), 1n)
  expect(await publisher.step()).toBe(1)
  expect(posted.map((bytes) => decodeBatch(bytes).first)).toEqual([1n, 3n])
  expect([publisher.posted(), publisher.taken(), alarms.length]).toEqual([3n, 2n, 0])
})

it('does not try again by itself what is refused while L1 stays as it is', async () => {
  const { da, posted, publisher } = scene(Array<Hex>(3).fill('0x01'), 1_000_000)
  const tries: bigint[] = []
  const { submit } = da
  da.submit = async (_, index) => {
    tries.push(index)
    throw new CausewayError('L1 is away.', { code: 'DA_TRANSIENT' })
  }
  await expect(publisher.step()).rejects.toMatchObject({ code: 'DA_TRANSIENT' })
  expect([tries, posted.length]).toEqual([[1n], 0])
  da.submit = submit
  expect(await publisher.step()).toBe(3)
})

it('says so when somebody else posts with its key', async () => {
  const { chain, da, posted, alarms, publisher } = scene(Array<Hex>(3).fill('0x01'), 1_000_000)
  await publisher.step()
  const foreign = (incarnation: bigint, timestamp: bigint) => da.submit(encodeBatch({ chainId: 42n, incarnation, first: 3n, parentHash: hashOf(2n), blocks: [{ timestamp, l1Entries: 0, imports: [], transactions: [] }] }), BigInt(posted.length + 1))
  // What this node has posted, and what it has replaced by a rebuild.
  await foreign(0n, 3000n)
  chain.incarnation = 1n
  await foreign(0n, 3001n)
  await publisher.sync()
  expect(alarms).toEqual([])
  await foreign(1n, 3001n)
  await foreign(ERA - 1n, 3001n)
  await publisher.sync()
  expect(alarms).toEqual([{ daIndex: 4n, incarnation: 1n }, { daIndex: 5n, incarnation: ERA - 1n }])
})

it('posts no batch that followers refuse to inflate', async () => {
  const zeros = `0x${'00'.repeat(7_000_000)}` as const
  const { posted, publisher } = scene(Array<Hex>(3).fill(zeros), 700_000)
  while ((await publisher.step()) > 0);
  expect(publisher.posted()).toBe(3n)
  expect(posted.map((bytes) => decodeBatch(bytes).blocks.length)).toEqual([2, 1])
})

it('posts no batch of more items than followers take', async () => {
  const { posted, publisher } = scene(Array<readonly Hex[]>(3).fill(Array<Hex>(100_000).fill('0x01')), 1_000_000)
  while ((await publisher.step()) > 0);
  expect(posted.map((bytes) => decodeBatch(bytes).blocks.length)).toEqual([2, 1])
})

it('fills postings when the blocks that wait are too many for one', async () => {
  let word = 1n
  const random = () => toHex((word = (word * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n)), { size: 8 }).slice(2)
  const { posted, publisher } = scene(Array.from({ length: 40 }, (): Hex => `0x${Array.from({ length: 1250 }, random).join('')}`), 100_000)
  while ((await publisher.step()) > 0);
  expect(publisher.posted()).toBe(40n)
  expect(posted.length).toBeLessThanOrEqual(5)
})
