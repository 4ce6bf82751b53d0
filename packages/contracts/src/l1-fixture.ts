/** What the L1 tests share: anvil, a cluster with `MockVerifier`, registered chains, and short calls that report reverts by name. */
import {
  attestationSigner,
  DA_KINDS,
  encodePolicy,
  toBytes32,
  withdrawalDigest,
  ZERO_HASH,
  type Message,
  type Policy,
} from '@causeway/core'
import { deployCluster, startAnvil, type AnvilOptions, type DeployedCluster } from '@causeway/l1'
import {
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createTestClient,
  createWalletClient,
  http,
  keccak256,
  toHex,
  TransactionReceiptNotFoundError,
  zeroAddress,
  type Abi,
  type Account,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type Hex,
  type TransactionReceipt,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { causewayBridgeAbi, causewayErrorsAbi, causewayHubAbi, type WithdrawalTree, withdrawalTree } from './index.js'
import { mockVerifier } from './testing.js'

export type Call<abi extends Abi, name extends ContractFunctionName<abi, 'nonpayable' | 'payable'>> = {
  address: Address
  abi: abi
  functionName: name
  args: ContractFunctionArgs<abi, 'nonpayable' | 'payable', name>
  value?: bigint
  gas?: bigint
  account?: Account | Address
}

/** Who gets the fees. With it mutation tests say which guard is switched off (test/mutants/contracts.ts). */
export const COINBASE = (process.env['CAUSEWAY_COINBASE'] ?? zeroAddress) as Address

/** Clients of an anvil that mines each transaction at once. */
export async function startL1(anvilOptions: Pick<AnvilOptions, 'hardfork' | 'chainId' | 'genesisTime'> = {}) {
  const anvil = await startAnvil({ blockTime: 'manual', ...anvilOptions })
  const options = { transport: http(anvil.url, { timeout: 60_000, retryCount: 0 }), pollingInterval: 20 }
  const accounts = anvil.accounts.map(({ privateKey }) => privateKeyToAccount(privateKey))
  const account = accounts[0] as (typeof accounts)[0]
  const client = createPublicClient(options)
  const wallet = createWalletClient({ ...options, account })
  const test = createTestClient({ ...options, mode: 'anvil' })
  await test.setAutomine(true)
  await test.setCoinbase({ address: COINBASE })

  /** Asks until it is there: viem waits for a higher block number than before, which a restored snapshot takes back. */
  async function receiptOf(hash: Hex): Promise<TransactionReceipt> {
    for (let attempt = 0; attempt < 1_000; attempt++) {
      const receipt = await client.getTransactionReceipt({ hash }).catch((error: unknown) => {
        if (error instanceof TransactionReceiptNotFoundError) return undefined
        throw error
      })
      if (receipt) return receipt
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    throw new Error(`${hash} is not mined`)
  }

  /** Sends a call after simulating it, so that a revert is thrown with its name. */
  async function send<const abi extends Abi, name extends ContractFunctionName<abi, 'nonpayable' | 'payable'>>(
    call: Call<abi, name>,
  ): Promise<TransactionReceipt> {
    // Errors of what a contract calls are not in its own ABI.
    const request = { account, ...call, abi: [...call.abi, ...causewayErrorsAbi], chain: null }
    await client.simulateContract(request as never)
    const hash = await wallet.writeContract(request as never)
    const receipt = await receiptOf(hash)
    if (receipt.status !== 'success') throw new Error(`${call.functionName} reverted when mined`)
    return receipt
  }

  async function deploy(abi: Abi, bytecode: Hex, args: readonly unknown[] = []): Promise<Address> {
    const hash = await wallet.deployContract({ abi, bytecode, args, chain: null } as never)
    const { contractAddress } = await receiptOf(hash)
    if (!contractAddress) throw new Error('nothing was deployed')
    return contractAddress
  }

  /** Time of the next block, about: ms. */
  const now = async () => (await client.getBlock()).timestamp * 1000n

  return { anvil, client, wallet, test, account, accounts, send, deploy, now }
}

export type L1 = Awaited<ReturnType<typeof startL1>>

/** Name of the custom error with which a call reverts; 'success' if it does not. */
export async function revertOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'success'
  } catch (error) {
    const revert = error instanceof BaseError ? error.walk((e) => e instanceof ContractFunctionRevertedError) : null
    if (!(revert instanceof ContractFunctionRevertedError)) throw error
    return revert.data?.errorName ?? revert.signature ?? revert.reason ?? 'no reason'
  }
}

