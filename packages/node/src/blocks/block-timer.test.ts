import { manualClock } from '@causeway/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { createBlockTimer } from './block-timer.js'

describe('the pace of blocks, one a second', () => {
  let end: (() => Promise<void>) | undefined
  afterEach(() => end?.())

  function start() {
    const clock = manualClock(0n)
    const abort = new AbortController()
    const waiting = { messages: 0, transactions: 0 }
    const built: bigint[] = []
    /** Runs while a block is being built. */
    let meanwhile: (() => Promise<void>) | undefined
    const blockTimer = createBlockTimer({ blockTime: 1000, clock, signal: abort.signal, hasMessages: () => waiting.messages > 0, hasTransactions: () => waiting.transactions > 0 })
    const running = blockTimer.run(async () => {
      built.push(clock.now())
      Object.assign(waiting, { messages: 0, transactions: 0 })
      await meanwhile?.()
    })
    end = async () => {
      abort.abort()
      await running
    }
    return {
      clock,
      built,
      message: () => (waiting.messages++, blockTimer.message()),
      transaction: () => (waiting.transactions++, blockTimer.transaction()),
      during: (run: typeof meanwhile) => void (meanwhile = run),
    }
  }

  it('is even while nothing happens', async () => {
    const { clock, built } = start()
    for (let i = 0; i < 35; i++) await clock.advance(100)
    expect(built).toEqual([0n, 1000n, 2000n, 3000n])
  })

  it('is at once for a message, a quarter for transactions', async () => {
    const { clock, built, message, transaction } = start()
    await clock.advance(50)
    message()
    await clock.advance(0)
    expect(built).toEqual([0n, 50n])
    await clock.advance(100)
    transaction()
    await clock.advance(100)
    expect(built).toEqual([0n, 50n])
    await clock.advance(100)
    expect(built).toEqual([0n, 50n, 300n])
    await clock.advance(650)
    transaction()
    await clock.advance(0)
    expect(built).toEqual([0n, 50n, 300n, 1000n])
    await clock.advance(1000)
    expect(built).toEqual([0n, 50n, 300n, 1000n, 2000n])
  })

  it('is at most four times as fast for a stream of transactions', async () => {
    const { clock, built, transaction } = start()
    for (let i = 0; i < 200; i++) {
      transaction()
      await clock.advance(10)
    }
    expect(built.length).toBeLessThanOrEqual(9)
    expect(built.length).toBeGreaterThanOrEqual(7)
  })

  it('forgets nothing that comes while a block is being built, and repeats nothing that it took', async () => {
    const { clock, built, message, during } = start()
    during(async () => {
      during(undefined)
      message()
    })
    await clock.advance(1000)
    expect(built).toEqual([0n, 1000n, 1000n])
    await clock.advance(999)
    expect(built.length).toBe(3)
  })

  it('ends while it rests', async () => {
    const { clock, built } = start()
    await clock.advance(10)
    await end?.()
    await clock.advance(5000)
    expect(built).toEqual([0n])
  })
})
