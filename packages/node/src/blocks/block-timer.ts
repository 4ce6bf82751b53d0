import type { Clock } from '@causeway/core'

/** When blocks are built. */
export type BlockTimerOptions = {
  /** Most ms from the start of one block to the next. */
  blockTime: number
  clock: Clock
  /** Ends it. */
  signal: AbortSignal
  /** Whether the next block would import a message of another chain. */
  hasMessages(): boolean
  /** Whether a transaction waits. */
  hasTransactions(): boolean
}

/** How many blocks there may be for transactions in the time of one. */
const SPEED_UP = 4

/**
 * A block every `blockTime` at least: sooner if a transaction comes, so that nobody waits on an idle chain, and at once if a message
 * comes, which waits on two chains already. What comes while a block is being built counts for the next one.
 */
export function createBlockTimer({ blockTime, clock, signal, hasMessages, hasTransactions }: BlockTimerOptions) {
  let message = false
  let transaction = false
  let wake: (() => void) | undefined

  /** Sleeps until a time (ms), or until woken when it is `due` before. */
  async function rest(until: bigint, due: () => boolean): Promise<void> {
    while (!signal.aborted && !due() && clock.now() < until) {
      const timer = new AbortController()
      const stop = () => timer.abort()
      signal.addEventListener('abort', stop, { once: true })
      wake = stop
      await clock.sleep(Number(until - clock.now()), timer.signal)
      signal.removeEventListener('abort', stop)
      wake = undefined
    }
  }

  return {
    /** Tells of a message. */
    message(): void {
      message = true
      wake?.()
    },
    /** Tells of a transaction. */
    transaction(): void {
      transaction = true
      wake?.()
    },
    /** Builds until the signal. `build` never throws. */
    async run(build: () => Promise<void>): Promise<void> {
      while (!signal.aborted) {
        const started = clock.now()
        message = false
        transaction = false
        await build()
        const forMessage = () => message && hasMessages()
        await rest(started + BigInt(Math.ceil(blockTime / SPEED_UP)), forMessage)
        await rest(started + BigInt(blockTime), () => forMessage() || (transaction && hasTransactions()))
      }
    },
  }
}
