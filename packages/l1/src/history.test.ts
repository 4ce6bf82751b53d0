import { nextDaHash, ZERO_HASH } from '@causeway/core'
import { zeroAddress, type Hex } from 'viem'
import { expect, it } from 'vitest'
import type { L1Log } from './events.js'
import { createHistory } from './history.js'

const at = (blockNumber: bigint) => ({ blockNumber, blockHash: ZERO_HASH, transactionHash: ZERO_HASH, logIndex: 0 })
const changed = (block: bigint, era: bigint, chainId = 7n): L1Log => ({ type: 'batcher', chainId, era, batcher: zeroAddress, l1: at(block) })
const registered = (block: bigint, queueIndex: bigint, chainId: bigint, daKind: number) => ({ type: 'registration', queueIndex, chainId, daKind, l1: at(block) }) as L1Log
/** Postings of chain 7, each with the right rolling hash. */
function postings() {
  let daHash: Hex = ZERO_HASH
  let index = 0n
  return (block: bigint): L1Log => {
    const commitment = ZERO_HASH
    daHash = nextDaHash(daHash, commitment)
    return { type: 'posting', chainId: 7n, daHash, reference: { index: ++index, commitment, l1Block: block, l1Transaction: ZERO_HASH }, l1: at(block) }
  }
}

it('a posting is of the era that its chain is in by then, also after L1 took changes back', () => {
  const history = createHistory()
  const posting = postings()
  const eras = () => history.postings(7n, 99n).map(({ era }) => era)
  history.add([registered(1n, 0n, 7n, 1), posting(1n), changed(2n, 1n, 8n), changed(2n, 1n), posting(2n), changed(3n, 2n)])
  expect(eras()).toEqual([0n, 1n])
  history.truncate(2n)
  history.add([posting(3n)])
  expect(eras()).toEqual([0n, 1n, 1n])
  // Within what fails, too.
  expect(() => history.add([changed(4n, 2n), changed(4n, 4n)])).toThrow(expect.objectContaining({ code: 'L1_EVENT_GAP' }))
  history.add([posting(4n), changed(5n, 2n), posting(5n)])
  expect(eras()).toEqual([0n, 1n, 1n, 1n, 2n])
  expect(history.batchers(99n).map(({ chainId, era }) => [chainId, era])).toEqual([[8n, 1n], [7n, 1n], [7n, 2n]])
  expect(history.batchers(4n)).toHaveLength(2)
})

it('a posting is of the kind that its chain was registered with, and there is none of a chain that was not', () => {
  const history = createHistory()
  expect(() => history.add([registered(1n, 0n, 8n, 1), postings()(1n)])).toThrow(expect.objectContaining({ code: 'L1_EVENT_GAP' }))
  history.add([registered(1n, 0n, 8n, 1), registered(2n, 1n, 7n, 2), postings()(2n)])
  expect(history.postings(7n, 9n).map(({ reference }) => reference.kind)).toEqual([2])
  // L1 takes the registration back: somebody else has the id then, and posts in another way.
  history.truncate(1n)
  expect(() => history.add([postings()(2n)])).toThrow(expect.objectContaining({ code: 'L1_EVENT_GAP' }))
  history.add([registered(2n, 1n, 7n, 1), postings()(3n)])
  expect(history.postings(7n, 9n).map(({ reference }) => reference.kind)).toEqual([1])
})
