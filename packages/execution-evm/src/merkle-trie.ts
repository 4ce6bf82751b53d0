import { CausewayError, type Store } from '@causeway/core'
import { MerklePatriciaTrie } from '@ethereumjs/mpt'
import { KECCAK256_RLP, ValueEncoding, type BatchDBOp, type DB } from '@ethereumjs/util'
import { bareHex } from './bytes.js'
import { keccak } from './keccak.js'
import { rows } from './rows.js'

/** `@ethereumjs/mpt` on the node rows of a store, to read and to prove; what is written to it stays in memory. */
export function merkleTrie(store: Pick<Store, 'get'>, root: Uint8Array): MerklePatriciaTrie {
  const db = nodeDatabase(store, new Map())
  return new MerklePatriciaTrie({ db, root, useKeyHashing: true, useKeyHashingFunction: keccak, useNodePruning: false, useRootPersistence: false, valueEncoding: ValueEncoding.Bytes })
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
