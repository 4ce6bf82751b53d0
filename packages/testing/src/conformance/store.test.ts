import type { Store } from '@causeway/core'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../memory-store.js'
import { finds } from './finds.js'
import { storeConformance, type StoreFixture } from './store.js'

const fixture = (store: Store): StoreFixture => ({ store, close: () => store.close() })

describe('in memory', () => storeConformance({ it, expect }, async () => fixture(memoryStore())))

describe('the suite finds a store that', () => {
  const broken: Record<string, (store: Store) => Store> = {
    'writes row by row': (store) => ({
      ...store,
      async write(changes) {
        for (const change of changes) {
          await store.write([change])
          if (change.key.endsWith('000')) await new Promise((resolve) => setImmediate(resolve))
        }
      },
    }),
    'keeps the caller’s bytes': (store) => {
      const rows = new Map<string, Uint8Array>()
      return {
        ...store,
        get: (key) => rows.get(key),
        async write(changes) {
          await store.write(changes)
          for (const { key, value } of changes) if (value) rows.set(key, value)
            else rows.delete(key)
        },
      }
    },
    'ends ranges with the end': (store) => ({ ...store, range: (options) => store.range({ ...options, end: `${options.end} ` }) }),
    'ignores limits': (store) => ({ ...store, range: ({ start, end, reverse = false }) => store.range({ start, end, reverse }) }),
    'starts reversed ranges with the end': (store) => ({ ...store, range: (options) => store.range({ ...options, end: options.reverse ? `${options.end} ` : options.end }) }),
    'sorts as people do': (store) => ({
      ...store,
      range: (options) => [...store.range(options)].sort((a, b) => (options.reverse ? -1 : 1) * a.key.localeCompare(b.key, 'en', { numeric: true })),
    }),
    'lets writes overtake one another': (store) => {
      let count = 0
      return {
        ...store,
        async write(changes) {
          if (count++ % 7 === 3) await new Promise((resolve) => setImmediate(resolve))
          await store.write(changes)
        },
      }
    },
    'cuts long values': (store) => ({ ...store, get: (key) => store.get(key)?.slice(0, 65_535) }),
    'has no empty values': (store) => ({ ...store, get: (key) => (store.get(key)?.length ? store.get(key) : undefined) }),
    'allows so many readers': (store) => {
      let readers = 0
      return {
        ...store,
        *range(options) {
          if (++readers > 126) throw new Error('too many readers')
          for (const row of store.range(options)) yield row
          readers--
        },
      }
    },
  }
  it.each(Object.entries(broken))('%s', async (_name, breakIt) => {
    expect(await finds(expect, (framework) => storeConformance(framework, async () => fixture(breakIt(memoryStore()))))).toBe(true)
  })
})
