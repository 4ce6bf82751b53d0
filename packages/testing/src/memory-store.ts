import { CausewayError, type Store } from '@causeway/core'

/** A {@link Store} in memory. Values are copied in and out, as a disk would. */
export function memoryStore(): Store {
  const rows = new Map<string, Uint8Array>()
  let closed = false
  const open = () => {
    if (closed) throw new CausewayError('The store is closed.', { code: 'STORE_CLOSED' })
    return rows
  }
  return {
    get: (key) => open().get(key)?.slice(),
    range({ start, end, reverse = false, limit = Infinity }) {
      const keys = [...open().keys()].filter((key) => key >= start && key < end).sort()
      if (reverse) keys.reverse()
      return keys.slice(0, limit).map((key) => ({ key, value: (rows.get(key) as Uint8Array).slice() }))
    },
    async write(changes) {
      open()
      // Read whole first: a row that cannot be read must not leave half a write.
      for (const { key, value } of changes.map(({ key, value }) => ({ key, value: value && value.slice() })))
        if (value) rows.set(key, value)
        else rows.delete(key)
    },
    async close() {
      closed = true
    },
  }
}

/**
 * A store as one process sees it: after `crash()` its writes are refused and nothing it does reaches `below` any more, which
 * another process may have opened by then. `crashAfter(n)` lets n more writes through.
 */
export function crashableStore(below: Store): Store & { crash(): void; crashAfter(writes: number): void; readonly crashed: boolean } {
  let left = Infinity
  return {
    get: (key) => below.get(key),
    range: (options) => below.range(options),
    async write(changes) {
      if (left <= 0) throw new CausewayError('The process of this store has crashed.', { code: 'CRASHED' })
      left--
      await below.write(changes)
    },
    close: async () => undefined,
    crash() {
      left = 0
    },
    crashAfter(writes) {
      left = writes
    },
    get crashed() {
      return left <= 0
    },
  }
}
