import { readFileSync } from 'node:fs'
import { decodeJson, encodePolicy, messageLeaf, toBytes32, withdrawalDigest, type Certificate, type CertificateL1Data, type ClusterDomain, type EpochWitness, type L1InboxEntry, type Message, type Policy, type QueueEntry } from '@causeway/core'
import { concatHex, decodeErrorResult, encodeAbiParameters, encodeDeployData, encodeFunctionData, keccak256, parseEventLogs, sliceHex, type Abi, type Address, type Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { causewayBridgeAbi, causewayBridgeBytecode, causewayErrorsAbi, causewayHubAbi, causewayHubBytecode, causewayInboxAbi, causewayInboxBytecode } from './index.js'
import { certificate, register as registerAt, revertOf, startL1, withdrawal, type CertificateData, type EpochData, type L1 } from './l1-fixture.js'
import { mockVerifierAbi, mockVerifierBytecode } from './testing.js'

/** The golden vectors through the contracts themselves, which stand where the vectors say and at the vectors' time. */
function vectors<T>(name: string): T {
  return decodeJson(readFileSync(new URL(`../../../circuits/vectors/${name}.json`, import.meta.url), 'utf8')) as T
}

type L1Vectors = {
  domain: ClusterDomain & { separator: Hex }
  alias: { address: Address; alias: Address }
  inbox: [{ entry: Extract<L1InboxEntry, { kind: 'deposit' }>; after: Hex }, { entry: Extract<L1InboxEntry, { kind: 'forced' }>; after: Hex }]
  queue: [{ entry: QueueEntry; after: Hex }]
  da: [{ commitment: Hex; after: Hex }]
  certificateData: (CertificateL1Data & { accumulator: Hex })[]
  withdrawals: { digests: Hex[]; root: Hex; paths: Hex[][] }
}
type EpochVector = { witness: EpochWitness; publicInputs: bigint[] }
const { domain, alias, inbox, queue, da, certificateData, withdrawals } = vectors<L1Vectors>('l1')
const { witness, publicInputs } = vectors<EpochVector>('epoch')
const messages = vectors<{ message: Message; withdrawalDigest: Hex }[]>('messages')
const [{ policy, encoded }] = vectors<[{ policy: Policy; encoded: Hex }]>('policies')

type System = { hub: Address; inbox: Address; bridge: Address }
let l1: L1
/** Hub, inbox and bridge of the cluster in l1.json, and of that in epoch.json. */
let one: System
let two: System

beforeAll(async () => {
  l1 = await startL1({ hardfork: 'prague', genesisTime: 1000n })
  const verifier = await l1.deploy(mockVerifierAbi, mockVerifierBytecode)
  one = await system(domain, verifier, { inbox: `0x${'1b'.repeat(20)}`, bridge: `0x${'b1'.repeat(20)}` })
  two = await system(witness.domain, verifier, { inbox: `0x${'2b'.repeat(20)}`, bridge: `0x${'b2'.repeat(20)}` })
})
afterAll(() => l1.anvil.stop())

/** Runs a contract's constructor at an address of our choice: its immutables and storage are those of a deployment there. */
async function construct(address: Address, abi: Abi, bytecode: Hex, args: readonly unknown[]): Promise<void> {
  await l1.test.setCode({ address, bytecode: encodeDeployData({ abi, bytecode, args }) })
  const { data } = await l1.client.call({ to: address, gas: 10_000_000n })
  const hash = await l1.wallet.sendTransaction({ to: address, gas: 10_000_000n, chain: null })
  expect((await l1.client.waitForTransactionReceipt({ hash })).status).toBe('success')
  await l1.test.setCode({ address, bytecode: data as Hex })
}

async function system({ hub, clusterId }: ClusterDomain, verifier: Address, at: Omit<System, 'hub'>): Promise<System> {
  await construct(hub, causewayHubAbi, causewayHubBytecode, [verifier, at.inbox, clusterId])
  await construct(at.inbox, causewayInboxAbi, causewayInboxBytecode, [hub, at.bridge])
  await construct(at.bridge, causewayBridgeAbi, causewayBridgeBytecode, [hub, at.inbox, `0x${'e5'.repeat(20)}`])
  return { hub, ...at }
}

const readHub = (of: System, functionName: 'queueHash' | 'withdrawalsRoot', index: bigint) => l1.client.readContract({ address: of.hub, abi: causewayHubAbi, functionName, args: [index] })
const register = (of: System, chainId: bigint, stateRoot: Hex, chainPolicy: Policy) =>
  registerAt(l1, of, chainId, { stateRoot, policy: encodePolicy(chainPolicy) })

/** Calls what must revert and returns the custom error. */
async function errorOf(to: Address, data: Hex, abi: Abi): Promise<{ errorName: string; args: readonly unknown[] }> {
  const error: unknown = await l1.client.call({ to, data }).catch((caught: unknown) => caught)
  for (let at = error; at instanceof Error || (typeof at === 'object' && at !== null); at = (at as { cause?: unknown }).cause) {
    const found = (at as { data?: unknown }).data
    const bytes = typeof found === 'object' && found !== null ? (found as { data?: unknown }).data : found
    if (typeof bytes === 'string' && bytes.length > 2) return decodeErrorResult({ abi, data: bytes as Hex }) as { errorName: string; args: readonly unknown[] }
  }
  throw error
}

/** The public inputs that a hub asks its verifier about. */
async function asked(of: System, data: EpochData): Promise<bigint[]> {
  const { errorName, args } = await errorOf(of.hub, encodeFunctionData({ abi: causewayHubAbi, functionName: 'settle', args: [data, '0x01'] }), [...mockVerifierAbi, ...causewayErrorsAbi])
  expect(errorName).toBe('Saw')
  return (args[0] as Hex[]).map(BigInt)
}

/** What the hub is told of a certificate. */
function certificateOf({ slot, certificate: { after, daIndex, notAfter }, importRoot, leaves, withdrawals: digests }: Omit<CertificateL1Data, 'certificate'> & { certificate: Pick<Certificate, 'after' | 'daIndex' | 'notAfter'> }): CertificateData {
  const { height, timestamp, l1InboxCursor, stateRoot, inboxRoot, balanceRoot } = after
  return { slot: Number(slot), height, timestamp, l1InboxCursor, daIndex, notAfter, stateRoot, inboxRoot: toBytes32(inboxRoot), balanceRoot: toBytes32(balanceRoot), importRoot: toBytes32(importRoot), leaves: leaves.map(toBytes32), withdrawals: digests }
}

describe('the golden epoch', () => {
  let data: EpochData
  beforeAll(async () => {
    for (const { certificate: c } of witness.certificates) {
      await register(two, c.before.chainId, toBytes32(c.before.chainId + 1n), c.policy)
      // As if the chain's deposits and postings had been made; what they hash to has vectors of its own.
      await l1.test.setStorageAt({ address: two.inbox, index: nested(1n, c.before.chainId, c.after.l1InboxCursor), value: c.inboxHash })
      await l1.test.setStorageAt({ address: two.hub, index: nested(7n, c.before.chainId, c.daIndex), value: c.daHash })
    }
    const head = { beneficiary: witness.beneficiary, queueCursor: 2n }
    const first: EpochData = { ...head, epoch: 1n, time: 1_000_000n, newRoot: toBytes32(witness.rootFrom), certificates: [certificate()] }
    await l1.send({ address: two.hub, abi: causewayHubAbi, functionName: 'settle', args: [first, '0x1234'] })
    await l1.test.setNextBlockTimestamp({ timestamp: witness.time / 1000n + 100n })
    await l1.test.mine({ blocks: 1 })
    data = { ...head, epoch: witness.epoch, time: witness.time, newRoot: toBytes32(publicInputs[6] as bigint), certificates: [] }
  })

  /** Storage slot of `mapping(uint64 => mapping(uint64 => bytes32))` number `at`. */
  function nested(at: bigint, ...keys: [bigint, bigint]): Hex {
    return keys.reduce<Hex>((slot, key) => keccak256(encodeAbiParameters([{ type: 'uint256' }, { type: 'bytes32' }], [key, slot])), toBytes32(at))
  }

  it('has the public inputs that the hub computes', async () => {
    const certificates = witness.certificates.map((item) => {
      const { entries, before } = item.certificate
      const sent = entries.flatMap((entry) => (entry.kind === 'export' ? [entry.message] : []))
      const toL1 = sent.filter(({ destination }) => destination === witness.domain.l1ChainId)
      return certificateOf({ ...item, leaves: sent.map((message) => messageLeaf(message, before.policyHash)), withdrawals: toL1.map(withdrawalDigest) })
    })
    expect(certificates.map((item) => item.withdrawals.length)).toEqual([1, 1])
    expect(await asked(two, { ...data, certificates })).toEqual(publicInputs)
  })

  it('has the accumulator of its L1 data with other exports', async () => {
    const certificates = certificateData.map((item, i) => certificateOf({ ...item, certificate: { ...item.certificate, daIndex: witness.certificates[i]?.certificate.daIndex ?? 0n } }))
    const accumulatorAfter = async (count: number) => concatHex((await asked(two, { ...data, certificates: certificates.slice(0, count) })).slice(13, 15).map((limb): Hex => `0x${limb.toString(16).padStart(32, '0')}`))
    for (const [i, { accumulator }] of certificateData.entries()) expect(await accumulatorAfter(i + 1)).toBe(accumulator)
    expect(certificateData.length).toBe(2)
  })
})

describe('golden vectors on L1', () => {
  it('domain separator', async () => {
    expect(await l1.client.readContract({ address: one.hub, abi: causewayHubAbi, functionName: 'domain' })).toBe(domain.separator)
  })

  it('registration queue, and the policy as it travels', async () => {
    const [{ entry, after }] = queue
    expect(encodePolicy(policy)).toBe(encoded)
    await register(one, entry.chainId, entry.stateRoot, policy)
    expect(await readHub(one, 'queueHash', 1n)).toBe(after)
  })

  it('L1 inbox', async () => {
    const [deposit, forced] = inbox
    const { destination: chainId, recipient, refundTo, gasLimit, payload, sender, token, amount, timestamp } = deposit.entry.message
    const hashAt = (index: bigint) => l1.client.readContract({ address: one.inbox, abi: causewayInboxAbi, functionName: 'hashAt', args: [chainId, index] })
    await l1.test.setBalance({ address: one.bridge, value: 10n ** 18n })
    await l1.test.impersonateAccount({ address: one.bridge })
    await l1.test.setNextBlockTimestamp({ timestamp: timestamp / 1000n })
    const args = [sender, token.address, amount, { chainId, recipient, refundTo, gasLimit, payload }] as const
    const hash = await l1.wallet.writeContract({ address: one.inbox, abi: causewayInboxAbi, functionName: 'appendDeposit', args, account: one.bridge, gas: 1_000_000n, chain: null })
    expect((await l1.client.waitForTransactionReceipt({ hash })).status).toBe('success')
    expect(await hashAt(1n)).toBe(deposit.after)
    await l1.send({ address: one.inbox, abi: causewayInboxAbi, functionName: 'forceTransaction', args: [chainId, forced.entry.transaction] })
    expect(await hashAt(2n)).toBe(forced.after)
  })

  it('DA postings', async () => {
    const [{ commitment, after }] = da
    const data = encodeFunctionData({ abi: causewayHubAbi, functionName: 'postBlobs', args: [queue[0].entry.chainId, 1n] })
    const call = { from: l1.account.address, to: one.hub, data, type: '0x3', blobVersionedHashes: [sliceHex(commitment, 0, 32), sliceHex(commitment, 32)], maxFeePerBlobGas: '0x3b9aca00', gas: '0xf4240' }
    const blocks = (await l1.client.request({ method: 'eth_simulateV1', params: [{ blockStateCalls: [{ calls: [call] }] }, 'latest'] } as never)) as { calls: { logs: never[]; error?: unknown }[] }[]
    const [result] = blocks[0]?.calls ?? []
    expect(result?.error).toBeUndefined()
    const [log] = parseEventLogs({ abi: causewayHubAbi, eventName: 'BatchPosted', logs: result?.logs ?? [] })
    expect(log?.args).toMatchObject({ index: 1n, daHash: after, commitment })
  })

  it('alias of a contract', async () => {
    // Forwards its calldata to the bridge: PUSH calldata, CALL, nothing else.
    await l1.test.setCode({ address: alias.address, bytecode: concatHex(['0x365f5f375f5f365f5f73', one.bridge, '0x5af1']) })
    const params = { chainId: queue[0].entry.chainId, recipient: one.hub, refundTo: one.hub, gasLimit: 0n, payload: '0x' } as const
    const hash = await l1.wallet.sendTransaction({ to: alias.address, data: encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'depositETH', args: [params] }), gas: 1_000_000n, chain: null })
    const { logs } = await l1.client.waitForTransactionReceipt({ hash })
    const [log] = parseEventLogs({ abi: causewayInboxAbi, eventName: 'Deposited', logs })
    expect(log?.args.sender.toLowerCase()).toBe(alias.alias)
  })

  it('withdrawal digests', async () => {
    for (const { message, withdrawalDigest: digest } of messages) {
      const data = encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'claim', args: [withdrawal(message), 1n, []] })
      expect(await errorOf(one.bridge, data, causewayBridgeAbi)).toMatchObject({ errorName: 'NotSettled', args: [digest, 1n] })
    }
  })

  it('withdrawal tree, and paths in it as OpenZeppelin checks them', async () => {
    const { digests, root, paths } = withdrawals
    await register(one, 42002n, toBytes32(1n), policy)
    const data: EpochData = {
      epoch: 1n,
      time: await l1.now(),
      newRoot: toBytes32(1n),
      queueCursor: 2n,
      beneficiary: l1.account.address,
      certificates: [certificate({ slot: 0, withdrawals: digests.slice(0, 4) }), certificate({ slot: 1, withdrawals: digests.slice(4) })],
    }
    await l1.send({ address: one.hub, abi: causewayHubAbi, functionName: 'settle', args: [data, '0x1234'] })
    expect(await readHub(one, 'withdrawalsRoot', 1n)).toBe(root)
    const claim = (i: number, path: Hex[]) => {
      const message = { ...(messages[1]?.message as Message), nonce: BigInt(i + 1) }
      return revertOf(l1.send({ address: one.bridge, abi: causewayBridgeAbi, functionName: 'claim', args: [withdrawal(message), 1n, path] }))
    }
    for (const [i, path] of paths.entries()) {
      // Past the path: the bridge never took in what these withdrawals carry.
      expect(await claim(i, path)).toBe('EscrowExceeded')
      expect(await claim(i, path.slice(1))).toBe('NotSettled')
      expect(await claim((i + 1) % paths.length, path)).toBe('NotSettled')
    }
  })
})
