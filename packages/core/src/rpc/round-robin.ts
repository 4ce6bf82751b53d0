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
