/** Waits for a turn of the event loop that is one's own. */
export type Turns = () => Promise<void>

/** Items of a long answer that are made in one turn. */
const SLICE = 128

/** Maps a long list in slices, each in a turn of its own. */
export async function inSlices<A, B>(items: readonly A[], turn: Turns, map: (item: A, index: number) => B): Promise<B[]> {
  const all: B[] = []
  for (const [index, item] of items.entries()) {
    if (index > 0 && index % SLICE === 0) await turn()
    all.push(map(item, index))
  }
  return all
}

/**
 * Gives everybody who waits a turn of the event loop of his own, in the order of coming: timers, and with them blocks, come between any two,
 * however many requests arrive at once.
 */
export function createTurns(): Turns {
  const waiting: (() => void)[] = []
  function next(): void {
    waiting.shift()?.()
    if (waiting.length > 0) setImmediate(next)
  }
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(next)
    })
}
