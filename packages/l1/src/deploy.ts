import { causewayClusterAbi, causewayClusterBytecode, causewayHubAbi, type Verifier } from '@causeway/contracts'
import { CausewayError, domainSeparator, ZERO_HASH, type ClusterDomain } from '@causeway/core'
import {
  concatHex,
  encodeDeployData,
  getContractAddress,
  getCreate2Address,
  keccak256,
  parseAbi,
  parseEther,
  type Account,
  type Address,
  type Chain,
  type Hex,
  type PublicClient,
  type Transport,
  type WalletClient,
} from 'viem'
import { decodeRevert, revertData, type SolidityError } from './revert.js'

/** Deploys `salt ‖ initcode` by CREATE2; at this address on nearly every chain (Arachnid's deterministic deployment proxy). */
export const CREATE2_PROXY: Address = '0x4e59b44847b379578588920cA78FbF26c0B4956C'
/** Its deployment is one transaction that was signed before any chain existed, so that its address is the same on all. */
const PROXY_DEPLOYER: Address = '0x3fAB184622Dc19b6109349B94811493BF2a45362'
const PROXY_TRANSACTION: Hex =
  '0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf31ba02222222222222222222222222222222222222222222222222222222222222222a02222222222222222222222222222222222222222222222222222222222222222'
/** Gas of the presigned transaction, 100,000 at 100 gwei. */
const PROXY_COST = parseEther('0.01')

/** Gas limit of the cluster's deployment, which cannot be estimated before the verifier is there; 9.2 million are used with `AccountingVerifier`. */
const CLUSTER_GAS = 12_000_000n

/** Where the contracts of a cluster are. */
export type ClusterContracts = { hub: Address; inbox: Address; bridge: Address; messenger: Address; verifier: Address }
/** A deployed cluster. */
export type DeployedCluster = ClusterContracts & {
  domain: ClusterDomain
  /** EIP-712 separator of `domain`, as the hub has it. */
  domainSeparator: Hex
}

/** Options of {@link deployCluster}. */
export type DeployClusterOptions = {
  client: PublicClient
  /** Pays for the deployment; the contracts give it no rights. */
  wallet: WalletClient<Transport, Chain | undefined, Account>
  /** 32 bytes that tell this cluster from others with the same verifier. */
  clusterId: Hex
  /** The aggregate's verifier. The cluster's constructor tests it: without a verifier that works on this L1 there is no cluster. */
  verifier: Verifier
}

/** Where {@link deployCluster} puts a cluster: the same on every L1, whoever deploys it. The self-test's proof is part of the address. */
export function clusterAddresses({ clusterId, verifier }: Pick<DeployClusterOptions, 'clusterId' | 'verifier'>): ClusterContracts {
  const verifierAddress = create2(verifier.bytecode)
  const cluster = create2(clusterInitCode(verifier, clusterId))
  const creation = (nonce: bigint) => getContractAddress({ from: cluster, nonce })
  return { hub: creation(1n), inbox: creation(2n), bridge: creation(3n), messenger: creation(4n), verifier: verifierAddress }
}

/**
 * Deploys a cluster's verifier, then hub, inbox, bridge and messenger in one transaction, which also tests the verifier, skipping what
 * is there already: a second run changes nothing, and one after a crash goes on where the first stopped. It waits for one block of L1.
 * @throws CausewayError `CLUSTER_ID_INVALID`; `DEPLOYMENT_REVERTED` if a constructor refuses, as a development verifier does on
 * another chain, and a cluster whose verifier fails its self-test; `DEPLOYMENT_PROXY_MISSING`; `DEPLOYMENT_MISMATCH`
 */
export async function deployCluster({ client, wallet, clusterId, verifier }: DeployClusterOptions): Promise<DeployedCluster> {
  if (!/^0x[0-9a-f]{64}$/i.test(clusterId))
    throw new CausewayError(`The cluster id ${clusterId} is not 32 bytes of hex.`, {
      code: 'CLUSTER_ID_INVALID',
      fix: 'Pass a 32-byte hex string, for example keccak256 of the cluster’s name.',
    })
  await ensureProxy(client, wallet)
  await deployAll(client, wallet, [
    { what: 'the verifier', initCode: verifier.bytecode },
    { what: 'the cluster', initCode: clusterInitCode(verifier, clusterId), gas: CLUSTER_GAS },
  ])

  const contracts = clusterAddresses({ clusterId, verifier })
  const domain: ClusterDomain = { l1ChainId: BigInt(await client.getChainId()), hub: contracts.hub, clusterId }
  const separator = await client.readContract({ address: contracts.hub, abi: causewayHubAbi, functionName: 'domain' })
  if (separator !== domainSeparator(domain))
    throw new CausewayError(`The hub at ${contracts.hub} has the domain ${separator}, not ${domainSeparator(domain)}.`, {
      code: 'DEPLOYMENT_MISMATCH',
      fix: 'Check that the RPC endpoint is that of the L1 you mean, and that it is not a fork with another chain id.',
    })
  return { ...contracts, domain, domainSeparator: separator }
}

type Clients = [client: PublicClient, wallet: DeployClusterOptions['wallet']]

