import { encodeBatch, nextDaHash, silentLog, ZERO_HASH, type BatchBlock, type DataAvailability } from '@causeway/core'
import type { L1Reader, PostingRecord } from '@causeway/l1'
import { toHex, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { CHAIN, testChain } from './chain.test-helper.js'
import { createDerivation } from './derive.js'

/** A follower of what `post` posts. */
async function follower() {
  const { chain } = await testChain()
  const bytes: Uint8Array[] = []
  const postings: PostingRecord[] = []
  const reader: Pick<L1Reader, 'postings' | 'inbox' | 'inboxLength' | 'inboxHash'> = { postings: () => postings, inbox: () => [], inboxLength: () => 0n, inboxHash: () => ZERO_HASH }
  const da: Pick<DataAvailability, 'retrieve'> = { retrieve: async ({ index }) => bytes[Number(index) - 1] as Uint8Array }
  const derivation = createDerivation({ chain, da: da as DataAvailability, reader: reader as L1Reader, settledBlock: () => 0n, log: silentLog })
  const post = (incarnation: bigint, first: bigint, parentHash: Hex, times: readonly bigint[]) => {
    const blocks = times.map((timestamp): BatchBlock => ({ timestamp, l1Entries: 0, imports: [], transactions: [] }))
    bytes.push(encodeBatch({ chainId: CHAIN, incarnation, first, parentHash, blocks }))
    const versionedHashes = [toHex(bytes.length, { size: 32 })]
    const l1 = { blockNumber: 1n, blockHash: ZERO_HASH, transactionHash: ZERO_HASH, logIndex: bytes.length }
    postings.push({ chainId: CHAIN, reference: { index: BigInt(bytes.length), versionedHashes, l1Block: 1n, l1Transaction: ZERO_HASH }, daHash: nextDaHash(postings.at(-1)?.daHash ?? ZERO_HASH, versionedHashes), l1 })
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
