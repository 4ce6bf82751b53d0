/** What waits to be handled, with an end to it for each key and for all. */
export type FairQueue<T> = {
  readonly size: number
  /** Adds an item. The oldest of the same key is lost if the key has too many; a key too many loses its item. */
  push(key: string, item: T): void
  /** Takes the oldest item of the key whose turn it is. */
  shift(): T | undefined
  /** How many items were lost since the last call. */
  takeLost(): number
  clear(): void
}

/**
 * Makes a {@link FairQueue}: items of one key stay in order, and the keys take turns, so that whoever floods one loses only its own and delays
 * the others by one item at a time.
 */
export function createFairQueue<T>({ perKey, keys }: { perKey: number; keys: number }): FairQueue<T> {
  const waiting = new Map<string, T[]>()
  let size = 0
  let lost = 0
  return {
    get size() {
      return size
    },
    push(key, item) {
      const items = waiting.get(key)
      if (!items && waiting.size >= keys) {
        lost++
        return
      }
      if (!items) waiting.set(key, [item])
      else items.push(item)
      size++
      if (!items || items.length <= perKey) return
      items.shift()
      size--
      lost++
    },
    shift() {
      const next = waiting.entries().next()
      if (next.done) return undefined
      const [key, items] = next.value
      const item = items.shift()
      size--
      // To the end of the line.
      waiting.delete(key)
      if (items.length > 0) waiting.set(key, items)
      return item
    },
    takeLost() {
      const count = lost
      lost = 0
      return count
    },
    clear() {
      waiting.clear()
      size = 0
    },
  }
}
