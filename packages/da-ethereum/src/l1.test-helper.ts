import { causewayHubAbi } from '@causeway/contracts'
import { mockVerifier } from '@causeway/contracts/testing'
import { DA_KINDS, toBytes32, ZERO_HASH, type DaKind } from '@causeway/core'
import { deployCluster, registerChain, startAnvil } from '@causeway/l1'
import { createPublicClient, createTestClient, createWalletClient, http, keccak256, toHex, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

/** Chains of the L1 that {@link startL1} starts; the batcher of the first is account 1, of the second account 2. */
export const CHAIN = 1001n
export const OTHER_CHAIN = 1002n
export const POLICY: Hex = `0x0101${toBytes32(1n).slice(2)}${toBytes32(17631683881184975370165255887551781615748388533673675138860n).slice(2)}`

/** An anvil that mines each transaction at once, with a cluster and two chains on it, that post in this way. */
export async function startL1(daKind: DaKind, hardfork: 'osaka' | 'prague' = 'osaka') {
  const anvil = await startAnvil({ blockTime: 'manual', hardfork })
  const transport = { transport: http(anvil.url, { retryCount: 0, timeout: 120_000 }), pollingInterval: 10, cacheTime: 0 }
  const client = createPublicClient(transport)
  const test = createTestClient({ ...transport, mode: 'anvil' })
  const account = (index: number) => privateKeyToAccount((anvil.accounts[index] as { privateKey: Hex }).privateKey)
  const wallet = createWalletClient({ ...transport, account: account(0) })
  await test.setAutomine(true)
  const { hub, inbox } = await deployCluster({ client, wallet, clusterId: keccak256(toHex('da')), verifier: mockVerifier })
  for (const [i, chainId] of [CHAIN, OTHER_CHAIN].entries()) {
    const registration = { chainId, stateRoot: ZERO_HASH, policy: POLICY, batcher: account(1 + i).address, owner: account(0).address, daKind: DA_KINDS[daKind], spec: '' }
    await registerChain({ client, wallet, hub, registration })
  }
  /** How many postings a chain has. */
  const length = (chainId: bigint) => client.readContract({ address: hub, abi: causewayHubAbi, functionName: 'daLength', args: [chainId] })
  return { anvil, client, test, hub, inbox, account, length, stop: () => anvil.stop() }
}
