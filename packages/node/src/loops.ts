import { CausewayError, type Clock, type Log } from '@causeway/core'

/** What a node does again and again, until it is stopped. */
export type Loops = {
  /** Ends them all. */
  readonly signal: AbortSignal
  /** A step that never fails: its error is logged, and it is tried again. */
  guarded(name: string, run: () => Promise<unknown>): () => Promise<void>
  /** Does something every `interval` ms. */
  every(name: string, interval: number, run: () => Promise<unknown>): void
  /** Waits for something else that ends with the signal. */
  add(running: Promise<void>): void
  /** Ends them after the step under way. */
  stop(): Promise<void>
}

/** Codes of what a node halts for. */
const HALTS: ReadonlySet<string> = new Set(['DIVERGED', 'OTHER_REGISTRATION', 'BATCHER_CHANGED'])

export function createLoops({ clock, log }: { clock: Clock; log: Log }): Loops {
  const abort = new AbortController()
  const running: Promise<void>[] = []
  let saidHalted: string | undefined

  const guarded = (name: string, run: () => Promise<unknown>) => async (): Promise<void> => {
    try {
      await run()
    } catch (error) {
      if (abort.signal.aborted) return
      // It halts every loop at each turn; once is enough.
      if (error instanceof CausewayError && HALTS.has(error.code)) {
        if (saidHalted !== error.message) log.error('the node halts', { error })
        saidHalted = error.message
      } else log.error(`${name} failed and will be tried again`, { error })
    }
  }
  async function repeat(interval: number, step: () => Promise<void>): Promise<void> {
    while (!abort.signal.aborted) {
      await step()
      await clock.sleep(interval, abort.signal)
    }
  }

  return {
    signal: abort.signal,
    guarded,
    every: (name, interval, run) => void running.push(repeat(interval, guarded(name, run))),
    add: (other) => void running.push(other),
    async stop() {
      abort.abort()
      await Promise.all(running)
    },
  }
}
