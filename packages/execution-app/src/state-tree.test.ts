import { createRandom, memoryStore } from '@causeway/testing'
import { describe, expect, it } from 'vitest'
import { stateKey, stateLeaf, stateNode } from './hashes.js'
import { openStateTree } from './state-tree.js'

const key = (i: number) => stateKey('m', 'f', Uint8Array.of(i >> 8, i & 255))
const bytes = (i: number) => Uint8Array.of(i & 255, i >> 8, 7)

/** The root by its definition. */
function rootOf(leaves: readonly (readonly [bigint, Uint8Array])[], depth = 0): bigint {
  const [first] = leaves
  if (!first) return 0n
  if (leaves.length === 1) return stateLeaf(...first)
  const side = (bit: bigint) => rootOf(leaves.filter(([k]) => ((k >> BigInt(depth)) & 1n) === bit), depth + 1)
  const [left, right] = [side(0n), side(1n)]
  return stateNode(depth, left, right)
}

describe('the state tree', () => {
  it('has the root that its values define, whatever order they came in, and keeps every older one', async () => {
    const store = memoryStore()
    const tree = openStateTree(store)
    const next = createRandom(7)
    const values = new Map<bigint, Uint8Array>()
    const history: { root: bigint; values: Map<bigint, Uint8Array> }[] = []
    let root = 0n
    for (let round = 0; round < 60; round++) {
      const batch = new Map(Array.from({ length: 1 + next.below(12) }, () => [key(next.below(80)), next.below(3) === 0 ? null : bytes(next.below(60_000))] as const))
      const { root: after, changes } = tree.update(root, batch)
      await store.write(changes)
      for (const [k, value] of batch) if (value === null) values.delete(k)
      else values.set(k, value)
      root = after
      expect(root).toBe(rootOf([...values].map(([k, value]) => [k, value] as const)))
      history.push({ root, values: new Map(values) })
    }
    for (const { root: older, values: then } of history.slice(-8)) for (let i = 0; i < 80; i++) expect(tree.get(older, key(i))).toEqual(then.get(key(i)) ?? null)
    const all = new Map([...values.keys()].map((k) => [k, null]))
    expect(tree.update(root, all).root).toBe(0n)
  })

  it('hashes only the paths that change, and writes nothing for what stays', async () => {
    const store = memoryStore()
    const tree = openStateTree(store)
    const many = new Map(Array.from({ length: 1_000 }, (_, i) => [key(i), bytes(i)]))
    const first = tree.update(0n, many)
    await store.write(first.changes)
    expect(tree.update(first.root, new Map([[key(5), bytes(5)]]))).toMatchObject({ root: first.root })
    const { changes } = tree.update(first.root, new Map([[key(5), bytes(6)]]))
    expect(changes.length).toBeLessThan(25)
  })

  it('stops where its store lacks a node', () => {
    expect(() => openStateTree(memoryStore()).get(5n, 1n)).toThrow(/no node 0x5/)
  })
})
