import { createRoundRobin } from './round-robin.js'

/** Runs something in one of a few places, for somebody. */
export type Places = <T>(key: string, run: () => Promise<T>) => Promise<T>

/**
 * Lets `count` run at a time; the others wait, in turn.
 * @param waiting how many may wait, of which a quarter for one key
 * @param full the error for who comes beyond that
 */
export function createPlaces({ count, waiting, full }: { count: number; waiting: number; full: () => Error }): Places {
  const queue = createRoundRobin<string, () => void>()
  let taken = 0
  return async (key, run) => {
    if (taken < count) taken++
    else {
      if (queue.size() >= waiting || queue.sizeOf(key) >= waiting / 4) throw full()
      await new Promise<void>((resolve) => queue.push(key, resolve))
    }
    try {
      return await run()
    } finally {
      const next = queue.shift()
      if (next) next()
      else taken--
    }
  }
}
