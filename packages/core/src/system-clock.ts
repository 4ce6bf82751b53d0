import type { Clock } from './seams/host.js'

/** The machine's clock: where time is read and timers are set, in Node and in browsers. Only watchdogs have timers of their own. */
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
