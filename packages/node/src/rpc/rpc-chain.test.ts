import type { HeadEvent } from '@causeway/core'
import { expect, it } from 'vitest'
import { testChain } from '../chain.test-helper.js'
import { createRpcChain, type RpcChainParameters } from './rpc-chain.js'

it('tells of each block once, and of every block that is taken back', async () => {
  const { chain, engine, extend } = await testChain()
  const told: HeadEvent[] = []
  const rpcChain = createRpcChain({ engine, chain } as unknown as RpcChainParameters)
  rpcChain.onHead((event) => told.push(event))
  const hashes = [await extend(), await extend(), await extend()].map(({ record }) => record.hash)
  await chain.rollback(1n, 1n)
  // A new era with the same blocks.
  await chain.rollback(1n, 2n)
  const again = (await extend([], 9_000n)).record.hash
  rpcChain.stop()
  await extend()
  expect(told).toEqual([...hashes.map((hash) => ({ hash, removed: [] })), { removed: [hashes[2], hashes[1]] }, { hash: again, removed: [] }])
})
