import { causewayBridgeAbi, causewayHubAbi, causewayInboxAbi, causewayMessengerL1Abi } from '@causeway/contracts'
import { mockVerifierBytecode } from '@causeway/contracts/testing'
import { domainSeparator, errorCode } from '@causeway/core'
import { createPublicClient, createTestClient, createWalletClient, http, keccak256, toHex, type Address, type Hex } from 'viem'
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
const options = (name: string) => ({ clusterId: keccak256(toHex(name)), verifier: mockVerifierBytecode })

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
  const verifier: Hex = `${mockVerifierBytecode}00`
  let sent = 0
  const crashing = {
    ...wallet,
    account,
    sendTransaction: (request: Parameters<typeof wallet.sendTransaction>[0]) => {
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
  const { client, wallet } = clients()
  const refusing: Hex = '0x60006000fd'
  await expect(deployCluster({ client, wallet, clusterId: keccak256('0x01'), verifier: refusing })).rejects.toSatisfy(
    (e) => errorCode(e) === 'DEPLOYMENT_REVERTED',
  )
  await expect(deployCluster({ client, wallet, clusterId: '0x01', verifier: refusing })).rejects.toSatisfy((e) => errorCode(e) === 'CLUSTER_ID_INVALID')
})