/** A 1-of-1 policy whose key is no secret. */
export const policy: Policy = { attested: { k: 1, signers: [attestationSigner(new Uint8Array(32).fill(7)).publicKey] } }
export const CHAIN_A = 901n
export const CHAIN_B = 902n

export type Cluster = Awaited<ReturnType<typeof startCluster>>

/** A cluster with two chains; epochs on it are accepted without a proof. */
export async function startCluster(l1: L1) {
  const deployed = await deployCluster({ client: l1.client, wallet: l1.wallet, clusterId: keccak256(toHex('tests')), verifier: mockVerifier })
  const hub = { address: deployed.hub, abi: causewayHubAbi } as const
  for (const chainId of [CHAIN_A, CHAIN_B]) await register(l1, deployed, chainId)
  let roots = 0n
  const nextRoot = () => toBytes32(1_000_000n + ++roots)

  /** Epoch data that the hub accepts as they stand, with one empty certificate of chain A. */
  async function epochData(overrides: Partial<EpochData> = {}): Promise<EpochData> {
    return {
      epoch: (await l1.client.readContract({ ...hub, functionName: 'epoch' })) + 1n,
      time: await l1.now(),
      newRoot: nextRoot(),
      queueCursor: await l1.client.readContract({ ...hub, functionName: 'queueApplied' }),
      beneficiary: l1.account.address,
      certificates: [certificate()],
      ...overrides,
    }
  }
  const settle = (data: EpochData, proof: Hex = '0x1234') => l1.send({ ...hub, functionName: 'settle', args: [data, proof] })

  /** Settles withdrawals of chain A; each comes back with what `claim` takes. */
  async function settleWithdrawals(messages: readonly Message[]): Promise<Claim[]> {
    const digests = messages.map(withdrawalDigest)
    const data = await epochData({ certificates: [certificate({ withdrawals: digests })] })
    await settle(data)
    const tree: WithdrawalTree = withdrawalTree(digests)
    return messages.map((message, i) => [withdrawal(message), data.epoch, tree.path(i)])
  }
  const claim = (args: Claim, options: { gas?: bigint; account?: Account } = {}) =>
    l1.send({ address: deployed.bridge, abi: causewayBridgeAbi, functionName: 'claim', args, ...options })

  return { ...deployed, hubContract: hub, epochData, settle, settleWithdrawals, claim, nextRoot }
}

/** Registers a chain that posts blobs, and whose batcher and owner is the first account, or what `change` says. */
export function register(l1: L1, { hub }: Pick<DeployedCluster, 'hub'>, chainId: bigint, change: Partial<Registration> = {}): Promise<TransactionReceipt> {
  return l1.send({
    address: hub,
    abi: causewayHubAbi,
    functionName: 'register',
    args: [{ chainId, stateRoot: keccak256(toHex(chainId)), policy: encodePolicy(policy), batcher: l1.account.address, owner: l1.account.address, daKind: DA_KINDS.blobs, daAdapter: zeroAddress, spec: '{}', ...change }],
  })
}

export type Registration = ContractFunctionArgs<typeof causewayHubAbi, 'nonpayable', 'register'>[0]
export type EpochData = ContractFunctionArgs<typeof causewayHubAbi, 'nonpayable', 'settle'>[0]
export type CertificateData = EpochData['certificates'][number]
export type Claim = ContractFunctionArgs<typeof causewayBridgeAbi, 'nonpayable', 'claim'>

/** A certificate with no entries, of slot 0. */
export function certificate(overrides: Partial<CertificateData> = {}): CertificateData {
  return {
    slot: 0,
    height: 1n,
    timestamp: 1n,
    l1InboxCursor: 0n,
    daIndex: 0n,
    notAfter: 2n ** 64n - 1n,
    stateRoot: ZERO_HASH,
    inboxRoot: ZERO_HASH,
    balanceRoot: ZERO_HASH,
    importRoot: ZERO_HASH,
    leaves: [],
    withdrawals: [],
    ...overrides,
  }
}

/** The fields of a message to L1 that `claim` takes. */
export function withdrawal({ token, ...m }: Message): Claim[0] {
  const { source, nonce, timestamp, sender, recipient, refundTo, amount, gasLimit, expiry, payload } = m
  return { source, nonce, timestamp, sender, recipient, refundTo, token: token.address, amount, gasLimit, expiry, payload }
}
