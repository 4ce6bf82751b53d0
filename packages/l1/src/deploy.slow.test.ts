import { accountingVerifier, causewayBridgeAbi, causewayHubAbi, causewayInboxAbi, causewayMessengerL1Abi, type Verifier } from '@causeway/contracts'
import { mockVerifier } from '@causeway/contracts/testing'
import { domainSeparator, errorCode } from '@causeway/core'
import { concatHex, createPublicClient, createTestClient, createWalletClient, http, keccak256, toHex, type Address, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startAnvil, type Anvil } from './anvil.js'
import { clusterAddresses, CREATE2_PROXY, deployCluster } from './deploy.js'

let anvil: Anvil
beforeAll(async () => {
  anvil = await startAnvil({ blockTime: 'manual' })
  await clients().test.setAutomine(true)
})
afterAll(() => anvil.stop())

function clients(index = 0) {
  const options = { transport: http(anvil.url), pollingInterval: 20 }
  const account = privateKeyToAccount((anvil.accounts[index] as { privateKey: Hex }).privateKey)
  return {
    client: createPublicClient(options),
    wallet: createWalletClient({ ...options, account }),
    test: createTestClient({ ...options, mode: 'anvil' }),
    account,
  }
}
const options = (name: string) => ({ clusterId: keccak256(toHex(name)), verifier: mockVerifier })

it('deploys contracts that know each other, at the predicted addresses', async () => {
  const { client, wallet } = clients()
  const cluster = await deployCluster({ client, wallet, ...options('first') })
  expect(cluster).toMatchObject(clusterAddresses(options('first')))
  expect(cluster.domainSeparator).toBe(domainSeparator(cluster.domain))
  const read = (address: Address, abi: readonly unknown[], functionName: string) => client.readContract({ address, abi, functionName } as never)
  const { hub, inbox, bridge, messenger, verifier } = cluster
  expect(await read(hub, causewayHubAbi, 'inbox')).toBe(inbox)
  expect(await read(hub, causewayHubAbi, 'verifier')).toBe(verifier)
  expect(await read(inbox, causewayInboxAbi, 'hub')).toBe(hub)
  expect(await read(inbox, causewayInboxAbi, 'bridge')).toBe(bridge)
  expect(await read(bridge, causewayBridgeAbi, 'hub')).toBe(hub)
  expect(await read(bridge, causewayBridgeAbi, 'inbox')).toBe(inbox)
  expect(await read(bridge, causewayBridgeAbi, 'messenger')).toBe(messenger)
  expect(await read(messenger, causewayMessengerL1Abi, 'bridge')).toBe(bridge)
})

it('changes nothing when it runs again, whoever runs it', async () => {
  const first = await deployCluster({ ...clients(), ...options('twice') })
  const block = await clients().client.getBlockNumber()
  expect(await deployCluster({ ...clients(1), ...options('twice') })).toEqual(first)
  expect(await clients().client.getBlockNumber()).toBe(block)
})

it('goes on after a crash between its transactions', async () => {
  const { client, wallet, account } = clients()
  // A verifier that differs from the other tests': trailing bytes that its constructor does not read.
  const verifier = { ...mockVerifier, bytecode: `${mockVerifier.bytecode}00` as const }
  let sent = 0
  const crashing = {
    ...wallet,
    account,
    sendTransaction: async (request: Parameters<typeof wallet.sendTransaction>[0]) => {
      if (sent++ > 0) throw new Error('killed')
      return wallet.sendTransaction(request)
    },
  } as typeof wallet
  const clusterId = keccak256(toHex('crash'))
  await expect(deployCluster({ client, wallet: crashing, clusterId, verifier })).rejects.toSatisfy((e) => errorCode(e) === 'DEPLOYMENT_REVERTED')
  const before = await client.getTransactionCount({ address: account.address })
  const cluster = await deployCluster({ client, wallet, clusterId, verifier })
  expect(await client.getTransactionCount({ address: account.address })).toBe(before + 1)
  expect(cluster).toMatchObject(clusterAddresses({ clusterId, verifier }))
})

it('brings the deployment proxy along where there is none', async () => {
  const { client, wallet, test } = clients()
  await test.setCode({ address: CREATE2_PROXY, bytecode: '0x' })
  await test.setNonce({ address: CREATE2_PROXY, nonce: 0 })
  const cluster = await deployCluster({ client, wallet, ...options('without proxy') })
  expect(cluster).toMatchObject(clusterAddresses(options('without proxy')))
})

