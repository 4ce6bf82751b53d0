import { expect, it } from 'vitest'
import { chainReadiness, type ChainState } from './readiness.js'

const moving: ChainState = { now: 100_000n, l1ReadAt: 99_000n, movedAt: 99_000n, blockTime: 1_000, halted: undefined, head: 9n, safe: 5n, finalized: 3n, l1Block: 70n }

it('a node is ready while it reads L1, is not halted, and moves', () => {
  expect(chainReadiness(moving)).toEqual({ ready: true, reasons: [], head: 9, safe: 5, finalized: 3, l1Block: 70 })
  const why = (state: Partial<ChainState>) => chainReadiness({ ...moving, ...state })
  expect(why({ halted: 'L1 settled another branch' })).toMatchObject({ ready: false, reasons: ['halted: L1 settled another branch'] })
  expect(why({ l1ReadAt: 39_000n }).reasons).toEqual(['L1 was not read for 61 s'])
  expect(why({ movedAt: 60_000n }).reasons).toEqual(['no block was built for 40 s'])
  expect(why({ movedAt: 60_000n, blockTime: 20_000 }).ready).toBe(true)
  expect(why({ movedAt: 60_000n, blockTime: undefined }).reasons).toEqual(['nothing could be derived from L1 for 40 s'])
})
