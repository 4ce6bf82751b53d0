import { causewayBridgeAbi, causewayHubAbi, causewayInboxAbi, type Verifier } from '@causeway/contracts'
import { mockVerifier } from '@causeway/contracts/testing'
import { deployCluster, startAnvil, type DeployedCluster, type L1Sender } from '@causeway/l1'
import { createPublicClient, createTestClient, createWalletClient, http, keccak256, parseEventLogs, stringToHex, type Account, type Address, type Hex, type HttpTransport, type PrivateKeyAccount, type PublicClient, type TestClient, type WalletClient } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { ManualClock } from './manual-clock.js'

/** An L1 that mines when it is told, on the harness's clock. */
export type TestL1 = Awaited<ReturnType<typeof startTestL1>>

// Interfaces, because a declaration file names them; it would spell inferred types and aliases out, down to modules that viem does not export.
/** A viem public client of the L1. */
export interface TestL1Client extends PublicClient {}
/** A viem test client of the L1. */
export interface TestL1Control extends TestClient<'anvil', HttpTransport> {}
/** A viem wallet of one account on the L1. */
export interface TestL1Wallet extends WalletClient<HttpTransport, undefined, PrivateKeyAccount> {}

/** A deposit of {@link TestL1}. */
export type TestDeposit = { chainId: bigint; amount: bigint; recipient: Address; refundTo?: Address; payload?: Hex; gasLimit?: bigint; from?: number }

const GAS = 1_000_000n
/** Looks at L1 without anything to mine, after which a block is mined all the same: for a sender with a transaction under way, and for others. */
const PATIENCE = { sending: 25, computing: 2000 } as const

/**
 * Starts anvil at the clock's time and deploys a cluster on it. The time of a block is the clock's, at least a second after its parent;
 * the clock follows if that is later.
 * @param verifier the aggregate's; default: `MockVerifier`, for tests about everything but proofs
 */
export async function startTestL1({ clock, verifier = mockVerifier }: { clock: ManualClock; verifier?: Verifier }) {
  const anvil = await startAnvil({ blockTime: 'manual', genesisTime: clock.now() / 1000n })
  const transport = { transport: http(anvil.url, { retryCount: 0, timeout: 60_000 }), pollingInterval: 5, cacheTime: 0 }
  const client: TestL1Client = createPublicClient(transport)
  const test: TestL1Control = createTestClient({ ...transport, mode: 'anvil' })
  const account = (index: number): PrivateKeyAccount => privateKeyToAccount((anvil.accounts[index] as { privateKey: Hex }).privateKey)
  const wallet = (index: number): TestL1Wallet => createWalletClient({ ...transport, account: account(index) })

  await test.setAutomine(true)
  const cluster: DeployedCluster = await deployCluster({ client, wallet: wallet(0), clusterId: keccak256(stringToHex('test')), verifier })
  await test.setAutomine(false)

  /** Mines blocks with what waits in L1's pool. */
  async function mine(blocks = 1): Promise<void> {
    for (let i = 0; i < blocks; i++) {
      const { timestamp } = await client.getBlock({ blockTag: 'latest' })
      const now = clock.now() / 1000n
      const next = now > timestamp ? now : timestamp + 1n
      await test.setNextBlockTimestamp({ timestamp: next })
      await test.mine({ blocks: 1 })
      if (next * 1000n > clock.now()) await clock.advance(Number(next * 1000n - clock.now()))
    }
  }

  const pending = async (): Promise<number> => Number((await test.getTxpoolStatus()).pending)

  type Call = { abi: readonly unknown[]; functionName: string; args: readonly unknown[] }
  const submit = (from: number, to: Address, data: Call, value = 0n): Promise<Hex> => wallet(from).writeContract({ chain: null, address: to, gas: GAS, value, ...data } as never)

  /** Sends a contract call of account `from` and mines it. @throws if it reverts */
  async function call(from: number, to: Address, data: Call, value = 0n) {
    const hash = await submit(from, to, data, value)
    await mine()
    const receipt = await client.getTransactionReceipt({ hash })
    if (receipt.status !== 'success') throw new Error(`${data.functionName} reverted on L1`)
    return receipt
  }

  const depositCall = ({ chainId, amount, recipient, refundTo = recipient, payload = '0x', gasLimit = 0n, from = 9 }: TestDeposit) =>
    [from, cluster.bridge, { abi: causewayBridgeAbi, functionName: 'depositETH', args: [{ chainId, recipient, refundTo, gasLimit, payload }] }, amount] as const

  return {
    ...{ anvil, client, test, cluster, account, wallet, mine, call, pending },
    /** Runs what needs L1 to mine: mines whenever something waits in L1's pool, and lets the senders see it. */
    async drive<T>(work: Promise<T>, senders: readonly L1Sender[]): Promise<T> {
      let done = false
      const result = work.finally(() => {
        done = true
      })
      result.catch(() => undefined)
      for (let turn = 1; !done; turn++) {
        for (const sender of senders) await sender.poll().catch(() => undefined)
        if (done) break
        // Some wait for a block, whatever is in it; but what is still being computed (KZG takes seconds) must not age L1.
        const sending = senders.some((sender) => ['Submitted', 'Replaced', 'Dropped'].includes(sender.attempts().at(-1)?.kind ?? ''))
        if ((await pending()) > 0 || turn % PATIENCE[sending ? 'sending' : 'computing'] === 0) await mine()
      }
      return result
    },
    /** Replaces the last `depth` blocks by empty ones; what was in them is gone. At most 2: anvil's finalized head is 2 blocks behind. */
    async reorg(depth: number): Promise<void> {
      await test.request({ method: 'anvil_reorg', params: [depth, []] } as never)
      await test.request({ method: 'anvil_dropAllTransactions' } as never)
    },
    /** Deposits ETH to a chain and mines it. Resolves to the index in the chain's L1 inbox. */
    async deposit(deposit: TestDeposit): Promise<bigint> {
      const { logs } = await call(...depositCall(deposit))
      return (parseEventLogs({ abi: causewayInboxAbi, eventName: 'Deposited', logs })[0] as { args: { index: bigint } }).args.index
    },
    /** Sends a deposit without mining it. */
    queueDeposit: (deposit: TestDeposit): Promise<Hex> => submit(...depositCall(deposit)),
    /** Queues a signed transaction of a chain in its L1 inbox, and mines that. */
    force: (chainId: bigint, transaction: Hex, from = 9) => call(from, cluster.inbox, { abi: causewayInboxAbi, functionName: 'forceTransaction', args: [chainId, transaction] }),
    /** ETH that the bridge holds (wei). */
    escrow: () => client.getBalance({ address: cluster.bridge }),
    /** As the owner (account 0), gives a chain another batcher; the clock moves by the delay. */
    async rotate(chainId: bigint, batcher: Address): Promise<void> {
      await call(0, cluster.hub, { abi: causewayHubAbi, functionName: 'announceBatcher', args: [chainId, batcher] })
      await clock.advance(Number(await client.readContract({ address: cluster.hub, abi: causewayHubAbi, functionName: 'BATCHER_DELAY' })) * 1000)
      await call(0, cluster.hub, { abi: causewayHubAbi, functionName: 'applyBatcher', args: [chainId] })
    },
    /** One of anvil's accounts. */
    user: (index: number): Account => account(index),
    stop: anvil.stop,
  }
}