it('says what to do when a constructor refuses', async () => {
  const deploy = (clusterId: Hex, verifier: Verifier) => deployCluster({ ...clients(), clusterId, verifier }).catch((error: unknown) => error)
  const refusing = { ...mockVerifier, bytecode: '0x60006000fd' } as const
  expect(errorCode(await deploy(keccak256('0x01'), refusing))).toBe('DEPLOYMENT_REVERTED')
  expect(errorCode(await deploy('0x01', refusing))).toBe('CLUSTER_ID_INVALID')
})

it('deploys a cluster with the verifier and the proof of these sources, for less gas than any L1 gives a transaction, at the first try', async () => {
  const { client, wallet } = clients()
  const before = await client.getBlockNumber()
  const cluster = await deployCluster({ client, wallet, clusterId: keccak256(toHex('real')), verifier: accountingVerifier })
  expect(await client.readContract({ address: cluster.hub, abi: causewayHubAbi, functionName: 'verifier' })).toBe(cluster.verifier)
  const { gasUsed, number } = await client.getBlock()
  for (let blockNumber = before + 1n; blockNumber <= number; blockNumber++)
    for (const hash of (await client.getBlock({ blockNumber })).transactions) expect(await client.getTransactionReceipt({ hash })).toMatchObject({ status: 'success' })
  await deployCluster({ client, wallet, ...options('mock') })
  console.log(`cluster with self-test: ${gasUsed} gas, ${gasUsed - (await client.getBlock()).gasUsed} of it for the self-test`)
  // EIP-7825
  expect(gasUsed).toBeLessThan(2n ** 24n)
})

/** Creation code that deploys `code`. */
const returning = (code: Hex): Hex => concatHex(['0x60', toHex((code.length - 2) / 2, { size: 1 }), '0x80600b6000396000f3', code])

/** A verifier that looks at the public input "root to" alone: PUSH of its place in the calldata, CALLDATALOAD, ISZERO, return. */
const onlyPublicInputs = returning(concatHex(['0x61', toHex(4 + 32 * (2 + 2 + 1 + 6), { size: 2 }), '0x351560005260206000f3']))

it('deploys no cluster whose verifier does not tell a good proof from a bad one', async () => {
  const { client } = clients()
  const verifiers: Record<string, [string, Verifier]> = {
    'accepts everything': ['SelfTestForged', { ...mockVerifier, bytecode: returning('0x600160005260206000f3') }],
    'refuses everything': ['SelfTestRefused', { ...mockVerifier, bytecode: returning('0x60206000f3') }],
    'reverts always': ['SelfTestRefused', { ...mockVerifier, bytecode: returning('0x5f5ffd') }],
    // With nothing left to say why.
    'burns all gas': ['failed', { ...mockVerifier, bytecode: returning('0xfe') }],
    'does not look at public inputs': ['SelfTestForged', { ...mockVerifier, selfTest: { ...mockVerifier.selfTest, proof: concatHex([mockVerifier.selfTest.proof, '0x00']) } }],
    'looks at public inputs alone': ['SelfTestForged', { ...mockVerifier, bytecode: onlyPublicInputs }],
    'has another proof': ['SelfTestRefused', { ...mockVerifier, selfTest: { ...mockVerifier.selfTest, proof: toHex(3n, { size: 32 }) } }],
    'is of another circuit': ['SelfTestRefused', { ...accountingVerifier, selfTest: { ...accountingVerifier.selfTest, publicInputs: accountingVerifier.selfTest.publicInputs.with(3, toHex(1n, { size: 32 })) } }],
  }
  for (const [what, [reason, verifier]] of Object.entries(verifiers)) {
    const error = await deployCluster({ ...clients(), clusterId: keccak256(toHex(what)), verifier }).catch((caught: unknown) => caught)
    expect((error as Error).message, what).toContain(reason)
    expect(errorCode(error)).toBe('DEPLOYMENT_REVERTED')
    expect(await client.getCode({ address: clusterAddresses({ clusterId: keccak256(toHex(what)), verifier }).hub })).toBeUndefined()
  }
})
