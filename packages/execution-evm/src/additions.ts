import { CausewayError, SYSTEM_SENDER, type EnginePart } from '@causeway/core'
import { PREDEPLOYS, PREINSTALLS } from '@causeway/contracts'
import { concatHex, isAddress, stringToHex, type Address, type Hex } from 'viem'
import type { Precompile } from './precompile.js'
import type { GenesisAccount, GenesisAlloc } from './types.js'

/** What a chain has in its genesis besides the contracts of every chain. */
export type Additions = {
  /** Contracts at addresses of their own. Unlike `alloc`, nothing wins over them: an address that is taken is an error. */
  predeploys?: Readonly<Record<Address, Pick<GenesisAccount, 'code' | 'storage'>>>
  precompiles?: readonly Precompile[]
}

/** The part of a plugin that is for the EVM. */
export type EvmPart = EnginePart & { readonly engine: 'evm' } & Readonly<Additions>

/** Something that a plugin adds to the EVM of its chain: the `engine` of `definePlugin`. */
export const evmPart = (additions: Additions): EvmPart => ({ engine: 'evm', ...additions })

/** Both together. @throws `ADDRESS_TAKEN` for a predeploy that both have */
export function joined(some: Additions, more: Additions): Required<Additions> {
  const predeploys = new Map(Object.entries(some.predeploys ?? {}) as [Address, GenesisAccount][])
  const taken = new Set([...predeploys.keys()].map((address) => address.toLowerCase()))
  for (const [address, account] of Object.entries(more.predeploys ?? {}) as [Address, GenesisAccount][]) {
    if (taken.has(address.toLowerCase())) throw addressTaken(address)
    predeploys.set(address, account)
  }
  return { predeploys: Object.fromEntries(predeploys), precompiles: [...(some.precompiles ?? []), ...(more.precompiles ?? [])] }
}

const NAME = /^[a-z][a-z0-9-]{0,31}$/
/** Below this are Ethereum's precompiles, and those that it will have. */
const FIRST_ADDRESS = 0x1_0000n
/** Byte that no contract can run: whoever reads the code of a precompile sees that there is something, and what. */
const INVALID: Hex = '0xfe'

/**
 * Genesis accounts of an `alloc` and of what is added to it, by lower-case address. A precompile has an account with its name and version as code:
 * so Solidity, which asks for code, calls it by an interface; and a chain without it has another genesis.
 * @throws `BAD_PRECOMPILE`, `ADDRESS_TAKEN`
 */
export function withAdditions(alloc: GenesisAlloc, { predeploys = {}, precompiles = [] }: Additions): GenesisAlloc {
  const accounts = new Map((Object.entries(alloc) as [Address, GenesisAccount][]).map(([address, account]) => [address.toLowerCase(), account]))
  const fixed = [...Object.values(PREDEPLOYS), ...Object.values(PREINSTALLS), SYSTEM_SENDER].map((address) => address.toLowerCase())
  const add = (address: Address, account: GenesisAccount) => {
    const key = address.toLowerCase()
    if (accounts.has(key) || fixed.includes(key)) throw addressTaken(address)
    accounts.set(key, account)
  }
  for (const [address, { code, storage }] of Object.entries(predeploys) as [Address, GenesisAccount][]) add(address, { nonce: 1n, ...(code && { code }), ...(storage && { storage }) })
  for (const precompile of precompiles) {
    checkPrecompile(precompile)
    add(precompile.address, { nonce: 1n, code: concatHex([INVALID, stringToHex(`${precompile.name}@${precompile.version}`)]) })
  }
  return Object.fromEntries(accounts)
}

function checkPrecompile({ address, name, version, module }: Precompile): void {
  const wrong =
    typeof name !== 'string' || !NAME.test(name)
      ? 'its name is lower-case letters, digits and -, at most 32'
      : !isAddress(address, { strict: false }) || BigInt(address) < FIRST_ADDRESS
        ? 'its address is above 0xffff, below which are Ethereum’s'
        : !(Number.isSafeInteger(version) && version > 0)
          ? 'its version is a whole number from 1 on'
          : !(module instanceof URL)
            ? 'its module is a URL: new URL(‘./precompile.js’, import.meta.url)'
            : undefined
  if (wrong) throw new CausewayError(`The precompile ${JSON.stringify(name)} at ${address} cannot be.`, { code: 'BAD_PRECOMPILE', fix: wrong, docs: 'plugins.md' })
}

function addressTaken(address: Address): CausewayError {
  return new CausewayError(`There is something at ${address} in the genesis already.`, { code: 'ADDRESS_TAKEN', fix: 'give the precompile or predeploy another address', docs: 'plugins.md' })
}
