import { CausewayError } from '@causeway/core'
import { wrapperAddress } from '@causeway/contracts'
import { isAddressEqual, size, slice, type Address, type Hex } from 'viem'
import type { GenesisAlloc } from './types.js'

/** Code of a wrapper: the clone itself, then its home as chain id and address. */
const WRAPPER_CODE = { clone: 45, args: 28 } as const

/**
 * Refuses genesis accounts with value of other chains: ETH, or a wrapper with whatever balances its storage says. The chain's balance
 * tree starts empty, so exporting such value makes a certificate that no proof exists for, and the chain could never settle again.
 * @throws CausewayError `GENESIS_UNBACKED`
 */
export function checkAlloc(alloc: GenesisAlloc): void {
  for (const [address, { balance = 0n, code = '0x' }] of Object.entries(alloc) as [Address, GenesisAlloc[Address]][]) {
    if (balance !== 0n) throw unbacked(`gives ${address} ${balance} wei`)
    if (isWrapper(address, code)) throw unbacked(`deploys ${address}, the wrapper of a token of another chain`)
  }
}

function isWrapper(address: Address, code: Hex): boolean {
  if (size(code) !== WRAPPER_CODE.clone + WRAPPER_CODE.args) return false
  const home = { chain: BigInt(slice(code, WRAPPER_CODE.clone, WRAPPER_CODE.clone + 8)), address: slice(code, WRAPPER_CODE.clone + 8) }
  return isAddressEqual(address, wrapperAddress(home))
}

function unbacked(what: string): CausewayError {
  return new CausewayError(`The genesis \`alloc\` ${what}, which nothing on L1 backs.`, {
    code: 'GENESIS_UNBACKED',
    fix: 'Leave it out and deposit from L1 instead; tokens of the chain itself may be in `alloc`. `unbacked: true` is for engines that no cluster settles.',
  })
}
