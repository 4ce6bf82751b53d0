import type { Common } from '@ethereumjs/common'
import type { CustomPrecompile } from '@ethereumjs/evm'
import { getAddress, type Address } from 'viem'
import type { StateOverrides } from './call.js'
import { precompilesOf } from './interpreter/precompiles.js'
import { unstartable } from './message.js'

/** Changes of the precompiles, by lower-case address: where one was put, and where there is none any more. */
export type PrecompileTable = ReadonlyMap<Address, CustomPrecompile>

/**
 * Takes precompiles away from the addresses that are overridden, to where they are moved if that is asked.
 * @throws `INVALID_CALL`, in geth's words
 */
export function movePrecompiles(common: Common, overrides: StateOverrides): PrecompileTable | undefined {
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
