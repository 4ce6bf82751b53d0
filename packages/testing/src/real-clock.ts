import type { Clock } from '@causeway/core'

/** A {@link Clock} of real time, for tests of what waits on processes and sockets. */
export const realClock: Clock = {
  now: () => BigInt(Date.now()),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const timer = setTimeout(done, ms)
      function done() {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      signal?.addEventListener('abort', done)
    }),
}
