import { CausewayError, type Store } from '@causeway/core'
import { MerklePatriciaTrie } from '@ethereumjs/mpt'
import { RLP } from '@ethereumjs/rlp'
import { KECCAK256_RLP, ValueEncoding, type BatchDBOp, type DB } from '@ethereumjs/util'
import { bareHex } from './bytes.js'
import { rows, type Change } from './rows.js'

/** Merkle-Patricia tries over a store that is only read: new nodes stay in memory until {@link TrieNodes.reachable} hands them out. */
export type TrieNodes = {
  /** A trie with hashed keys at `root`. Cheap: nothing is read until it is used. */
  trie(root: Uint8Array): MerklePatriciaTrie
  /** Does the store (or the overlay) hold this root? */
  has(root: Uint8Array): boolean
  /** The new nodes below these roots; what an earlier, overwritten version of a path left behind is not among them. */
  reachable(roots: readonly Uint8Array[]): Change[]
}

/** Opens tries over the node rows of a store. */
export function trieNodes(store: Pick<Store, 'get'>): TrieNodes {
  const fresh = new Map<string, Uint8Array>()
  const db = nodeDatabase(store, fresh)
  return {
    trie: (root) =>
      new MerklePatriciaTrie({ db, root, useKeyHashing: true, useNodePruning: false, useRootPersistence: false, valueEncoding: ValueEncoding.Bytes }),
    has(root) {
      const key = bareHex(root)
      return key === EMPTY || fresh.has(key) || store.get(rows.node(key)) !== undefined
    },
    reachable(roots) {
      const found = new Map<string, Uint8Array>()
      for (const root of roots) collect(bareHex(root), fresh, found)
      return [...found].map(([hash, value]) => ({ key: rows.node(hash), value }))
    },
  }
}

const EMPTY = bareHex(KECCAK256_RLP)

function nodeDatabase(store: Pick<Store, 'get'>, fresh: Map<string, Uint8Array>): DB<string, Uint8Array> {
  const db: DB<string, Uint8Array> = {
    async get(key) {
      const node = fresh.get(key) ?? store.get(rows.node(key))
      // The trie library takes a missing node for an absent key, which would silently fork the state.
      if (node === undefined && key !== EMPTY)
        throw new CausewayError(`State node ${key} is not in the store.`, {
          code: 'STATE_MISSING',
          fix: 'The store is damaged or pruned: rebuild the chain from L1 into an empty directory.',
        })
      return node
    },
    async put(key, value) {
      fresh.set(key, value)
    },
    async del(key) {
      fresh.delete(key)
    },
    async batch(operations: BatchDBOp<string, Uint8Array>[]) {
      for (const operation of operations) if (operation.type === 'put') fresh.set(operation.key, operation.value)
    },
    shallowCopy: () => db,
    async open() {},
  }
  return db
}

/** Depth-first over new nodes: a node that is already stored has only stored nodes below it. */
function collect(hash: string, fresh: Map<string, Uint8Array>, found: Map<string, Uint8Array>): void {
  const node = fresh.get(hash)
  if (node === undefined || found.has(hash)) return
  found.set(hash, node)
  collectChildren(RLP.decode(node) as NestedNode, fresh, found)
}

type NestedNode = (Uint8Array | NestedNode)[]

function collectChildren(node: NestedNode, fresh: Map<string, Uint8Array>, found: Map<string, Uint8Array>): void {
  for (const child of childrenOf(node)) {
    if (child instanceof Uint8Array) {
      if (child.length === 32) collect(bareHex(child), fresh, found)
    } else collectChildren(child, fresh, found)
  }
}

function childrenOf(node: NestedNode): NestedNode {
  if (node.length === 17) return node.slice(0, 16)
  const path = node[0]
  const isLeaf = path instanceof Uint8Array && ((path[0] ?? 0) & 0x20) !== 0
  return isLeaf || node[1] === undefined ? [] : [node[1]]
}

