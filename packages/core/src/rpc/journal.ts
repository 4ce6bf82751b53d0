/** The last things that happened, each with its place in the order. */
export type Journal<T> = {
  add(item: T): void
  /** Place of what comes next. */
  end(): number
  /** What is kept from a place on. */
  from(place: number): Iterable<T>
}

/** Keeps the last `size` items. */
export function createJournal<T>(size: number): Journal<T> {
  const items: T[] = []
  let next = 0
  return {
    add(item) {
      items[next++ % size] = item
    },
    end: () => next,
    *from(place) {
      for (let at = Math.max(place, next - size); at < next; at++) yield items[at % size] as T
    },
  }
}
