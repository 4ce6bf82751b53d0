/** A queue in which those who wait take turns: each one's items in the order of coming. */
export type RoundRobin<K, T> = {
  push(key: K, item: T): void
  shift(): T | undefined
  size(): number
  /** Items of one. */
  sizeOf(key: K): number
}

export function createRoundRobin<K, T>(): RoundRobin<K, T> {
  /** In the order of their next turn. */
  const queues = new Map<K, T[]>()
  let size = 0
  return {
    push(key, item) {
      size++
      const queue = queues.get(key)
      if (queue) queue.push(item)
      else queues.set(key, [item])
    },
    shift() {
      for (const [key, queue] of queues) {
        queues.delete(key)
        const item = queue.shift()
        if (queue.length > 0) queues.set(key, queue)
        size--
        return item
      }
      return undefined
    },
    size: () => size,
    sizeOf: (key) => queues.get(key)?.length ?? 0,
  }
}

/** Turns of the event loop, one for each who waits: timers, and with them blocks, come between any two, however many requests arrive at once. */
export type Turns = {
  /** For a client, in turn with the others. */
  next(client: object): Promise<void>
  /** To go on with an answer that is nearly made: before anybody's next, so that few are half made at any moment. */
  goOn(): Promise<void>
}

export function createTurns(): Turns {
  const goingOn: (() => void)[] = []
  const clients = createRoundRobin<object, () => void>()
  let isRunning = false

  function run(): void {
    const resolve = goingOn.shift() ?? clients.shift()
    resolve?.()
    isRunning = goingOn.length > 0 || clients.size() > 0
    if (isRunning) setImmediate(run)
  }
  function wake(): void {
    if (!isRunning) setImmediate(run)
    isRunning = true
  }
  return {
    next: (client) =>
      new Promise((resolve) => {
        clients.push(client, resolve)
        wake()
      }),
    goOn: () =>
      new Promise((resolve) => {
        goingOn.push(resolve)
        wake()
      }),
  }
}

/** Items of a long answer that are made in one turn. */
const SLICE = 128

/** Maps a long list in slices, each in a turn of its own. */
export async function inSlices<A, B>(items: readonly A[], turns: Turns, map: (item: A, index: number) => B): Promise<B[]> {
  const all: B[] = []
  for (const [index, item] of items.entries()) {
    if (index > 0 && index % SLICE === 0) await turns.goOn()
    all.push(map(item, index))
  }
  return all
}

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
