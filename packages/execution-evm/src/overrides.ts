import type { Common } from '@ethereumjs/common'
import { Account } from '@ethereumjs/util'
import type { CustomPrecompile } from '@ethereumjs/evm'
import { getAddress, hexToBytes, pad, type Address, type Hex } from 'viem'
import type { OpenHeader } from './block.js'
import { ethAddress } from './bytes.js'
import { precompilesOf } from './interpreter/precompiles.js'
import type { PrecompileTable } from './machine.js'
import { unstartable } from './message.js'
import type { FlatState } from './state.js'

/** Changes of the state for one call, by address. */
export type StateOverrides = Readonly<
  Record<
    Address,
    {
      balance?: bigint
      nonce?: bigint
      /** Also takes the place of a precompile. */
      code?: Hex
      /** Replaces all storage. */
      state?: Record<Hex, Hex>
      /** Changes single slots. */
      stateDiff?: Record<Hex, Hex>
      /** Where the precompile of this address is instead. */
      movePrecompileTo?: Address
    }
  >
>

/** Another block than the real one to run calls in. */
export type BlockOverrides = {
  /** The block after the one whose state it is, as `pending` has it: number, parent and base fee follow; its time is a second later. */
  next?: boolean
  number?: bigint
  /** Seconds. */
  timestamp?: bigint
  gasLimit?: bigint
  feeRecipient?: Address
  prevRandao?: Hex
  baseFeePerGas?: bigint
}

/** A header to open a block with, changed as asked. */
export function overrideHeader(header: OpenHeader, { number, timestamp, gasLimit, feeRecipient, prevRandao, baseFeePerGas }: BlockOverrides): OpenHeader {
  return {
    ...header,
    ...(number !== undefined && { number }),
    ...(timestamp !== undefined && { timestampMs: timestamp * 1000n }),
    ...(gasLimit !== undefined && { gasLimit }),
    ...(feeRecipient !== undefined && { feeRecipient }),
    ...(prevRandao !== undefined && { mixHash: prevRandao }),
    ...(baseFeePerGas !== undefined && { baseFeePerGas }),
  }
}

/**
 * Changes a state, and answers where its precompiles then are, if that changes too.
 * @throws `INVALID_CALL`, in geth's words
 */
export async function applyOverrides(state: FlatState, common: Common, overrides: StateOverrides): Promise<PrecompileTable | undefined> {
  const precompiles = movePrecompiles(common, overrides)
  for (const [key, change] of Object.entries(overrides) as [Address, StateOverrides[Address]][]) {
    const address = ethAddress(key)
    const account = (await state.getAccount(address)) ?? new Account()
    if (change.balance !== undefined) account.balance = change.balance
    if (change.nonce !== undefined) account.nonce = change.nonce
    if (Object.entries(change).some(([what, value]) => what !== 'movePrecompileTo' && value !== undefined)) await state.putAccount(address, account)
    if (change.code !== undefined) await state.putCode(address, hexToBytes(change.code))
    if (change.state) await state.clearStorage(address)
    for (const [slot, value] of Object.entries({ ...change.state, ...change.stateDiff }) as [Hex, Hex][])
      await state.putStorage(address, hexToBytes(pad(slot)), hexToBytes(pad(value)))
  }
  return precompiles
}

/**
 * Takes precompiles away from the addresses that are overridden, to where they are moved if that is asked.
 * @throws `INVALID_CALL`, in geth's words
 */
function movePrecompiles(common: Common, overrides: StateOverrides): PrecompileTable | undefined {
  const active = precompilesOf(common)
  const table = new Map<Address, CustomPrecompile>()
  const filled = new Set<Address>()
  const overridden = new Set(Object.keys(overrides).map((key) => key.toLowerCase()))
  for (const [key, { movePrecompileTo }] of Object.entries(overrides) as [Address, StateOverrides[Address]][]) {
    const address = key.toLowerCase() as Address
    if (filled.has(address)) throw unstartable(`account ${getAddress(address)} has already been overridden by a precompile`)
    const code = active.get(address.slice(2))
    if (movePrecompileTo !== undefined) {
      const target = movePrecompileTo.toLowerCase() as Address
      if (!code) throw unstartable(`account ${getAddress(address)} is not a precompile`)
      if (overridden.has(target)) throw unstartable(`account ${getAddress(target)} is already overridden`)
      table.set(target, { address: target, function: code })
      filled.add(target)
    }
    if (code) table.set(address, { address })
  }
  return table.size === 0 ? undefined : table
}
