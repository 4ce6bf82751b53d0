import { PREINSTALLS } from '@causeway/contracts'
import { greeterBytecode, greeterAbi } from '@causeway/contracts/samples'
import { domainSeparator, encodeDeployData, getContractAddress, keccak256, parseEther, recoverTransactionAddress, serializeTransaction, type Hex, type TransactionSerializableLegacy } from 'viem'
import { describe, expect, it } from 'vitest'
import { chainCommon } from './common.js'
import { MESSENGER } from './constants.js'
import { alice, sign, testChain } from './harness.test-helper.js'
import { preinstallAlloc } from './preinstalls.js'

describe('the contracts that tools expect', () => {
  it('have the code that they have on Ethereum', async () => {
    const alloc = await preinstallAlloc(chainCommon(1n, 'prague'))
    const hashes = Object.fromEntries(Object.entries(alloc).map(([address, { code }]) => [address, keccak256(code as Hex)]))
    // As explorers, and contracts that check them, have them.
    expect(hashes).toEqual({
      [PREINSTALLS.create2Factory.toLowerCase()]: '0x2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989',
      [PREINSTALLS.safeSingletonFactory.toLowerCase()]: '0x2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989',
      [PREINSTALLS.multicall3.toLowerCase()]: '0xd5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891',
      [PREINSTALLS.erc1820Registry.toLowerCase()]: '0xf0aa940bb32e37c5f7268b53acc48c7cdd148cd0fc196f30faa00a4d66c0443a',
      [PREINSTALLS.permit2.toLowerCase()]: '0xc67d1657868aa5146eaf24fb879fb1fdec3d2d493b3683a61c9c2f4fb2851131',
    })
  })

  it('sign for the chain that they are on', async () => {
    for (const chainId of [1n, 4242n, 2n ** 40n]) {
      const { code } = (await preinstallAlloc(chainCommon(chainId, 'prague')))[PREINSTALLS.permit2.toLowerCase() as Hex] as { code: Hex }
      expect(code).toContain(domainSeparator({ domain: { name: 'Permit2', chainId, verifyingContract: PREINSTALLS.permit2 } }).slice(2))
    }
  })

  it('are in the genesis, under what a chain brings along itself', async () => {
    const { engine } = await testChain({ alloc: { [alice.address]: { balance: 1n }, [PREINSTALLS.permit2]: { code: '0x60' } } })
    expect((await engine.getCode(PREINSTALLS.multicall3, 0n)).length).toBe(7618)
    expect(await engine.getNonce(PREINSTALLS.multicall3, 0n)).toBe(1n)
    expect(await engine.getCode(PREINSTALLS.permit2, 0n)).toBe('0x60')
  })
})

describe('a transaction without a chain id', () => {
  const init = encodeDeployData({ abi: greeterAbi, bytecode: greeterBytecode, args: [MESSENGER] })
  /** Signed by nobody: of any signature some account is the signer. */
  const keyless = async (fields: Partial<TransactionSerializableLegacy> = {}) => {
    const raw = serializeTransaction({ type: 'legacy', nonce: 0, gasPrice: 100_000_000_000n, gas: 2_000_000n, data: init, ...fields } as TransactionSerializableLegacy, { r: `0x${'22'.repeat(32)}`, s: `0x${'22'.repeat(32)}`, v: 27n, yParity: 0 } as never)
    return { raw, from: await recoverTransactionAddress({ serializedTransaction: raw as never }) }
  }

  it('deploys a contract of a keyless account, once', async () => {
    const { engine, build } = await testChain()
    const { raw, from } = await keyless()
    const block = await build({ transactions: [await sign(alice, { nonce: 0, to: from, value: parseEther('0.2') }), raw, raw] })
    expect(block.transactions.length).toBe(2)
    expect(block.refused).toMatchObject([{ transaction: raw, reason: expect.stringMatching(/^nonce too low/) }])
    const address = getContractAddress({ from, nonce: 0n })
    expect((await engine.getCode(address, block.hash)).length).toBeGreaterThan(100)
    expect(engine.getReceipts(block.hash)?.[1]).toMatchObject({ success: true, contractAddress: address.toLowerCase(), from: from.toLowerCase() })
  })

  it.each<[string, Partial<TransactionSerializableLegacy>]>([
    ['pays or calls', { to: alice.address, data: '0x', value: 1n, gas: 21_000n }],
    ['is not the first of its account', { nonce: 1 }],
  ])('is refused if it %s, for it may have been signed for another chain', async (_, fields) => {
    const { build } = await testChain()
    const { raw, from } = await keyless(fields)
    const block = await build({ transactions: [await sign(alice, { nonce: 0, to: from, value: parseEther('1') }), raw] })
    expect(block.refused).toMatchObject([{ transaction: raw, reason: 'only replay-protected (EIP-155) transactions allowed over RPC' }])
  })
})
