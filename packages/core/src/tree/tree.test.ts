import { createRandom } from '@causeway/testing'
import { describe, expect, it } from 'vitest'
import { errorCode } from '../errors.js'
import { emptyRoot, emptySubtrees, INBOX, leavesBelow, memoryNodes, nodeHash, openTree, OUTBOX, pathRoot, readOnce, REGISTRY, updateRange, updateTree, type TreeShape } from './tree.js'

const seed = Number(process.env['SEED'] ?? 7_301)
const small: TreeShape = { name: 'small', id: 60n, depth: 5 }

/** The root of a full list of leaves, by recursion. */
function naiveRoot(leaves: readonly bigint[]): bigint {
  const join = (from: number, height: number): bigint =>
    height === 0 ? (leaves[from] ?? 0n) : nodeHash(small, height - 1, join(from, height - 1), join(from + 2 ** (height - 1), height - 1))
  return join(0, small.depth)
}
const codeOf = (action: () => unknown) => {
  try {
    action()
    return 'accepted'
  } catch (error) {
    return errorCode(error)
  }
}

describe('a tree', () => {
  it(`is the naive tree after every write, and its old roots stay readable (seed ${seed})`, () => {
    const random = createRandom(seed)
    const nodes = memoryNodes()
    let leaves: readonly bigint[] = Array.from({ length: 32 }, () => 0n)
    let root = emptyRoot(small)
    const history = [{ root, leaves }]
    expect(naiveRoot(leaves)).toBe(root)
    for (let i = 0; i < 12; i++) {
      // Zeros too: a leaf may be emptied.
      const [at, leaf] = [random.below(32), random.below(4) === 0 ? 0n : random.bigint(250)]
      leaves = leaves.with(at, leaf)
      root = updateTree(nodes, small, root, BigInt(at), leaf)
      expect(root).toBe(naiveRoot(leaves))
      history.push({ root, leaves })
    }
    for (const old of history) for (const [at, leaf] of old.leaves.entries()) expect(openTree(nodes, small, old.root, BigInt(at)).leaf).toBe(leaf)
    for (const at of [0n, 13n, 31n]) {
      const { leaf, siblings } = openTree(nodes, small, root, at)
      expect(pathRoot(small, at, leaf, siblings)).toBe(root)
      for (let i = 0; i < siblings.length; i++) expect(pathRoot(small, at, leaf, siblings.with(i, (siblings[i] as bigint) + 1n))).not.toBe(root)
      if (leaf !== siblings[0]) expect(pathRoot(small, at ^ 1n, leaf, siblings)).not.toBe(root)
    }
    const group = openTree(nodes, small, root, 3n, 3)
    expect(pathRoot(small, 3n, group.leaf, group.siblings, 3)).toBe(root)
  })

  it(`takes a range of leaves as it takes them one by one, and makes only the nodes above them (seed ${seed})`, () => {
    const random = createRandom(seed)
    for (let round = 0; round < 20; round++) {
      const nodes = memoryNodes()
      const start = Array.from({ length: 4 }, () => random.below(32)).reduce((root, at) => updateTree(nodes, small, root, BigInt(at), random.bigint(250)), emptyRoot(small))
      const first = random.below(32)
      const leaves = Array.from({ length: random.below(33 - first) }, () => random.bigint(random.below(3) * 100))
      const [one, all] = [memoryNodes(nodes), memoryNodes(nodes)]
      const root = updateRange(all, small, start, BigInt(first), leaves)
      expect(root).toBe(leaves.reduce((before, leaf, i) => updateTree(one, small, before, BigInt(first + i), leaf), start))
      expect(leavesBelow(all, small, small.depth, root).slice(first, first + leaves.length)).toEqual(leaves)
      expect(all.added.size).toBeLessThanOrEqual(2 * leaves.length + small.depth)
      if (leaves.length > 0) expect(updateRange(memoryNodes(all), small, root, BigInt(first), leaves)).toBe(root)
    }
    expect(updateRange(memoryNodes(), small, 7n, 99n, [])).toBe(7n)
    expect(codeOf(() => updateRange(memoryNodes(), small, emptyRoot(small), 31n, [1n, 2n]))).toBe('BAD_PATH')
  })

  it('reads each node once through readOnce, and writes through it', () => {
    const nodes = memoryNodes()
    const root = updateTree(nodes, small, emptyRoot(small), 4n, 44n)
    let reads = 0
    const above = memoryNodes({ get: (hash) => (reads++, nodes.get(hash)) })
    const once = readOnce(above)
    for (let i = 0; i < 3; i++) expect(openTree(once, small, root, 4n).leaf).toBe(44n)
    expect(reads).toBe(small.depth)
    const next = updateTree(once, small, root, 5n, 55n)
    expect([openTree(once, small, next, 5n).leaf, openTree(above, small, next, 5n).leaf]).toEqual([55n, 55n])
    expect(reads).toBe(small.depth)
    expect(codeOf(() => openTree(once, small, 12345n, 0n))).toBe('MISSING_NODE')
  })

  it('makes no node where nothing changes', () => {
    const nodes = memoryNodes()
    const root = updateTree(nodes, small, emptyRoot(small), 4n, 44n)
    const above = memoryNodes(nodes)
    expect(updateTree(above, small, root, 4n, 44n)).toBe(root)
    expect(updateTree(above, small, emptyRoot(small), 4n, 0n)).toBe(emptyRoot(small))
    expect(above.added.size).toBe(0)
  })

  it('writes into its own store and reads the one below', () => {
    const below = memoryNodes()
    const root = updateTree(below, small, emptyRoot(small), 4n, 44n)
    const held = below.added.size
    const above = memoryNodes(below)
    const next = updateTree(above, small, root, 5n, 55n)
    expect(below.added.size).toBe(held)
    expect(above.added.size).toBe(small.depth)
    expect([openTree(above, small, next, 4n).leaf, openTree(above, small, root, 5n).leaf]).toEqual([44n, 0n])
    expect(codeOf(() => openTree(below, small, next, 4n))).toBe('MISSING_NODE')
    expect(codeOf(() => openTree(above, small, 12345n, 0n))).toBe('MISSING_NODE')
  })

  it('refuses paths of another length and positions that it does not have', () => {
    const nodes = memoryNodes()
    const root = updateTree(nodes, small, emptyRoot(small), 1n, 11n)
    const { leaf, siblings } = openTree(nodes, small, root, 1n)
    for (const bad of [[], siblings.slice(1), [...siblings, 0n]]) expect(codeOf(() => pathRoot(small, 1n, leaf, bad))).toBe('BAD_PATH')
    // 33 has the low bits of 1.
    for (const index of [-1n, 32n, 33n]) {
      expect(codeOf(() => pathRoot(small, index, leaf, siblings))).toBe('BAD_PATH')
      expect(codeOf(() => openTree(nodes, small, root, index))).toBe('BAD_PATH')
      expect(codeOf(() => updateTree(nodes, small, root, index, 5n))).toBe('BAD_PATH')
    }
    expect(codeOf(() => openTree(nodes, small, root, 4n, 3))).toBe('BAD_PATH')
  })

  it('takes no node for a leaf, and no node of another level or tree', () => {
    const nodes = memoryNodes()
    const root = updateTree(nodes, small, emptyRoot(small), 1n, 11n)
    const { siblings } = openTree(nodes, small, root, 1n)
    const parent = openTree(nodes, small, root, 0n, 1).leaf
    expect(pathRoot(small, 0n, parent, siblings.slice(1), 1)).toBe(root)
    expect(codeOf(() => pathRoot(small, 0n, parent, siblings.slice(1)))).toBe('BAD_PATH')
    expect(pathRoot(small, 0n, parent, [...siblings.slice(1), 0n])).not.toBe(root)
    const hashes = [REGISTRY, OUTBOX, INBOX, small].flatMap((shape) => [0, 1, 31].map((level) => nodeHash(shape, level, 1n, 2n)))
    expect(new Set(hashes).size).toBe(12)
    expect(nodeHash(small, 0, 1n, 2n)).not.toBe(nodeHash(small, 0, 2n, 1n))
  })

  it('has its empty subtrees by height', () => {
    const empty = emptySubtrees(small)
    expect(empty.length).toBe(6)
    expect(empty[0]).toBe(0n)
    expect(empty[5]).toBe(naiveRoot([]))
    expect(openTree(memoryNodes(), small, emptyRoot(small), 17n)).toEqual({ leaf: 0n, siblings: empty.slice(0, 5) })
  })
})
