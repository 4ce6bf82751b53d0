import type { Scheduler } from '../seams/rpc.js'

/** Items of a long answer that are made in one turn. */
const SLICE = 128

/** Maps a long list in slices, each in a turn of its own. */
export async function inSlices<A, B>(items: readonly A[], scheduler: Scheduler, map: (item: A, index: number) => B): Promise<B[]> {
  const all: B[] = []
  for (const [index, item] of items.entries()) {
    if (index > 0 && index % SLICE === 0) await scheduler.goOn()
    all.push(map(item, index))
  }
  return all
}
