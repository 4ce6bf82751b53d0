import { wrapperAddress } from '@causeway/contracts'
import { memoryStore } from '@causeway/testing'
import { concatHex, encodePacked, type Address, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { evm } from './evm.js'
import { alice, FEES, L1 } from './harness.test-helper.js'
import type { GenesisAlloc } from './types.js'

const home = { chain: L1, address: `0x${'77'.repeat(20)}` as Address }
/** 45 bytes of any code, then a home. */
const clone = (of: typeof home): Hex => concatHex([`0x${'5b'.repeat(45)}`, encodePacked(['uint64', 'address'], [of.chain, of.address])])
/** What is wrong, and whether the engine is made all the same. */
function attempt(alloc: GenesisAlloc, unbacked = false) {
  const { issues = [], create } = evm({ feeRecipient: FEES, alloc, unbacked })
  const made = () => create({ chainId: 42n, l1: { chainId: L1 }, store: memoryStore() })
  if (issues.length > 0) expect(made).toThrow(expect.objectContaining({ code: 'BAD_EVM', issues }) as Error)
  else made()
  return issues.map(({ path }) => path)
}

it('genesis holds nothing that came from no other chain', () => {
  const wrapper = wrapperAddress(home)
  expect(attempt({ [alice.address]: { balance: 1n } })).toEqual([`alloc.${alice.address.toLowerCase()}`])
  expect(attempt({ [wrapper]: { code: clone(home) } })).toEqual([`alloc.${wrapper.toLowerCase()}`])
  expect(attempt({ [wrapper.toLowerCase()]: { code: clone(home) } })).toEqual([`alloc.${wrapper.toLowerCase()}`])
})

it('genesis takes contracts, their storage, nonces, and what is no wrapper', () => {
  expect(attempt({ [alice.address]: { balance: 0n, nonce: 3n } })).toEqual([])
  expect(attempt({ [alice.address]: { code: clone(home), storage: { '0x00': '0x01' } } })).toEqual([])
  expect(attempt({ [wrapperAddress(home)]: { code: clone({ ...home, chain: 7n }) } })).toEqual([])
})

it('an engine that no cluster settles takes anything', () => {
  expect(attempt({ [alice.address]: { balance: 1n }, [wrapperAddress(home)]: { code: clone(home) } }, true)).toEqual([])
})
