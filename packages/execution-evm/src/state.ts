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
    account(at: Place): AccountRecord | null
    setAccount(at: Place, account: AccountRecord): void
    /** Without leading zeros; empty for 0. Slots are 64 hex digits. */
    storage(at: Place, slot: string): Uint8Array
    /** As it was before the transaction. */
    originalStorage(at: Place, slot: string): Uint8Array
    /** `value` without leading zeros. */
    putStorage(at: Place, slot: string, value: Uint8Array): void
    clearStorage(at: Place): void
    /** The same array each time for the same code. */
    code(at: Place): Uint8Array
    putCode(at: Place, code: Uint8Array): void
    /** A point in the journal. */
    mark(): number
    /** Undoes everything since the mark. */
    undoTo(mark: number): void
    /** Has something else undone with the changes of the state. */
    onUndo(undo: () => void): void
  }
  /** The root of the present state, and the new nodes and code that it needs. */
  seal(): Promise<{ stateRoot: Uint8Array; changes: Change[] }>
}

/** An address, and its 40 hex digits as a key. */
export type Place = { readonly key: string; readonly address: Address }

/** The place of an address. */
export const placeOf = (address: Address): Place => ({ key: bareHex(address.bytes), address })

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
  let original = new Map<string, Map<string, Uint8Array>>()
  // What may differ from the base. Never shrinks: writing an unchanged value again costs time, not correctness.
  let dirtyAccounts = new Map<string, Address>()
  let dirtySlots = new Map<string, Set<string>>()
  let newCode = new Map<string, Uint8Array>()
  /** Code by the hash of an account: by the array, since accounts are copied and their hashes are not. */
  const codes = new WeakMap<Uint8Array, Uint8Array>()
  const checkpoints: number[] = []
  const undo: (() => void)[] = []

  function load({ key, address }: Place): AccountRecord | null {
    const known = accounts.get(key)
    if (known !== undefined) return known
    const encoded = tries.get(baseRoot, address.bytes)
    const account = encoded === undefined ? null : createAccountFromRLP(encoded)
    const record = account && { nonce: account.nonce, balance: account.balance, storageRoot: account.storageRoot, codeHash: account.codeHash }
    accounts.set(key, record)
    storageBase.set(key, record?.storageRoot ?? KECCAK256_RLP)
    return record
  }

  function set(at: Place, record: AccountRecord | null): void {
    const before = load(at)
    const { key, address } = at
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

  function storage(at: Place, slot: string): Uint8Array {
    const { key } = at
    const known = slots.get(key)?.get(slot)
    if (known !== undefined) return known
    load(at)
    const base = storageBase.get(key) ?? KECCAK256_RLP
    const encoded = tries.get(base, hexToBytes(`0x${slot}`))
    const value = encoded === undefined ? NOTHING : (RLP.decode(encoded) as Uint8Array)
    slotsOf(key).set(slot, value)
    return value
  }

  function clear(at: Place): void {
    const account = load(at)
    const { key } = at
    const before = { slots: slots.get(key), base: storageBase.get(key) ?? KECCAK256_RLP }
    undo.push(() => {
      if (before.slots) slots.set(key, before.slots)
      else slots.delete(key)
      storageBase.set(key, before.base)
    })
    slots.set(key, new Map())
    storageBase.set(key, KECCAK256_RLP)
    if (account) set(at, { ...account, storageRoot: KECCAK256_RLP })
  }

  function undoTo(length: number): void {
    while (undo.length > length) undo.pop()?.()
  }

  function codeOf(at: Place): Uint8Array {
    const account = load(at)
    if (!account || account.codeHash === KECCAK256_NULL) return NOTHING
    const known = codes.get(account.codeHash)
    if (known) return known
    const code = findCode(account.codeHash)
    codes.set(account.codeHash, code)
    return code
  }

  function findCode(codeHash: Uint8Array): Uint8Array {
    if (sameBytes(codeHash, KECCAK256_NULL)) return NOTHING
    const hash = bareHex(codeHash)
    const code = newCode.get(hash) ?? states.code(hash)
    if (!code)
      throw new CausewayError(`Code ${hash} is not in the store.`, {
        code: 'STATE_MISSING',
        fix: 'The store is damaged or pruned: rebuild the chain from L1 into an empty directory.',
      })
    return code
  }

  function putCode(at: Place, code: Uint8Array): void {
    const codeHash = code.length === 0 ? KECCAK256_NULL : keccak(code)
    if (code.length > 0) newCode.set(bareHex(codeHash), code)
    const account = load(at) ?? { nonce: 0n, balance: 0n, storageRoot: KECCAK256_RLP, codeHash }
    set(at, { ...account, codeHash })
  }

  function account(at: Place): Account | undefined {
    const record = load(at)
    // A fresh object each time: the EVM changes accounts before it puts them.
    return record ? new Account(record.nonce, record.balance, record.storageRoot, record.codeHash) : undefined
  }

  function put(at: Place, account?: Account): void {
    if (!account) return remove(at)
    set(at, { nonce: account.nonce, balance: account.balance, storageRoot: account.storageRoot, codeHash: account.codeHash })
  }

  function remove(at: Place): void {
    clear(at)
    set(at, null)
  }

  function putStorage(at: Place, slot: string, value: Uint8Array): void {
    const { key } = at
    const account = load(at)
    const before = storage(at, slot)
    const values = slotsOf(key)
    undo.push(() => values.set(slot, before))
    values.set(slot, value)
    const dirty = dirtySlots.get(key)
    if (dirty) dirty.add(slot)
    else dirtySlots.set(key, new Set([slot]))
    if (account) dirtyAccounts.set(key, at.address)
  }

  function originalStorage(at: Place, slot: string): Uint8Array {
    let values = original.get(at.key)
    if (!values) original.set(at.key, (values = new Map()))
    const known = values.get(slot)
    if (known !== undefined) return known
    const value = storage(at, slot)
    values.set(slot, value)
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
    now: {
      account: load,
      setAccount: set,
      storage,
      originalStorage,
      putStorage,
      clearStorage: clear,
      code: codeOf,
      putCode,
      mark: () => undo.length,
      undoTo,
      onUndo: (also) => void undo.push(also),
    },
    getAccount: async (address) => account(placeOf(address)),
    putAccount: async (address, value) => put(placeOf(address), value),
    deleteAccount: async (address) => remove(placeOf(address)),
    getStorage: async (address, slot) => storage(placeOf(address), bareHex(slot)),
    putStorage: async (address, slot, value) => putStorage(placeOf(address), bareHex(slot), unpadBytes(value)),
    clearStorage: async (address) => clear(placeOf(address)),
    getCode: async (address) => codeOf(placeOf(address)),
    seal,
    async modifyAccountFields(address: Address, fields: AccountFields) {
      const at = placeOf(address)
      put(at, Object.assign(account(at) ?? new Account(), fields))
    },
    putCode: async (address, code) => putCode(placeOf(address), code),
    async getCodeSize(address) {
      return codeOf(placeOf(address)).length
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
      get: async (address, slot) => originalStorage(placeOf(address), bareHex(slot)),
      clear() {
        original = new Map()
      },
    },
    clearCaches() {},
    shallowCopy: () => flatState(states, baseRoot),
  }
}
