import { wrapperAddress } from '@causeway/contracts'
import { errorCode } from '@causeway/core'
import { concatHex, encodePacked, type Address, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { evm } from './evm.js'
import { alice, FEES, L1 } from './harness.test-helper.js'
import type { GenesisAlloc } from './types.js'

const home = { chain: L1, address: `0x${'77'.repeat(20)}` as Address }
/** 45 bytes of any code, then a home. */
const clone = (of: typeof home): Hex => concatHex([`0x${'5b'.repeat(45)}`, encodePacked(['uint64', 'address'], [of.chain, of.address])])
const attempt = (alloc: GenesisAlloc, unbacked = false): string | undefined => {
  try {
    evm({ feeRecipient: FEES, alloc, unbacked })
    return undefined
  } catch (error) {
    return errorCode(error)
  }
}

it('genesis holds nothing that came from no other chain', () => {
  const wrapper = wrapperAddress(home)
  expect(attempt({ [alice.address]: { balance: 1n } })).toBe('GENESIS_UNBACKED')
  expect(attempt({ [wrapper]: { code: clone(home) } })).toBe('GENESIS_UNBACKED')
  expect(attempt({ [wrapper.toLowerCase()]: { code: clone(home) } })).toBe('GENESIS_UNBACKED')
})

it('genesis takes contracts, their storage, nonces, and what is no wrapper', () => {
  expect(attempt({ [alice.address]: { balance: 0n, nonce: 3n } })).toBeUndefined()
  expect(attempt({ [alice.address]: { code: clone(home), storage: { '0x00': '0x01' } } })).toBeUndefined()
  expect(attempt({ [wrapperAddress(home)]: { code: clone({ ...home, chain: 7n }) } })).toBeUndefined()
})

it('an engine that no cluster settles takes anything', () => {
  expect(attempt({ [alice.address]: { balance: 1n }, [wrapperAddress(home)]: { code: clone(home) } }, true)).toBeUndefined()
})
