import type { Store } from '@causeway/core'

/** A store in memory, for tests: ordered and atomic, durable for as long as the process. */
export function memoryStore(): Store {
  const entries = new Map<string, Uint8Array>()
  return {
    get: (key) => entries.get(key),
    *range({ start, end, reverse, limit }) {
      const keys = [...entries.keys()].filter((key) => key >= start && key < end).sort()
      if (reverse) keys.reverse()
      for (const key of keys.slice(0, limit)) yield { key, value: entries.get(key) as Uint8Array }
    },
    async write(changes) {
      for (const { key, value } of changes) {
        if (value) entries.set(key, value)
        else entries.delete(key)
      }
    },
    async close() {},
  }
}
