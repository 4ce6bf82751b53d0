import { memoryStore } from '@causeway/testing'
import { MerklePatriciaTrie } from '@ethereumjs/mpt'
import { KECCAK256_RLP } from '@ethereumjs/util'
import { bytesToHex, numberToBytes } from 'viem'
import { describe, expect, it } from 'vitest'
import { merkleTrie } from './merkle-trie.js'
import { openTries } from './tries.js'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

describe(`tries (SEED=${seed})`, () => {
  it.each([
    ['few keys', 20, 40],
    ['many keys', 400, 60],
    ['values that embed', 30, 1],
  ])('agree with @ethereumjs/mpt after every batch of random writes: %s', async (_, keys, size) => {
    let state = seed
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    const store = memoryStore()
    const reference = new MerklePatriciaTrie({ useKeyHashing: true })
    const model = new Map<number, Uint8Array>()
    const roots: Uint8Array[] = []
    let root: Uint8Array = KECCAK256_RLP
    for (let batch = 0; batch < 25; batch++) {
      const writes: [Uint8Array, Uint8Array | null][] = []
      for (let i = random(batch % 5 === 4 ? keys : 12); i >= 0; i--) {
        const key = random(keys)
        const value = random(batch % 5 === 4 ? 4 : 3) === 0 ? Uint8Array.from({ length: 1 + random(size) }, () => random(256)) : null
        const bytes = numberToBytes(key, { size: 20 })
        writes.push([bytes, value])
        if (value) {
          model.set(key, value)
          await reference.put(bytes, value)
        } else {
          model.delete(key)
          await reference.del(bytes)
        }
      }
      // A new reader each time sees only what was written.
      const next = (batch % 2 ? openTries(store) : tries(store)).update(root, writes)
      await store.write(next.changes)
      root = next.root
      roots.push(root)
      expect(bytesToHex(root)).toBe(bytesToHex(reference.root()))
      const fresh = openTries(store)
      for (let key = 0; key < keys; key++) expect(fresh.get(root, numberToBytes(key, { size: 20 }))).toEqual(model.get(key))
    }
    // Every node below the last root is stored.
    for await (const node of merkleTrie(store, root).walkTrieIterable(root)) expect(node).toBeDefined()
    expect(openTries(store).update(root, []).changes).toEqual([])
    const cleared = openTries(store).update(root, [...model.keys()].map((key) => [numberToBytes(key, { size: 20 }), null] as const))
    expect(cleared).toEqual({ root: KECCAK256_RLP, changes: [] })
    expect(openTries(memoryStore()).has(root)).toBe(model.size === 0)
  })

  it('writes no node twice and none for what did not change', async () => {
    const store = memoryStore()
    const one = openTries(store)
    const writes = Array.from({ length: 100 }, (_, i) => [numberToBytes(i, { size: 20 }), numberToBytes(i + 1, { size: 40 })] as const)
    const first = one.update(KECCAK256_RLP, writes)
    await store.write(first.changes)
    expect(new Set(first.changes.map(({ key }) => key)).size).toBe(first.changes.length)
    expect(one.update(first.root, writes)).toEqual({ root: first.root, changes: [] })
    const second = one.update(first.root, [[numberToBytes(5, { size: 20 }), numberToBytes(9, { size: 40 })]])
    expect(second.changes.length).toBeLessThan(5)
    expect(second.changes.some(({ key }) => first.changes.some((change) => change.key === key))).toBe(false)
  })

  it('says what is missing', () => {
    expect(() => openTries(memoryStore()).get(Uint8Array.from({ length: 32 }), numberToBytes(1, { size: 20 }))).toThrow('is not in the store')
  })
})

const opened = new WeakMap<object, ReturnType<typeof openTries>>()
/** One long-lived reader a store, whose cache lives on. */
function tries(store: ReturnType<typeof memoryStore>): ReturnType<typeof openTries> {
  const known = opened.get(store) ?? openTries(store)
  opened.set(store, known)
  return known
}