async function ensureProxy(...[client, wallet]: Clients): Promise<void> {
  if (await hasCode(client, CREATE2_PROXY)) return
  const balance = await client.getBalance({ address: PROXY_DEPLOYER })
  if (balance < PROXY_COST) {
    const funding = await wallet.sendTransaction({ ...sender(wallet), to: PROXY_DEPLOYER, value: PROXY_COST - balance })
    await client.waitForTransactionReceipt({ hash: funding })
  }
  try {
    await client.waitForTransactionReceipt({ hash: await client.sendRawTransaction({ serializedTransaction: PROXY_TRANSACTION }) })
  } catch (cause) {
    if (await hasCode(client, CREATE2_PROXY)) return
    throw proxyMissing(cause)
  }
  if (!(await hasCode(client, CREATE2_PROXY))) throw proxyMissing()
}

/** `gas`: what to give a step that is sent before those it needs are mined, when nobody can estimate it. */
type Step = { what: string; initCode: Hex; gas?: bigint }

/** Sends all steps that are missing at once, so that one block of L1 may take them. */
async function deployAll(client: PublicClient, wallet: Clients[1], steps: readonly Step[]): Promise<void> {
  const sent: Promise<unknown>[] = []
  for (const { initCode, gas } of steps) {
    if (await hasCode(client, create2(initCode))) continue
    const request = { ...deployment(wallet, initCode), ...(sent.length > 0 && gas !== undefined ? { gas } : {}) }
    const [sending] = await Promise.allSettled([wallet.sendTransaction(request)])
    if (sending.status === 'rejected') break
    sent.push(client.waitForTransactionReceipt({ hash: sending.value }))
  }
  await Promise.allSettled(sent)
  // The code decides, whoever's transaction brought it. What is not there is sent again alone, and its error told.
  for (const step of steps) await deployOnce(client, wallet, step)
}

async function deployOnce(client: PublicClient, wallet: Clients[1], { what, initCode }: Step): Promise<Address> {
  const address = create2(initCode)
  if (await hasCode(client, address)) return address
  let cause: unknown
  try {
    const hash = await wallet.sendTransaction(deployment(wallet, initCode))
    await client.waitForTransactionReceipt({ hash })
  } catch (error) {
    // Perhaps because an earlier run's transaction was mined meanwhile: the code decides.
    cause = error
  }
  if (await hasCode(client, address)) return address
  const reason = await refusal(client, wallet, initCode)
  throw new CausewayError(`The deployment of ${what} to ${address} failed${reason ? `: ${reason.name}(${reason.args.map(String).join(', ')})` : ''}.`, {
    code: 'DEPLOYMENT_REVERTED',
    fix: FIX[reason?.name ?? ''] ?? 'Check that the account has ETH, and that the verifier is made for this chain.',
    cause: reason ?? cause,
  })
}

const FIX: Readonly<Record<string, string>> = {
  NotADevelopmentChain: 'A verifier on the development setup refuses any but development chain ids: deploy to anvil, or build the circuits on the public setup.',
  SelfTestRefused: 'The verifier refuses the proof made with it. Build verifier and proof together (npm run build:circuits, then build:contracts), and check that this L1 has the BN254 precompiles (EIP-196).',
  PairingMissing: 'This L1 has no BN254 pairing precompile (EIP-197), without which no proof can be verified there.',
  SelfTestForged: 'The verifier accepts what was not proven: nothing may be deposited behind it.',
}

/** Why a constructor refuses: the proxy does not say. Undefined if it does not, now. */
async function refusal(client: PublicClient, wallet: Clients[1], initCode: Hex): Promise<SolidityError | undefined> {
  try {
    await client.call({ account: wallet.account, data: initCode })
    return undefined
  } catch (error) {
    const data = revertData(error)
    return data === undefined || data === '0x' ? undefined : decodeRevert(data, [...causewayClusterAbi, ...parseAbi(['error NotADevelopmentChain(uint256 chainId)'])])
  }
}

function deployment(wallet: Clients[1], initCode: Hex) {
  return { ...sender(wallet), to: CREATE2_PROXY, data: concatHex([ZERO_HASH, initCode]) }
}

/** `chain: null` only where the wallet has none: viem then does not compare chain ids. */
function sender(wallet: Clients[1]): { account: Account; chain: Chain | null } {
  return { account: wallet.account, chain: wallet.chain ?? null }
}

async function hasCode(client: PublicClient, address: Address): Promise<boolean> {
  return ((await client.getCode({ address })) ?? '0x') !== '0x'
}

function create2(initCode: Hex): Address {
  return getCreate2Address({ from: CREATE2_PROXY, salt: ZERO_HASH, bytecodeHash: keccak256(initCode) })
}

function clusterInitCode({ bytecode, selfTest }: Verifier, clusterId: Hex): Hex {
  return encodeDeployData({ abi: causewayClusterAbi, bytecode: causewayClusterBytecode, args: [create2(bytecode), clusterId, selfTest.proof, selfTest.publicInputs] })
}

function proxyMissing(cause?: unknown): CausewayError {
  return new CausewayError(`This L1 has no deterministic deployment proxy at ${CREATE2_PROXY}, and it could not be deployed.`, {
    code: 'DEPLOYMENT_PROXY_MISSING',
    fix: 'Allow the presigned legacy transaction of github.com/Arachnid/deterministic-deployment-proxy (geth: --rpc.allow-unprotected-txs), or use anvil.',
    cause,
  })
}
