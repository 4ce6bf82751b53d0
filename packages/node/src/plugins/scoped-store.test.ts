import { memoryStore } from '@causeway/testing'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lmdbStore } from '../store/lmdb.js'
import { scopedStore } from './scoped-store.js'

const bytes = (text: string) => new TextEncoder().encode(text)
const folder = mkdtempSync(join(tmpdir(), 'causeway-scoped-'))

describe.each([
  ['in memory', () => memoryStore()],
  ['on LMDB', () => lmdbStore(folder)],
])('rows of a plugin, %s', (_, open) => {
  it('are its own: no key, bound or object reaches the rows around them', async () => {
    const store = open()
    const others = ['chain/head', 'plugin/a/cursor', 'plugin/a/rov', 'plugin/a/row', 'plugin/a/row0', 'plugin/aa/row/x', 'plugin/b/row/x']
    await store.write(others.map((key) => ({ key, value: bytes('secret') })))
    const own = scopedStore(store, 'plugin/a/row/')
    await own.write([{ key: 'x', value: bytes('mine') }, { key: '~', value: bytes('last') }])

    // What looks like a way out is a name like any other.
    const tricks = ['../cursor', '../../../chain/head', '/chain/head', 'chain/head', '..', '%2e%2e/cursor', '\\..\\cursor', '__proto__', 'constructor']
    for (const key of tricks) {
      expect(own.get(key)).toBe(undefined)
      await own.write([{ key, value: bytes('mine') }])
    }
    // What is no key is refused, in all three.
    const toString = () => 'y'
    const noKeys: unknown[] = ['', 'a\0b', 'ä', '\u{10ffff}', '\ud800', 'a\n', 'x'.repeat(513), undefined, null, 7, ['..', 'cursor'], { toString }, Symbol('x')]
    for (const key of noKeys as string[]) {
      expect(() => own.get(key)).toThrow()
      await expect(own.write([{ key: 'good', value: bytes('half') }, { key, value: null }])).rejects.toThrow()
      if (key !== '') expect(() => [...own.range({ start: key, end: '~' })]).toThrow()
      if (key !== '') expect(() => [...own.range({ start: '', end: key })]).toThrow()
    }
    expect(own.get('good')).toBe(undefined)

    for (const reverse of [false, true]) {
      const keys = [...own.range({ start: '', end: '\x7f', reverse })].map(({ key }) => key)
      expect(reverse ? keys.reverse() : keys).toEqual([...tricks, 'x', '~'].sort((a, b) => (a < b ? -1 : 1)))
    }
    // More in the options than there should be.
    expect([...own.range({ start: '', end: '\x7f', prefix: 'chain/', limit: 1 } as never)]).toHaveLength(1)
    for (const key of others) expect(new TextDecoder().decode(store.get(key))).toBe('secret')
    expect(Object.keys(own).sort()).toEqual(['get', 'range', 'write'])
    expect(Object.isFrozen(own)).toBe(true)
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
})
