import type { Clock } from '@causeway/core'

/** The machine's clock: the only place where a node reads the time or sets a timer. */
export const systemClock: Clock = {
  now: () => BigInt(Date.now()),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal?.addEventListener('abort', done, { once: true })
    }),
}
