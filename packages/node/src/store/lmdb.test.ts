import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { lmdbStore } from './lmdb.js'

const folder = mkdtempSync(join(tmpdir(), 'causeway-lmdb-'))
const store = lmdbStore(folder)
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

it('ranges in both directions, in pieces, and holds nothing open for a reader that stops halfway', async () => {
  const keys = Array.from({ length: 1000 }, (_, i) => `row/${i.toString().padStart(4, '0')}`)
  await store.write([...keys, 'rox'].map((key) => ({ key, value: new TextEncoder().encode(key) })))
  const range = (options: object) => [...store.range({ start: 'row/', end: 'row0', ...options })].map(({ key }) => key)
  expect(range({})).toEqual(keys)
  expect(range({ reverse: true })).toEqual([...keys].reverse())
  expect(range({ limit: 300 })).toEqual(keys.slice(0, 300))
  expect(range({ reverse: true, limit: 2, end: 'row/0500' })).toEqual(['row/0499', 'row/0498'])
  expect(range({ start: 'row/0998', end: 'row/0998' })).toEqual([])
  expect(range({ start: 'row/0998', end: 'row/0998', reverse: true })).toEqual([])
  expect(range({ limit: 0 })).toEqual([])
  // LMDB has 126 slots for readers; an iterator that is never closed kept one until it was collected.
  const open = []
  for (let i = 0; i < 200; i++) {
    const iterator = store.range({ start: 'row/', end: 'row0' })[Symbol.iterator]()
    expect(iterator.next().value?.key).toBe(keys[0])
    open.push(iterator)
    await store.write([{ key: 'other', value: Uint8Array.of(i) }])
    await setTimeout(1)
  }
  expect(open.map((iterator) => iterator.next().value?.key)).toEqual(open.map(() => keys[1]))
})
