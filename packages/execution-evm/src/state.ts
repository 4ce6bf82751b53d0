import type { AccountFields, StateManagerInterface } from '@ethereumjs/common'
import { Account, createAccountFromRLP, KECCAK256_NULL, KECCAK256_RLP, unpadBytes, type Address } from '@ethereumjs/util'
import { RLP } from '@ethereumjs/rlp'
import { CausewayError, type Store } from '@causeway/core'
import { hexToBytes } from 'viem'
import { bareHex, sameBytes } from './bytes.js'
import { keccak } from './keccak.js'
import { rows, type Change } from './rows.js'
import { openTries, type Tries } from './tries.js'

/**
 * The state during execution: a flat, journaled overlay over the tries of one state root. Trie hashing happens once, in
 * {@link FlatState.seal}; flushing tries after every transaction is what limits `MerkleStateManager`.
 */
export type FlatState = StateManagerInterface & {
  /** A mark to {@link FlatState.restore}; survives unbalanced checkpoints. */
  snapshot(): Snapshot
  /** Undoes everything since the mark, open checkpoints included. */
  restore(snapshot: Snapshot): void
  /** The same without promises, for what is done a million times a block. */
  now: {
    account(address: Address): AccountRecord | null
    /** Without leading zeros; empty for 0. */
    storage(address: Address, slot: Uint8Array): Uint8Array
    /** As it was before the transaction. */
    originalStorage(address: Address, slot: Uint8Array): Uint8Array
    putStorage(address: Address, slot: Uint8Array, value: Uint8Array): void
    code(address: Address): Uint8Array
  }
  /** The root of the present state, and the new nodes and code that it needs. */
  seal(): Promise<{ stateRoot: Uint8Array; changes: Change[] }>
}

/** A point in a state's journal. */
export type Snapshot = { undo: number; checkpoints: number }

/** An account as it is stored. */
export type AccountRecord = { nonce: bigint; balance: bigint; storageRoot: Uint8Array; codeHash: Uint8Array }
const NOTHING = new Uint8Array()

/** Where states live: opened once, for all states of a store. */
export type StateStore = { tries: Tries; code(hash: string): Uint8Array | undefined }

/** Opens the states of a store. */
export function openStates(store: Pick<Store, 'get'>): StateStore {
  return { tries: openTries(store), code: recentCode((hash) => store.get(rows.code(hash))) }
}

/** Bytes of code that are kept for the next call. */
const RECENT_CODE = 32_000_000

/** Reads code by hash and keeps what it read, up to a size, the oldest giving way first: the same code is always the same array, by which others remember what they know of it. */
function recentCode(read: (hash: string) => Uint8Array | undefined): StateStore['code'] {
  const recent = new Map<string, Uint8Array>()
  let size = 0
  return (hash) => {
    const known = recent.get(hash)
    if (known) return known
    const code = read(hash)
    if (!code) return undefined
    recent.set(hash, code)
    size += code.length
    for (const [oldest, { length }] of recent) {
      if (size <= RECENT_CODE) break
      recent.delete(oldest)
      size -= length
    }
    return code
  }
}

