/** What a contract that extends `CausewayReceiver` takes for a message, and from whom. */
import { ZERO_HASH } from '@causeway/core'
import { concatHex, toHex, type Address, type Hex } from 'viem'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { revertOf, startL1, type L1 } from './l1-fixture.js'
import { greeterAbi, greeterBytecode } from './samples.js'

const sender: Address = '0x00000000000000000000000000000000000005e4'
let l1: L1
let greeter: Address
beforeAll(async () => {
  l1 = await startL1()
  // Its messenger is an account of ours.
  greeter = await l1.deploy(greeterAbi, greeterBytecode, [l1.account.address])
})
afterAll(() => l1.anvil.stop())

/** ERC-7930: version 1, EVM, length and bytes of the chain id, length and bytes of the account. */
const interoperable = (chainId: Hex, account: Hex = sender) => concatHex(['0x00010000', toHex((chainId.length - 2) / 2, { size: 1 }), chainId, toHex((account.length - 2) / 2, { size: 1 }), account])
const receive = (from: Hex, account = l1.account) => revertOf(l1.send({ address: greeter, abi: greeterAbi, functionName: 'receiveMessage', args: [ZERO_HASH, from, '0x1234'], account }))

it('takes messages only from its messenger', async () => {
  expect(await receive(interoperable('0x0385'), l1.accounts[1])).toBe('NotMessenger')
  expect(await receive(interoperable('0x0385'))).toBe('success')
  expect(await l1.client.readContract({ address: greeter, abi: greeterAbi, functionName: 'lastSource' })).toBe(901n)
})

it('takes them only from accounts of EVM chains whose id is a u64', async () => {
  for (const malformed of ['0x', '0x1234', interoperable('0x0385', '0x5e'), concatHex(['0x0001ffff', '0x020385', '0x14', sender]), interoperable('0x010000000000000000')] as const)
    expect(await receive(malformed), malformed).toBe('MalformedSender')
  expect(await receive(interoperable('0xffffffffffffffff'))).toBe('success')
})
