import type { Store } from '@causeway/core'
import type { TestFramework } from '@causeway/messaging'
import { hex, noise } from './outcome.js'

/** An empty store. */
export type StoreFixture = {
  store: Store
  /** Opens what a closed store has left behind, as a node does when it starts again. Without it (a store in memory), that is not tried. */
  reopen?(): Promise<Store>
  /** Closes what is open and removes what is left. */
  close(): Promise<void>
}

const text = (value: string) => new TextEncoder().encode(value)
const row = (i: number) => `row/${i.toString().padStart(4, '0')}`
const ALL = { start: 'row/', end: 'row0' }
/** Largest value (bytes) that nodes write. */
const LARGEST = 1 << 20

/**
 * What every `Store` must do: keep bytes as they are, whatever the caller does with its own later; write all of a call's rows or none, and
 * calls in their order; give ranges in the order of keys, in both directions, to readers who stop halfway or write in between.
 * Keys are ASCII. That nothing is lost with the process is not tried here: only killing it tells.
 */
export function storeConformance({ it, expect }: TestFramework, makeStore: () => Promise<StoreFixture>): void {
  const test = (name: string, body: (store: Store, fixture: StoreFixture) => Promise<void>) =>
    it(name, async () => {
      const fixture = await makeStore()
      try {
        await body(fixture.store, fixture)
      } finally {
        await fixture.close()
      }
    })
  const keysOf = (store: Store, options: Parameters<Store['range']>[0]) => [...store.range(options)].map(({ key }) => key)
  const rows = (count: number) => Array.from({ length: count }, (_, i) => ({ key: row(i), value: text(row(i)) }))

  test('gives back what was written, byte for byte, from nothing to 1 MB', async (store) => {
    const values = [0, 1, 255, 4_096, 70_001, LARGEST].map((length) => noise(length))
    await store.write(values.map((value, i) => ({ key: row(i), value })))
    expect(values.map((_, i) => hex(store.get(row(i))))).toEqual(values.map(hex))
    expect([...store.range(ALL)].map(({ value }) => hex(value))).toEqual(values.map(hex))
    expect(store.get('row/000')).toBe(undefined)
    expect(store.get('row/00000')).toBe(undefined)
  })

  test('shares no memory with its callers', async (store) => {
    const mine = text('first')
    await store.write([{ key: row(0), value: mine }])
    mine.fill(0)
    const [got, ranged] = [store.get(row(0)), [...store.range(ALL)][0]?.value]
    await store.write([{ key: row(0), value: text('other') }])
    await store.write(rows(100).slice(1))
    expect([hex(got), hex(ranged)]).toEqual([hex(text('first')), hex(text('first'))])
    got?.fill(0)
    ranged?.fill(0)
    for (const { value } of store.range(ALL)) value.fill(0)
    expect(hex(store.get(row(0)))).toBe(hex(text('other')))
  })

  test('deletes and overwrites, the later row of a write after the earlier', async (store) => {
    await store.write([...rows(4), { key: row(0), value: null }, { key: row(1), value: text('new') }])
    await store.write([{ key: row(2), value: null }, { key: row(9), value: null }])
    await store.write([{ key: row(2), value: null }, { key: row(2), value: text('back') }])
    await store.write([])
    expect([...store.range(ALL)].map(({ key, value }) => [key, hex(value)])).toEqual([[row(1), hex(text('new'))], [row(2), hex(text('back'))], [row(3), hex(text(row(3)))]])
    expect(store.get(row(0))).toBe(undefined)
  })

  test('writes all rows of a call or none', async (store) => {
    await store.write(rows(3))
    const broken = {
      key: row(7),
      get value(): Uint8Array {
        throw new Error('a defect of the caller')
      },
    }
    let failed = false
    await Promise.resolve()
      .then(() => store.write([{ key: row(0), value: null }, { key: row(1), value: text('new') }, { key: row(5), value: text('new') }, broken]))
      .catch(() => (failed = true))
    expect(failed).toBe(true)
    expect([...store.range(ALL)].map(({ key, value }) => [key, hex(value)])).toEqual(rows(3).map(({ key, value }) => [key, hex(value)]))
    await store.write([{ key: row(1), value: null }])
    expect(keysOf(store, ALL)).toEqual([row(0), row(2)])
  })

  test('never shows half of a write to who reads meanwhile', async (store) => {
    const seen: string[] = []
    for (const round of ['a', 'b', 'c']) {
      let done = false
      const writing = store.write(rows(2_000).map(({ key }) => ({ key, value: text(round) }))).then(() => (done = true))
      while (!done) {
        const [first, last] = [hex(store.get(row(0))), hex(store.get(row(1_999)))]
        if (first !== last) seen.push(`${round}: ${first} and ${last}`)
        await new Promise((resolve) => setImmediate(resolve))
      }
      await writing
      if (hex(store.get(row(999))) !== hex(text(round))) seen.push(`${round} is not there when its write has resolved`)
    }
    expect(seen).toEqual([])
  })

  test('lands writes that nobody waited for in the order of the calls', async (store) => {
    const landed: number[] = []
    const writes = Array.from({ length: 60 }, (_, i) =>
      store.write([{ key: 'last', value: text(String(i)) }, { key: row(i), value: text('x') }, { key: row(i - 1), value: null }]).then(() => void landed.push(i)),
    )
    await Promise.all(writes)
    expect(landed).toEqual(writes.map((_, i) => i))
    expect(hex(store.get('last'))).toBe(hex(text('59')))
    expect(keysOf(store, ALL)).toEqual([row(59)])
  })

  test('sorts keys by bytes', async (store) => {
    const sorted = [' ', '!', '10', '9', 'A', 'Z', '_', 'a', 'a ', 'a/', 'a/0', 'a/1', 'a/10', 'a/2', 'a0', 'aa', 'b', `b${'b'.repeat(200)}`, 'ba', '~', '~~']
    await store.write(sorted.map((_, i) => ({ key: sorted[(i * 8) % sorted.length] as string, value: text(String(i)) })))
    const all = { start: ' ', end: '\x7f' }
    expect(keysOf(store, all)).toEqual([...sorted].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    expect(keysOf(store, { ...all, reverse: true })).toEqual(keysOf(store, all).reverse())
    // What a prefix holds, as callers ask for it.
    expect(keysOf(store, { start: 'a/', end: 'a/\xff' })).toEqual(['a/', 'a/0', 'a/1', 'a/10', 'a/2'])
    expect(keysOf(store, { start: 'a/', end: 'a0' })).toEqual(['a/', 'a/0', 'a/1', 'a/10', 'a/2'])
    expect(keysOf(store, { start: '', end: 'A' })).toEqual([' ', '!', '10', '9'])
  })

  test('gives ranges from start, before end, up to the limit, in both directions', async (store) => {
    const count = 1_000
    const keys = rows(count).map(({ key }) => key)
    await store.write([...rows(count), { key: 'rox', value: text('') }, { key: 'rov', value: text('') }])
    const range = (options: Partial<Parameters<Store['range']>[0]>) => keysOf(store, { ...ALL, ...options })
    expect(range({})).toEqual(keys)
    expect(range({ reverse: true })).toEqual([...keys].reverse())
    for (const limit of [0, 1, 255, 256, 257, 512, 999, 1_000, 1_001]) {
      expect(range({ limit })).toEqual(keys.slice(0, limit))
      expect(range({ limit, reverse: true })).toEqual([...keys].reverse().slice(0, limit))
    }
    expect(range({ start: row(3), end: row(6) })).toEqual([row(3), row(4), row(5)])
    expect(range({ start: row(3), end: row(6), reverse: true })).toEqual([row(5), row(4), row(3)])
    expect(range({ start: 'row/0003+', end: 'row/0005+', reverse: true })).toEqual([row(5), row(4)])
    for (const reverse of [false, true]) {
      expect(range({ start: row(3), end: row(3), reverse })).toEqual([])
      expect(range({ start: row(4), end: row(3), reverse })).toEqual([])
      expect(range({ start: 'rox0', end: 'roy', reverse })).toEqual([])
    }
    await store.write(keys.filter((_, i) => i % 3 > 0).map((key) => ({ key, value: null })))
    expect(range({})).toEqual(keys.filter((_, i) => i % 3 === 0))
  })

  test('goes on with a range while rows of it are written', async (store) => {
    for (const reverse of [false, true]) {
      await store.write(rows(600))
      const seen: string[] = []
      for (const { key } of store.range({ ...ALL, reverse })) {
        seen.push(key)
        // A row that was read, and one that was not: only the second may be seen or not.
        const at = Number(key.slice(4))
        const ahead = reverse ? at - 1 : at + 1
        await store.write([{ key, value: null }, ...(at % 10 === 5 ? [{ key: row(ahead), value: null }] : [])])
      }
      const must = rows(600).map(({ key }) => key).filter((_, i) => (reverse ? i % 10 !== 4 : i % 10 !== 6))
      const order = [...seen].sort()
      expect(seen).toEqual(reverse ? order.reverse() : order)
      expect(must.filter((key) => !seen.includes(key))).toEqual([])
      expect(new Set(seen).size).toBe(seen.length)
    }
  })

  test('takes no harm from hundreds of ranges that are left halfway', async (store) => {
    await store.write(rows(600))
    const open = []
    for (let i = 0; i < 400; i++) {
      for (const { key } of store.range({ ...ALL, reverse: i % 2 === 1 })) if (key.endsWith('99')) break
      const iterator = store.range(ALL)[Symbol.iterator]()
      iterator.next()
      open.push(iterator)
      await store.write([{ key: 'other', value: noise(32, i) }])
      // Databases keep a snapshot for a turn of the event loop.
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(open.map((iterator) => (iterator.next().value as { key: string } | undefined)?.key)).toEqual(open.map(() => row(1)))
    expect(keysOf(store, ALL).length).toBe(600)
  })

  test('has everything after it was closed and opened again', async (store, { reopen }) => {
    if (!reopen) return
    await store.write([...rows(300), { key: 'large', value: noise(LARGEST) }])
    await store.write(rows(300).slice(100).map(({ key }) => ({ key, value: null })))
    await store.close()
    const again = await reopen()
    expect([...again.range(ALL)].map(({ key, value }) => [key, hex(value)])).toEqual(rows(100).map(({ key, value }) => [key, hex(value)]))
    expect(hex(again.get('large'))).toBe(hex(noise(LARGEST)))
    await again.write([{ key: row(0), value: null }])
    expect(keysOf(again, { ...ALL, limit: 1 })).toEqual([row(1)])
  })
}
