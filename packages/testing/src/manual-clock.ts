import type { Clock } from '@causeway/core'

/** A {@link Clock} whose time only a test moves. */
export type ManualClock = Clock & { advance(ms: number): Promise<void> }

/** A {@link Clock} that stands still until it is told to move; sleepers wake in the order of their times. */
export function manualClock(start = 1_700_000_000_000n): ManualClock {
  let now = start
  let sleepers: { until: bigint; wake: () => void }[] = []
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const wake = () => {
          sleepers = sleepers.filter((item) => item !== sleeper)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper = { until: now + BigInt(ms), wake }
        signal?.addEventListener('abort', wake, { once: true })
        sleepers.push(sleeper)
      }),
    async advance(ms) {
      const end = now + BigInt(ms)
      for (;;) {
        const next = sleepers.filter(({ until }) => until <= end).sort((a, b) => (a.until < b.until ? -1 : 1))[0]
        if (!next) break
        now = next.until > now ? next.until : now
        next.wake()
        await new Promise((resolve) => setImmediate(resolve))
      }
      now = end
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
