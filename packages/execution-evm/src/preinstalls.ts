import { preinstallCreations } from '@causeway/contracts'
import { CausewayError } from '@causeway/core'
import type { Common } from '@ethereumjs/common'
import { createEVM } from '@ethereumjs/evm'
import { bytesToHex, hexToBytes, type Address } from 'viem'
import { ethAddress } from './bytes.js'
import type { GenesisAlloc } from './types.js'

const CREATION_GAS = 10_000_000n

/** By chain id: every engine of a chain has the same, whatever its store. */
const made = new Map<bigint, Promise<GenesisAlloc>>()

/**
 * The contracts that tools expect, as their own init code makes them on this chain: Permit2's constructor keeps the chain id and its own
 * address. As if deployed, they have nonce 1.
 */
export function preinstallAlloc(common: Common): Promise<GenesisAlloc> {
  const alloc = made.get(common.chainId()) ?? create(common)
  made.set(common.chainId(), alloc)
  return alloc
}

async function create(common: Common): Promise<GenesisAlloc> {
  const alloc: Record<Address, GenesisAlloc[Address]> = {}
  for (const { address, initCode, create2 } of preinstallCreations()) {
    const evm = await createEVM({ common })
    const { execResult } = await evm.runCall({ data: hexToBytes(initCode), gasLimit: CREATION_GAS, ...(create2 && { caller: ethAddress(create2.factory), salt: hexToBytes(create2.salt) }) })
    if (execResult.exceptionError) throw new CausewayError(`The creation of ${address} fails: ${execResult.exceptionError.error}.`, { code: 'BAD_GENESIS', fix: 'report it: this is a bug of the engine' })
    alloc[address.toLowerCase() as Address] = { code: bytesToHex(execResult.returnValue), nonce: 1n }
  }
  return alloc
}
