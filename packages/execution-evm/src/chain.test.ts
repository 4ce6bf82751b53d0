import { memoryStore } from '@causeway/testing'
import { concatHex, keccak256, numberToHex, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { chainRows } from './chain.js'
import { chainCommon } from './common.js'
import { encodeReceipts, type StoredReceipt } from './receipts.js'
import { rows } from './rows.js'

it('decoded rows are kept up to a number of bytes, whatever the blocks are', async () => {
  const store = memoryStore()
  const hash = (i: number): Hex => numberToHex(i, { size: 32 })
  const receipt = (i: number): StoredReceipt => ({
    hash: hash(i), type: 2, from: '0x00000000000000000000000000000000000000aa', to: null, contractAddress: null, success: true, gasUsed: 1n, cumulativeGasUsed: 1n, effectiveGasPrice: 1n,
    logs: [{ address: '0x00000000000000000000000000000000000000aa', topics: [], data: concatHex([keccak256(hash(i)), `0x${'00'.repeat(1_000_000)}`]) }],
  })
  await store.write(Array.from({ length: 20 }, (_, i) => ({ key: rows.receipts(hash(i)), value: encodeReceipts([receipt(i)]) })))
  await store.write(Array.from({ length: 50 }, (_, i) => ({ key: rows.receipts(hash(100 + i)), value: encodeReceipts([{ ...receipt(i), logs: [] }]) })))
  let reads = 0
  const chain = chainRows({ get: (key) => (reads++, store.get(key)), range: (options) => store.range(options) }, chainCommon(1n, 'prague'))
  const read = (i: number) => expect(chain.receipts(hash(i))[0]?.hash).toBe(hash(i < 100 ? i : i - 100))
  for (let i = 0; i < 20; i++) read(i)
  expect(reads).toBe(20)
  for (let i = 12; i < 20; i++) read(i)
  expect(reads).toBe(20)
  read(0)
  expect(reads).toBe(21)
  for (let round = 0; round < 2; round++) for (let i = 100; i < 150; i++) read(i)
  expect(reads).toBe(71)
  expect(chain.receipts(`0x${'77'.repeat(32)}`)).toEqual([])
})
