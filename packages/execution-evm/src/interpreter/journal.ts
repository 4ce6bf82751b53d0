import type { EVM } from '@ethereumjs/evm'
import { Address, type Account } from '@ethereumjs/util'
import { hexToBytes } from 'viem'
import { bareHex } from '../bytes.js'
import type { FlatState, Place } from '../state.js'

/** Accounts that are warm, with their warm slots (EIP-2929); keys are hex without 0x. */
export type Warmth = {
  isWarm(account: string): boolean
  warm(account: string): void
  isWarmSlot(account: string, slot: string): boolean
  warmSlot(account: string, slot: string): void
  /** Marks an account as touched: it is deleted after the transaction if it is empty (EIP-161). */
  touch(account: string): void
}

/** Transient storage (EIP-1153) of the transaction. */
export type Transient = {
  load(at: Place, slot: string): Uint8Array
  store(at: Place, slot: string, value: Uint8Array): void
}

/** RIPEMD160, which stays touched whatever is undone: so it was on Ethereum. */
const NEVER_UNTOUCHED = `${'0'.repeat(39)}3`
const NOTHING = new Uint8Array()

/**
 * Puts a journal and a transient storage into an EVM of EthereumJS that undo with the state: what a frame warmed, touched and stored goes
 * with its changes, at no cost for frames that end well. EthereumJS' own keep sets for each frame.
 */
export function takeJournal(evm: EVM, state: FlatState): { warmth: Warmth; transient: Transient } {
  const { onUndo } = state.now
  let slots = new Map<string, Set<string>>()
  let touched = new Set<string>()
  let accessed: Map<string, Set<string>> | undefined
  let transient = new Map<string, Map<string, Uint8Array>>()

  function report(account: string): Set<string> | undefined {
    if (!accessed) return undefined
    const known = accessed.get(account) ?? new Set<string>()
    accessed.set(account, known)
    return known
  }
  function warm(account: string): void {
    if (slots.has(account)) return
    report(account)
    const into = slots
    into.set(account, new Set())
    onUndo(() => into.delete(account))
  }
  function warmSlot(account: string, slot: string): void {
    warm(account)
    report(account)?.add(slot)
    const into = slots.get(account) as Set<string>
    if (into.has(slot)) return
    into.add(slot)
    onUndo(() => into.delete(slot))
  }
  function touch(account: string): void {
    if (touched.has(account)) return
    const into = touched
    into.add(account)
    if (account !== NEVER_UNTOUCHED) onUndo(() => into.delete(account))
  }
  function alwaysWarm(account: string): Set<string> {
    const known = slots.get(account) ?? new Set<string>()
    slots.set(account, known)
    return known
  }
  const bare = (hex: string): string => (hex.startsWith('0x') ? hex.slice(2) : hex)
  function clean(): void {
    slots = new Map()
    touched = new Set()
  }

  const journal = {
    get accessList() {
      return accessed
    },
    startReportingAccessList() {
      accessed = new Map()
    },
    putAccount(address: Address, account: Account) {
      touch(bareHex(address.bytes))
      return state.putAccount(address, account)
    },
    deleteAccount(address: Address) {
      touch(bareHex(address.bytes))
      return state.deleteAccount(address)
    },
    checkpoint: () => state.checkpoint(),
    commit: () => state.commit(),
    revert: () => state.revert(),
    cleanJournal: clean,
    async cleanup() {
      for (const key of touched) {
        const address = new Address(hexToBytes(`0x${key}`))
        const account = await state.getAccount(address)
        if (!account || account.isEmpty()) await state.deleteAccount(address)
      }
      clean()
      accessed = undefined
    },
    addAlwaysWarmAddress(account: string, reported = false) {
      alwaysWarm(bare(account))
      if (reported) report(bare(account))
    },
    addAlwaysWarmSlot(account: string, slot: string, reported = false) {
      alwaysWarm(bare(account)).add(bare(slot))
      if (reported) report(bare(account))?.add(bare(slot))
    },
    isWarmedAddress: (bytes: Uint8Array) => slots.has(bareHex(bytes)),
    addWarmedAddress: (bytes: Uint8Array) => warm(bareHex(bytes)),
    isWarmedStorage: (bytes: Uint8Array, slot: Uint8Array) => slots.get(bareHex(bytes))?.has(bareHex(slot)) ?? false,
    addWarmedStorage: (bytes: Uint8Array, slot: Uint8Array) => warmSlot(bareHex(bytes), bareHex(slot)),
  }
  const load = (account: string, slot: string): Uint8Array => transient.get(account)?.get(slot) ?? NOTHING
  function store(account: string, slot: string, value: Uint8Array): void {
    let values = transient.get(account)
    if (!values) transient.set(account, (values = new Map()))
    const into = values
    const before = into.get(slot) ?? NOTHING
    into.set(slot, value)
    onUndo(() => into.set(slot, before))
  }
  const nothing = (): void => undefined
  const storage = {
    get: (address: Address, slot: Uint8Array) => load(bareHex(address.bytes), bareHex(slot)),
    put: (address: Address, slot: Uint8Array, value: Uint8Array) => store(bareHex(address.bytes), bareHex(slot), value),
    checkpoint: nothing,
    commit: nothing,
    revert: nothing,
    clear() {
      transient = new Map()
    },
  }
  Object.assign(evm, { journal, transientStorage: storage })
  return {
    warmth: { isWarm: (account) => slots.has(account), warm, isWarmSlot: (account, slot) => slots.get(account)?.has(slot) ?? false, warmSlot, touch },
    transient: { load: ({ key }, slot) => load(key, slot), store: ({ key }, slot, value) => store(key, slot, value) },
  }
}
