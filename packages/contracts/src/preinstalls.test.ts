import { getContractAddress, getCreate2Address, hexToBytes, keccak256, recoverTransactionAddress, type Hex, type TransactionSerializedLegacy } from 'viem'
import { describe, expect, it } from 'vitest'
import { create2FactoryDeployment, erc1820Deployment, multicall3Deployment, permit2InitCode, permit2Salt, PREINSTALLS, preinstallCreations, safeSingletonFactoryDeployment } from './preinstalls.js'

describe('the contracts that tools expect', () => {
  it.each<[keyof typeof PREINSTALLS, Hex]>([
    ['create2Factory', create2FactoryDeployment],
    ['safeSingletonFactory', safeSingletonFactoryDeployment],
    ['multicall3', multicall3Deployment],
    ['erc1820Registry', erc1820Deployment],
  ])('%s is what the signer of its first transaction deploys', async (name, transaction) => {
    const from = await recoverTransactionAddress({ serializedTransaction: transaction as TransactionSerializedLegacy })
    expect(getContractAddress({ from, nonce: 0n })).toBe(PREINSTALLS[name])
  })

  it('permit2 is what the CREATE2 factory makes of its init code', () => {
    expect(getCreate2Address({ from: PREINSTALLS.create2Factory, salt: permit2Salt, bytecode: permit2InitCode })).toBe(PREINSTALLS.permit2)
  })

  it('were deployed on Ethereum by these transactions', () => {
    // As block explorers show them.
    expect(keccak256(multicall3Deployment)).toBe('0x07471adfe8f4ec553c1199f495be97fc8be8e0626ae307281c22534460184ed1')
    expect(keccak256(erc1820Deployment)).toBe('0xfefb2da535e927b85fe68eb81cb2e4a5827c905f78381a01ef2322aa9b0aee8e')
  })

  it('have creations, each of its own address', () => {
    const creations = preinstallCreations()
    expect(new Set(creations.map(({ address }) => address))).toEqual(new Set(Object.values(PREINSTALLS)))
    for (const { initCode } of creations) expect(hexToBytes(initCode).length).toBeGreaterThan(69)
  })
})