/** Opens the state behind a root. @throws `STATE_MISSING` on first use if the store does not hold it. */
export function flatState(states: StateStore, root: Uint8Array): FlatState {
  const { tries } = states
  let baseRoot = root
  let accounts = new Map<string, AccountRecord | null>()
  let storageBase = new Map<string, Uint8Array>()
  let slots = new Map<string, Map<string, Uint8Array>>()
  let original = new Map<string, Uint8Array>()
  // What may differ from the base. Never shrinks: writing an unchanged value again costs time, not correctness.
  let dirtyAccounts = new Map<string, Address>()
  let dirtySlots = new Map<string, Set<string>>()
  let newCode = new Map<string, Uint8Array>()
  const checkpoints: number[] = []
  const undo: (() => void)[] = []

  function load(address: Address): AccountRecord | null {
    const key = bareHex(address.bytes)
    const known = accounts.get(key)
    if (known !== undefined) return known
    const encoded = tries.get(baseRoot, address.bytes)
    const account = encoded === undefined ? null : createAccountFromRLP(encoded)
    const record = account && { nonce: account.nonce, balance: account.balance, storageRoot: account.storageRoot, codeHash: account.codeHash }
    accounts.set(key, record)
    storageBase.set(key, record?.storageRoot ?? KECCAK256_RLP)
    return record
  }

  function set(address: Address, record: AccountRecord | null): void {
    const before = load(address)
    const key = bareHex(address.bytes)
    undo.push(() => accounts.set(key, before))
    dirtyAccounts.set(key, address)
    accounts.set(key, record)
  }

  function slotsOf(key: string): Map<string, Uint8Array> {
    const known = slots.get(key)
    if (known) return known
    const created = new Map<string, Uint8Array>()
    slots.set(key, created)
    return created
  }

  function storage(address: Address, slot: Uint8Array): Uint8Array {
    const key = bareHex(address.bytes)
    const slotKey = bareHex(slot)
    const known = slots.get(key)?.get(slotKey)
    if (known !== undefined) return known
    load(address)
    const base = storageBase.get(key) ?? KECCAK256_RLP
    const encoded = tries.get(base, slot)
    const value = encoded === undefined ? NOTHING : (RLP.decode(encoded) as Uint8Array)
    slotsOf(key).set(slotKey, value)
    return value
  }

  function clear(address: Address): void {
    const account = load(address)
    const key = bareHex(address.bytes)
    const before = { slots: slots.get(key), base: storageBase.get(key) ?? KECCAK256_RLP }
    undo.push(() => {
      if (before.slots) slots.set(key, before.slots)
      else slots.delete(key)
      storageBase.set(key, before.base)
    })
    slots.set(key, new Map())
    storageBase.set(key, KECCAK256_RLP)
    if (account) set(address, { ...account, storageRoot: KECCAK256_RLP })
  }

  function undoTo(length: number): void {
    while (undo.length > length) undo.pop()?.()
  }

  function codeOf(address: Address): Uint8Array {
    const account = load(address)
    if (!account || sameBytes(account.codeHash, KECCAK256_NULL)) return NOTHING
    const hash = bareHex(account.codeHash)
    const code = newCode.get(hash) ?? states.code(hash)
    if (!code)
      throw new CausewayError(`Code ${hash} is not in the store.`, {
        code: 'STATE_MISSING',
        fix: 'The store is damaged or pruned: rebuild the chain from L1 into an empty directory.',
      })
    return code
  }

  function account(address: Address): Account | undefined {
    const record = load(address)
    // A fresh object each time: the EVM changes accounts before it puts them.
    return record ? new Account(record.nonce, record.balance, record.storageRoot, record.codeHash) : undefined
  }

  function put(address: Address, account?: Account): void {
    if (!account) return remove(address)
    set(address, { nonce: account.nonce, balance: account.balance, storageRoot: account.storageRoot, codeHash: account.codeHash })
  }

  function remove(address: Address): void {
    clear(address)
    set(address, null)
  }

  function putStorage(address: Address, slot: Uint8Array, value: Uint8Array): void {
    const key = bareHex(address.bytes)
    const slotKey = bareHex(slot)
    const account = load(address)
    const before = storage(address, slot)
    const values = slotsOf(key)
    undo.push(() => values.set(slotKey, before))
    values.set(slotKey, unpadBytes(value))
    const dirty = dirtySlots.get(key)
    if (dirty) dirty.add(slotKey)
    else dirtySlots.set(key, new Set([slotKey]))
    if (account) dirtyAccounts.set(key, address)
  }

  function originalStorage(address: Address, slot: Uint8Array): Uint8Array {
    const key = `${bareHex(address.bytes)}${bareHex(slot)}`
    const known = original.get(key)
    if (known !== undefined) return known
    const value = storage(address, slot)
    original.set(key, value)
    return value
  }

  async function seal(): Promise<{ stateRoot: Uint8Array; changes: Change[] }> {
    const changes: Change[] = []
    const writes: [Uint8Array, Uint8Array | null][] = []
    for (const [key, address] of dirtyAccounts) {
      const record = accounts.get(key)
      if (!record) {
        writes.push([address.bytes, null])
        continue
      }
      const storageRoot = sealStorage(key, changes)
      writes.push([address.bytes, new Account(record.nonce, record.balance, storageRoot, record.codeHash).serialize()])
      const hash = bareHex(record.codeHash)
      const code = newCode.get(hash)
      if (code) changes.push({ key: rows.code(hash), value: code })
    }
    const sealed = tries.update(baseRoot, writes)
    return { stateRoot: sealed.root, changes: [...changes, ...sealed.changes] }
  }

  function sealStorage(key: string, changes: Change[]): Uint8Array {
    const base = storageBase.get(key) ?? KECCAK256_RLP
    const values = slots.get(key)
    const writes: [Uint8Array, Uint8Array | null][] = []
    for (const slotKey of dirtySlots.get(key) ?? []) {
      const value = values?.get(slotKey)
      // Without a value it was written before the storage was cleared.
      if (value !== undefined) writes.push([hexToBytes(`0x${slotKey}`), value.length === 0 ? null : RLP.encode(value)])
    }
    if (writes.length === 0) return base
    const sealed = tries.update(base, writes)
    changes.push(...sealed.changes)
    return sealed.root
  }

  return {
    now: { account: load, storage, originalStorage, putStorage, code: codeOf },
    getAccount: async (address) => account(address),
    putAccount: async (address, value) => put(address, value),
    deleteAccount: async (address) => remove(address),
    getStorage: async (address, slot) => storage(address, slot),
    putStorage: async (address, slot, value) => putStorage(address, slot, value),
    clearStorage: async (address) => clear(address),
    getCode: async (address) => codeOf(address),
    seal,
    async modifyAccountFields(address: Address, fields: AccountFields) {
      put(address, Object.assign(account(address) ?? new Account(), fields))
    },
    async putCode(address, code) {
      const codeHash = code.length === 0 ? KECCAK256_NULL : keccak(code)
      if (code.length > 0) newCode.set(bareHex(codeHash), code)
      const account = load(address) ?? { nonce: 0n, balance: 0n, storageRoot: KECCAK256_RLP, codeHash }
      set(address, { ...account, codeHash })
    },
    async getCodeSize(address) {
      return codeOf(address).length
    },
    async checkpoint() {
      checkpoints.push(undo.length)
    },
    async commit() {
      checkpoints.pop()
    },
    async revert() {
      undoTo(checkpoints.pop() ?? 0)
    },
    snapshot: () => ({ undo: undo.length, checkpoints: checkpoints.length }),
    restore(snapshot) {
      undoTo(snapshot.undo)
      checkpoints.length = snapshot.checkpoints
    },
    async getStateRoot() {
      return (await seal()).stateRoot
    },
    async setStateRoot(stateRoot) {
      baseRoot = stateRoot
      accounts = new Map()
      storageBase = new Map()
      slots = new Map()
      original = new Map()
      dirtyAccounts = new Map()
      dirtySlots = new Map()
      newCode = new Map()
      checkpoints.length = 0
      undo.length = 0
    },
    async hasStateRoot(stateRoot) {
      return tries.has(stateRoot)
    },
    originalStorageCache: {
      get: async (address, slot) => originalStorage(address, slot),
      clear() {
        original = new Map()
      },
    },
    clearCaches() {},
    shallowCopy: () => flatState(states, baseRoot),
  }
}
