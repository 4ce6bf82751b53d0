import { encodeBatch, nextDaHash, silentLog, ZERO_HASH, type BatchBlock, type DataAvailability } from '@causeway/core'
import type { L1Reader, PostingRecord } from '@causeway/l1'
import { toHex, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { CHAIN, testChain } from '../chain.test-helper.js'
import type { BlockRecord } from '../store/records.js'
import { createDerivation } from './derive.js'

/** A follower of what `post` posts. */
async function follower() {
  const { chain } = await testChain()
  const bytes: Uint8Array[] = []
  const postings: PostingRecord[] = []
  const reader: Pick<L1Reader, 'postings' | 'inbox' | 'inboxLength' | 'inboxHash'> = { postings: () => postings, inbox: () => [], inboxLength: () => 0n, inboxHash: () => ZERO_HASH }
  const da: Pick<DataAvailability, 'retrieve'> = { retrieve: async ({ index }) => bytes[Number(index) - 1] as Uint8Array }
  const derivation = createDerivation({ chain, da: da as DataAvailability, reader: reader as L1Reader, settledBlock: () => 0n, log: silentLog })
  /** @param era in which L1 takes the posting */
  const post = (incarnation: bigint, first: bigint, parentHash: Hex, times: readonly bigint[], era = 0n) => {
    const blocks = times.map((timestamp): BatchBlock => ({ timestamp, l1Entries: 0, imports: [], transactions: [] }))
    bytes.push(encodeBatch({ chainId: CHAIN, incarnation, first, parentHash, blocks }))
    const commitment = toHex(bytes.length, { size: 32 })
    const l1 = { blockNumber: 1n, blockHash: ZERO_HASH, transactionHash: ZERO_HASH, logIndex: bytes.length }
    postings.push({ chainId: CHAIN, era, reference: { index: BigInt(bytes.length), kind: 1, commitment, l1Block: 1n, l1Transaction: ZERO_HASH }, daHash: nextDaHash(postings.at(-1)?.daHash ?? ZERO_HASH, commitment), l1 })
  }
  return { chain, derivation, post }
}

it('what a later posting has replaced is not what the earlier one gives', async () => {
  const { chain, derivation, post } = await follower()
  post(0n, 1n, chain.head.hash, [1000n, 2000n, 3000n])
  await derivation.step()
  expect(derivation.endOf(1n)).toBe(3n)
  post(1n, 2n, chain.block(1n)?.hash as Hex, [2500n, 3500n])
  await derivation.step()
  expect(chain.head).toMatchObject({ number: 3n, timestamp: 3500n })
  // An attester that took block 3 for data of posting 1 would sign what nobody who derives so far has.
  expect(derivation.endOf(1n)).toBeUndefined()
  expect(derivation.endOf(2n)).toBe(3n)
})

const ERA = 1n << 64n
const LAST = ERA - 1n

it('what was posted with a leaked key is outranked for good by the batcher that follows', async () => {
  const { chain, derivation, post } = await follower()
  post(0n, 1n, chain.head.hash, [1000n, 2000n])
  await derivation.step()
  const [genesis, first] = [chain.block(0n)?.hash as Hex, chain.block(1n) as BlockRecord]
  post(LAST, 1n, genesis, [1001n, 2001n, 3001n])
  await derivation.step()
  expect(chain).toMatchObject({ incarnation: LAST, head: { number: 3n, timestamp: 3001n } })
  // In its era nothing is higher, and nobody else's posting is of another.
  post(LAST, 1n, genesis, [1000n, 2000n])
  post(ERA, 1n, genesis, [1000n, 2000n])
  await derivation.step()
  expect(chain).toMatchObject({ incarnation: LAST, head: { number: 3n, timestamp: 3001n } })

  // What was signed for the era before has no effect in the next one, whoever sends it.
  post(LAST, 4n, chain.head.hash, [4001n], 1n)
  await derivation.step()
  expect(chain.head.number).toBe(3n)
  post(ERA, 1n, genesis, [1000n, 2000n], 1n)
  await derivation.step()
  expect(chain).toMatchObject({ incarnation: ERA, head: { number: 2n, timestamp: 2000n } })
  expect(chain.block(1n)?.hash).toBe(first.hash)
})

it('a follower with an empty database derives the same over two eras', async () => {
  const { chain, derivation, post } = await follower()
  const genesis = chain.head.hash
  post(0n, 1n, genesis, [1000n, 2000n])
  post(LAST, 1n, genesis, [1001n])
  post(ERA + 3n, 1n, genesis, [1000n, 2000n, 3000n], 1n)
  await derivation.step()
  const { head } = chain
  expect(head).toMatchObject({ number: 3n, timestamp: 3000n, incarnation: ERA + 3n })
  post(2n * ERA, 4n, head.hash, [4000n], 2n)
  await derivation.step()
  expect(chain).toMatchObject({ incarnation: 2n * ERA, head: { number: 4n, parentHash: head.hash } })
})

it('whoever was stopped while it derived knows that it began, until it goes on by itself', async () => {
  const { chain, derivation, post } = await follower()
  expect(derivation.begun()).toBe(false)
  post(0n, 1n, chain.head.hash, [1000n, 2000n])
  await derivation.step()
  expect([derivation.begun(), derivation.taken()]).toEqual([true, 1n])
  await derivation.leave()
  expect([derivation.begun(), derivation.taken()]).toEqual([false, 0n])
  // What it goes through again is known.
  const { head } = chain
  await derivation.step()
  expect(chain.head).toBe(head)
})
