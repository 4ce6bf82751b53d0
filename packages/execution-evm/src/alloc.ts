import type { Issue } from '@causeway/core'
import { wrapperAddress } from '@causeway/contracts'
import { isAddressEqual, size, slice, type Address, type Hex } from 'viem'
import type { GenesisAlloc } from './types.js'

/** Code of a wrapper: the clone itself, then its home as chain id and address. */
const WRAPPER_CODE = { clone: 45, args: 28 } as const

/**
 * Genesis accounts with value of other chains: ETH, or a wrapper with whatever balances its storage says. The chain's balance
 * tree starts empty, so exporting such value makes a certificate that no proof exists for, and the chain could never settle again.
 */
export function allocIssues(alloc: GenesisAlloc): Issue[] {
  return (Object.entries(alloc) as [Address, GenesisAlloc[Address]][]).flatMap(([address, { balance = 0n, code = '0x' }]) => [
    ...(balance === 0n ? [] : [unbacked(address, `it gives the account ${balance} wei`)]),
    ...(isWrapper(address, code) ? [unbacked(address, 'it deploys the wrapper of a token of another chain')] : []),
  ])
}

function isWrapper(address: Address, code: Hex): boolean {
  if (size(code) !== WRAPPER_CODE.clone + WRAPPER_CODE.args) return false
  const home = { chain: BigInt(slice(code, WRAPPER_CODE.clone, WRAPPER_CODE.clone + 8)), address: slice(code, WRAPPER_CODE.clone + 8) }
  return isAddressEqual(address, wrapperAddress(home))
}

const unbacked = (address: Address, what: string): Issue => ({
  path: `alloc.${address}`,
  message: `${what}, which nothing on L1 backs`,
  fix: 'Leave it out and deposit from L1 instead; tokens of the chain itself may be in `alloc`. `unbacked: true` is for engines that no cluster settles.',
})
