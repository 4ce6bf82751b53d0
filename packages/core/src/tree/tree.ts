import { poseidon2, TAG } from '../crypto/poseidon2.js'
import { CausewayError } from '../errors.js'
import type { MerklePath } from '../protocol/types.js'

/** Which tree: its number separates its node hashes from those of other trees. Level 0 joins leaves. */
export type TreeShape = { readonly name: string; readonly id: bigint; readonly depth: number }

export const REGISTRY: TreeShape = { name: 'registry', id: 0n, depth: 32 }
export const OUTBOX: TreeShape = { name: 'outbox', id: 1n, depth: 32 }
export const INBOX: TreeShape = { name: 'inbox', id: 2n, depth: 57 }
export const BALANCE: TreeShape = { name: 'balance', id: 3n, depth: 32 }

/**
 * Where inner nodes live, by their hash. Content-addressed: every root ever written stays readable, so going back to an
 * older root needs no undo. Also holds the preimages of balance leaves.
 */
export type NodeStore = {
  get(hash: bigint): readonly [bigint, bigint] | undefined
  put(hash: bigint, pair: readonly [bigint, bigint]): void
}

/** Nodes in memory, optionally over another store that is read but not written. */
export function memoryNodes(below?: Pick<NodeStore, 'get'>): NodeStore & { added: Map<bigint, readonly [bigint, bigint]> } {
  const added = new Map<bigint, readonly [bigint, bigint]>()
  return {
    added,
    get: (hash) => added.get(hash) ?? below?.get(hash),
    put: (hash, pair) => void added.set(hash, pair),
  }
}

/** The same store for a while in which the same paths are read again and again: reads each node once. */
export function readOnce(nodes: NodeStore): NodeStore {
  const seen = memoryNodes()
  return {
    get(hash) {
      const known = seen.get(hash)
      const pair = known ?? nodes.get(hash)
      if (pair && !known) seen.put(hash, pair)
      return pair
    },
    put(hash, pair) {
      seen.put(hash, pair)
      nodes.put(hash, pair)
    },
  }
}

/** Hash of an inner node whose children stand at `level`. */
export function nodeHash(shape: TreeShape, level: number, left: bigint, right: bigint): bigint {
  return poseidon2(TAG.node + 64n * shape.id + BigInt(level), [left, right])
}

const emptyCache = new Map<bigint, readonly bigint[]>()

/** Roots of empty subtrees: element l has height l; element 0 is the empty leaf, 0. */
export function emptySubtrees(shape: TreeShape): readonly bigint[] {
  const cached = emptyCache.get(shape.id)
  if (cached) return cached
  const roots = [0n]
  for (let level = 0; level < shape.depth; level++) {
    const below = roots[level] as bigint
    roots.push(nodeHash(shape, level, below, below))
  }
  emptyCache.set(shape.id, roots)
  return roots
}

/** Root of the empty tree. */
export function emptyRoot(shape: TreeShape): bigint {
  return emptySubtrees(shape)[shape.depth] as bigint
}

/** Root that a leaf and its siblings give. With `level`, `leaf` is a subtree of that height and `index` its position among those. @throws `BAD_PATH` */
export function pathRoot(shape: TreeShape, index: bigint, leaf: bigint, siblings: MerklePath, level = 0): bigint {
  checkPath(shape, index, siblings.length, level)
  let node = leaf
  siblings.forEach((sibling, i) => {
    const right = (index >> BigInt(i)) & 1n
    node = right ? nodeHash(shape, level + i, sibling, node) : nodeHash(shape, level + i, node, sibling)
  })
  return node
}

function checkPath(shape: TreeShape, index: bigint, siblings: number, level: number): void {
  const depth = shape.depth - level
  if (siblings !== depth || index < 0n || index >> BigInt(depth) !== 0n)
    throw new CausewayError(`A path in the ${shape.name} tree needs ${depth} siblings and an index below 2^${depth}; got ${siblings} and ${index}.`, { code: 'BAD_PATH', docs: 'protocol.md#4-trees' })
}

function childrenOf(nodes: Pick<NodeStore, 'get'>, shape: TreeShape, height: number, hash: bigint): readonly [bigint, bigint] {
  const empty = emptySubtrees(shape)
  if (hash === empty[height]) return [empty[height - 1] as bigint, empty[height - 1] as bigint]
  const pair = nodes.get(hash)
  if (!pair)
    throw new CausewayError(`The ${shape.name} tree has no node 0x${hash.toString(16)} at height ${height}.`, {
      code: 'MISSING_NODE',
      fix: 'the store is incomplete or the root is not of this tree; rebuild it from L1',
    })
  return pair
}

/** Leaf (or, with `level`, subtree root) at `index` and its siblings. @throws `MISSING_NODE`, `BAD_PATH` for an index beyond the tree */
export function openTree(nodes: Pick<NodeStore, 'get'>, shape: TreeShape, root: bigint, index: bigint, level = 0): { leaf: bigint; siblings: bigint[] } {
  checkPath(shape, index, shape.depth - level, level)
  const siblings: bigint[] = []
  let node = root
  for (let height = shape.depth; height > level; height--) {
    const [left, right] = childrenOf(nodes, shape, height, node)
    const goRight = (index >> BigInt(height - 1 - level)) & 1n
    siblings.push(goRight ? left : right)
    node = goRight ? right : left
  }
  return { leaf: node, siblings: siblings.reverse() }
}

/** Leaves below a node of height `height`, from left to right. @throws `MISSING_NODE` */
export function leavesBelow(nodes: Pick<NodeStore, 'get'>, shape: TreeShape, height: number, node: bigint): bigint[] {
  return height === 0 ? [node] : childrenOf(nodes, shape, height, node).flatMap((child) => leavesBelow(nodes, shape, height - 1, child))
}

/** Writes a leaf and returns the new root. Old roots stay readable. @throws `MISSING_NODE`, `BAD_PATH` for an index beyond the tree */
export function updateTree(nodes: NodeStore, shape: TreeShape, root: bigint, index: bigint, leaf: bigint): bigint {
  return updateRange(nodes, shape, root, index, [leaf])
}

/** Writes leaves from position `first` on, and returns the new root: each node above them is hashed once. Otherwise like {@link updateTree}. */
export function updateRange(nodes: NodeStore, shape: TreeShape, root: bigint, first: bigint, leaves: readonly bigint[]): bigint {
  if (leaves.length === 0) return root
  const end = first + BigInt(leaves.length)
  for (const index of [first, end - 1n]) checkPath(shape, index, shape.depth, 0)
  /** The new hash of the node of height `height` whose leaves begin at position `from`. */
  const write = (node: bigint, height: number, from: bigint): bigint => {
    const size = 1n << BigInt(height)
    if (from >= end || from + size <= first) return node
    if (height === 0) return leaves[Number(from - first)] as bigint
    const [left, right] = childrenOf(nodes, shape, height, node)
    const pair = [write(left, height - 1, from), write(right, height - 1, from + size / 2n)] as const
    if (pair[0] === left && pair[1] === right) return node
    const hash = nodeHash(shape, height - 1, ...pair)
    nodes.put(hash, pair)
    return hash
  }
  return write(root, shape.depth, 0n)
}
