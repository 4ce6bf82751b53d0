import { CausewayError, type Store } from '@causeway/core'
import { bytesToBigInt, concatBytes, numberToBytes } from 'viem'
import { stateLeaf, stateNode } from './hashes.js'
import { rows, type Change } from './rows.js'

type Leaf = { key: bigint; value: Uint8Array }
type Inner = { left: bigint; right: bigint }
type Node = Leaf | Inner

/** The state: a compact sparse Merkle tree in a store, whose nodes stand under their hash and are never deleted, so that every root stays readable. */
export type StateTree = {
  /** @throws `MISSING_NODE` */
  get(root: bigint, key: bigint): Uint8Array | null
  /** The root with other values (null: none), and the rows of the nodes that it has anew. Each of them is hashed once. @throws `MISSING_NODE` */
  update(root: bigint, values: ReadonlyMap<bigint, Uint8Array | null>): { root: bigint; changes: Change[] }
}

/** Bit of a key by which the children of a node at this depth differ: from the lowest on. */
const goesRight = (key: bigint, depth: number): boolean => ((key >> BigInt(depth)) & 1n) === 1n

/**
 * A subtree without leaves is 0, one with a single leaf is that leaf, wherever it stands, and any other is a node: so the root follows from the
 * values alone, and a path is as long as keys have their low bits in common, which hashes hardly do.
 */
export function openStateTree(store: Pick<Store, 'get'>): StateTree {
  function load(hash: bigint): Node {
    const row = store.get(rows.node(hash))
    if (!row) throw new CausewayError(`The state tree has no node 0x${hash.toString(16)}.`, { code: 'MISSING_NODE', fix: 'the store is damaged; start with an empty one and derive the chain from L1' })
    return decodeNode(row)
  }

  return {
    get(root, key) {
      let hash = root
      for (let depth = 0; hash !== 0n; depth++) {
        const node = load(hash)
        if ('key' in node) return node.key === key ? node.value : null
        hash = goesRight(key, depth) ? node.right : node.left
      }
      return null
    },

    update(root, values) {
      const made = new Map<bigint, Node>()
      const put = (hash: bigint, node: Node): bigint => {
        made.set(hash, node)
        return hash
      }
      const known = (hash: bigint): Node => made.get(hash) ?? load(hash)
      const isLeaf = (hash: bigint): boolean => 'key' in known(hash)

      function join(depth: number, left: bigint, right: bigint): bigint {
        if (left === 0n && (right === 0n || isLeaf(right))) return right
        if (right === 0n && isLeaf(left)) return left
        return put(stateNode(depth, left, right), { left, right })
      }
      function build(leaves: readonly Leaf[], depth: number): bigint {
        const [first, second] = leaves
        if (!first) return 0n
        if (!second) return put(stateLeaf(first.key, first.value), first)
        return join(depth, build(leaves.filter(({ key }) => !goesRight(key, depth)), depth + 1), build(leaves.filter(({ key }) => goesRight(key, depth)), depth + 1))
      }
      function write(hash: bigint, changed: readonly [bigint, Uint8Array | null][], depth: number): bigint {
        if (changed.length === 0) return hash
        const node = hash === 0n ? undefined : load(hash)
        if (node && 'left' in node) {
          const left = write(node.left, changed.filter(([key]) => !goesRight(key, depth)), depth + 1)
          const right = write(node.right, changed.filter(([key]) => goesRight(key, depth)), depth + 1)
          return left === node.left && right === node.right ? hash : join(depth, left, right)
        }
        const stays = node && changed.every(([key]) => key !== node.key) ? [node] : []
        return build([...stays, ...changed.flatMap(([key, value]) => (value === null ? [] : [{ key, value }]))], depth)
      }

      const next = write(root, [...values], 0)
      return { root: next, changes: [...made].map(([hash, node]) => ({ key: rows.node(hash), value: encodeNode(node) })) }
    },
  }
}

const word = (value: bigint): Uint8Array => numberToBytes(value, { size: 32 })

function encodeNode(node: Node): Uint8Array {
  return 'key' in node ? concatBytes([Uint8Array.of(1), word(node.key), node.value]) : concatBytes([Uint8Array.of(2), word(node.left), word(node.right)])
}

function decodeNode(row: Uint8Array): Node {
  const first = bytesToBigInt(row.subarray(1, 33))
  return row[0] === 1 ? { key: first, value: Uint8Array.from(row.subarray(33)) } : { left: first, right: bytesToBigInt(row.subarray(33)) }
}
