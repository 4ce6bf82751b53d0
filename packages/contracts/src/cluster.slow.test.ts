/** What the constructors of a cluster refuse, and a hub whose L1 is no longer the one that it was made for. */
import { createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common'
import { createEVM } from '@ethereumjs/evm'
import { bytesToHex, createAddressFromString, hexToBytes, type Address as EthereumJsAddress } from '@ethereumjs/util'
import { toBytes32, ZERO_HASH } from '@causeway/core'
import { decodeRevert, revertData } from '@causeway/l1'
import { concatHex, encodeDeployData, toHex, type Address, type Hex } from 'viem'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { causewayClusterAbi, causewayClusterBytecode, causewayErrorsAbi, causewayHubAbi, causewayHubBytecode } from './index.js'
import { COINBASE, revertOf, startCluster, startL1, type Cluster, type L1 } from './l1-fixture.js'
import { mockVerifier, mockVerifierAbi } from './testing.js'

let l1: L1
let cluster: Cluster
beforeAll(async () => {
  l1 = await startL1()
  cluster = await startCluster(l1)
})
afterAll(() => l1.anvil.stop())

/** Name of the error with which a creation fails. */
const refusal = (data: Hex) =>
  l1.client.call({ data, gas: 20_000_000n }).then(
    () => 'success',
    (error: unknown) => decodeRevert(revertData(error) ?? '0x', causewayErrorsAbi).name,
  )
/** Deploys code as it is. */
const deployCode = (code: Hex) => l1.deploy(mockVerifierAbi, concatHex(['0x60', toHex((code.length - 2) / 2, { size: 1 }), '0x80600b6000396000f3', code]))
/** Code that returns whether the word at a place of the calldata of `verify` is `word`: PUSH2, CALLDATALOAD, PUSH1, EQ, return. */
const verifierThatLooksOnlyAt = (place: number, word: number) => concatHex(['0x61', toHex(4 + 32 * place, { size: 2 }), '0x3560', toHex(word, { size: 1 }), '0x1460005260206000f3'])

it('is not deployed with a verifier that cannot tell a good proof from a bad one', async () => {
  const { proof, publicInputs } = mockVerifier.selfTest
  const attempt = async (code: Hex) =>
    refusal(encodeDeployData({ abi: causewayClusterAbi, bytecode: causewayClusterBytecode, args: [await deployCode(code), ZERO_HASH, proof, publicInputs] }))
  // The calldata: two offsets, the length of the proof, its one word, the length of the public inputs, and these.
  expect(await attempt(verifierThatLooksOnlyAt(3, 2))).toBe('SelfTestForged')
  expect(await attempt(verifierThatLooksOnlyAt(5 + 6, 0))).toBe('SelfTestForged')
  expect(await attempt('0x600060005260206000f3')).toBe('SelfTestRefused')
})

it('is not deployed on an L1 without the pairing, which a verifier may not notice', async () => {
  // Anvil always has it.
  const deployment = async (customPrecompiles: { address: EthereumJsAddress }[]) => {
    const evm = await createEVM({ common: createCustomCommon({ chainId: 31337 }, Mainnet, { hardfork: Hardfork.Cancun }), customPrecompiles })
    // Who gets the fees matters to mutation tests alone.
    const header = { number: 0n, coinbase: createAddressFromString(COINBASE), timestamp: 0n, difficulty: 0n, prevRandao: new Uint8Array(32), gasLimit: 30_000_000n, getBlobGasPrice: () => undefined }
    const create = (data: Hex) => evm.runCall({ data: hexToBytes(data), gasLimit: 30_000_000n, block: { header } })
    const { createdAddress } = await create(mockVerifier.bytecode)
    const { proof, publicInputs } = mockVerifier.selfTest
    const args = [createdAddress?.toString() as Address, ZERO_HASH, proof, publicInputs] as const
    const { execResult } = await create(encodeDeployData({ abi: causewayClusterAbi, bytecode: causewayClusterBytecode, args }))
    return execResult.exceptionError ? decodeRevert(bytesToHex(execResult.returnValue), causewayErrorsAbi).name : 'success'
  }
  expect(await deployment([])).toBe('success')
  // A precompile without a function is one that is not there.
  expect(await deployment([{ address: createAddressFromString(`0x${'8'.padStart(40, '0')}`) }])).toBe('PairingMissing')
})

it('has a hub with a verifier', async () => {
  const nobody: Address = '0x00000000000000000000000000000000000a11ce'
  expect(await refusal(encodeDeployData({ abi: causewayHubAbi, bytecode: causewayHubBytecode, args: [nobody, nobody, ZERO_HASH] }))).toBe('VerifierMissing')
})

it('is on an L1 whose chain id the protocol has room for, and works there only', async () => {
  const hub = encodeDeployData({ abi: causewayHubAbi, bytecode: causewayHubBytecode, args: [cluster.verifier, cluster.inbox, ZERO_HASH] })
  const data = await cluster.epochData()
  // As text: a number of JavaScript has no room for the digits.
  const moveTo = (chainId: bigint) =>
    fetch(l1.anvil.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"jsonrpc":"2.0","id":1,"method":"anvil_setChainId","params":[${chainId}]}` })
  try {
    for (const [chainId, outcome] of [[2n ** 64n - 1n, 'L1ChainIdUnusable'], [2n ** 64n - 2n, 'success']] as const) {
      await moveTo(chainId)
      expect(await refusal(hub), toBytes32(chainId)).toBe(outcome)
    }
    await moveTo(31338n)
    expect(await revertOf(cluster.settle(data))).toBe('WrongL1')
  } finally {
    await moveTo(31337n)
  }
  expect(await revertOf(cluster.settle(data))).toBe('success')
})
