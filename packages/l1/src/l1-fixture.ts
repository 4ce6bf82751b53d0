import { causewayBridgeAbi, causewayHubAbi } from '@causeway/contracts'
import { mockVerifier } from '@causeway/contracts/testing'
import { toBytes32, type Clock } from '@causeway/core'
import { createPublicClient, createTestClient, createWalletClient, http, keccak256, parseEther, toHex, zeroAddress, type Address, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { startAnvil, type AnvilOptions } from './anvil.js'
import { deployCluster } from './deploy.js'

/** A clock that stands still and never wakes a sleeper but by its signal: whoever wants something to happen polls. */
export const stoppedClock: Clock = {
  now: () => 1_700_000_000_000n,
  sleep: (_, signal) => new Promise((resolve) => (signal?.aborted ? resolve() : signal?.addEventListener('abort', () => resolve()))),
}

/** A clock that runs, for what waits by itself on an L1 that mines by itself. */
export const quickClock: Clock = { now: () => BigInt(Date.now()), sleep: () => new Promise((resolve) => setTimeout(resolve, 10)) }

/** k = n = 1 with Grumpkin's generator as the signer. */
export const POLICY: Hex = `0x0101${toBytes32(1n).slice(2)}${toBytes32(17631683881184975370165255887551781615748388533673675138860n).slice(2)}`

/** For tests: an L1 of its own with a cluster under the mock verifier; it mines when told. */
export async function startL1(options: AnvilOptions = {}) {
  const anvil = await startAnvil({ blockTime: 'manual', ...options })
  const transport = { transport: http(anvil.url, { retryCount: 0 }), pollingInterval: 10, cacheTime: 0 }
  const client = createPublicClient(transport)
  const test = createTestClient({ ...transport, mode: 'anvil' })
  const account = (index: number) => privateKeyToAccount((anvil.accounts[index] as { privateKey: Hex }).privateKey)
  const wallet = (index: number) => createWalletClient({ ...transport, account: account(index) })

  await test.setAutomine(true)
  const cluster = await deployCluster({ client, wallet: wallet(0), clusterId: keccak256(toHex('test')), verifier: mockVerifier })
  await test.setAutomine(false)

  const mine = (blocks = 1) => test.mine({ blocks })
  /** Sends from account 9 and mines; throws if it reverts. */
  async function mined(hash: Promise<Hex>): Promise<Hex> {
    const sent = await hash
    await mine()
    const { status } = await client.getTransactionReceipt({ hash: sent })
    if (status !== 'success') throw new Error(`${sent} reverted`)
    return sent
  }
  return {
    ...{ anvil, client, test, cluster, account, wallet, mine },
    stop: anvil.stop,
    /** Registers a chain that account 9 owns. */
    register: (chainId: bigint, batcher: Address = account(1).address) =>
      mined(
        wallet(9).writeContract({
          ...{ chain: null, address: cluster.hub, abi: causewayHubAbi, functionName: 'register', gas: 1_000_000n },
          args: [{ chainId, stateRoot: keccak256('0x'), policy: POLICY, batcher, owner: account(9).address, daKind: 1, daAdapter: zeroAddress, spec: '{}' }],
        }),
      ),
    /** Gives a chain another batcher, or none, at once, and mines it. */
    async rotate(chainId: bigint, batcher: Address): Promise<void> {
      const call = { chain: null, address: cluster.hub, abi: causewayHubAbi, gas: 500_000n } as const
      if (batcher === zeroAddress) return void (await mined(wallet(9).writeContract({ ...call, functionName: 'revokeBatcher', args: [chainId] })))
      await mined(wallet(9).writeContract({ ...call, functionName: 'announceBatcher', args: [chainId, batcher] }))
      await test.increaseTime({ seconds: 86_400 })
      await mined(wallet(9).writeContract({ ...call, functionName: 'applyBatcher', args: [chainId] }))
    },
    /** Sends a deposit of `ether` ETH without mining it. */
    deposit: (chainId: bigint, ether: string, from = 9) =>
      wallet(from).writeContract({
        ...{ chain: null, address: cluster.bridge, abi: causewayBridgeAbi, functionName: 'depositETH', value: parseEther(ether), gas: 500_000n },
        args: [{ chainId, recipient: account(from).address, refundTo: account(from).address, gasLimit: 0n, payload: '0x' }],
      }),
    mined,
  }
}

/** What {@link startL1} gives. */
export type SteppedL1 = Awaited<ReturnType<typeof startL1>>
