import { DA_KINDS, nextDaHash, ZERO_HASH } from '@causeway/core'
import { decodeRevert, revertData } from '@causeway/l1'
import { concatHex, encodePacked, getAddress, keccak256, parseEventLogs, sliceHex, toHex, zeroAddress, type Address, type Hex, type LocalAccount } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { causewayErrorsAbi, causewayHubAbi, committeeAvailabilityAbi, committeeAvailabilityBytecode } from './index.js'
import { register, revertOf, startCluster, startL1, type Cluster, type L1 } from './l1-fixture.js'

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const CHAIN = 920n
const TYPES = {
  Batch: [
    { name: 'hub', type: 'address' },
    { name: 'chainId', type: 'uint64' },
    { name: 'batchHash', type: 'bytes32' },
    { name: 'length', type: 'uint32' },
    { name: 'expiry', type: 'uint64' },
  ],
} as const
const ascending = <T extends { address: Address }>(list: readonly T[]): T[] => list.toSorted((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1))
const accounts = ascending([1, 2, 3, 4, 5].map((n) => privateKeyToAccount(toHex(n, { size: 32 }))))
/** Two of the first three have to sign; the others are strangers. */
const [a, b, c, stranger] = accounts as [LocalAccount, LocalAccount, LocalAccount, LocalAccount]
const members = [a.address, b.address, c.address]

let l1: L1
let cluster: Cluster
let adapter: Address
let expiry: bigint
beforeAll(async () => {
  l1 = await startL1()
  cluster = await startCluster(l1)
  adapter = await l1.deploy(committeeAvailabilityAbi, committeeAvailabilityBytecode, [members, 2n])
  await register(l1, cluster, CHAIN, { daKind: DA_KINDS.adapter, daAdapter: adapter })
  expiry = (await l1.client.getBlock()).timestamp + 3_600n
})
afterAll(() => l1?.anvil.stop())

type Batch = { hub: Address; chainId: bigint; batchHash: Hex; length: number; expiry: bigint }
type Domain = { chainId: number; verifyingContract: Address }
const batch = (change: Partial<Batch> = {}): Batch => ({ hub: cluster.hub, chainId: CHAIN, batchHash: keccak256('0xba7c'), length: 2, expiry, ...change })
const sign = (signer: LocalAccount, change: Partial<Batch> = {}, domain: Partial<Domain> = {}): Promise<Hex> =>
  signer.signTypedData({ domain: { name: 'Causeway committee', version: '1', chainId: 31337, verifyingContract: adapter, ...domain }, types: TYPES, primaryType: 'Batch', message: batch(change) })
const posting = ({ batchHash, length, expiry: until }: Batch, signatures: readonly Hex[]): Hex => concatHex([encodePacked(['bytes32', 'uint32', 'uint64'], [batchHash, length, until]), ...signatures])
const send = (data: Hex, chainId = CHAIN) =>
  l1.client.readContract({ ...cluster.hubContract, functionName: 'daLength', args: [chainId] }).then((length) =>
    l1.send({ ...cluster.hubContract, abi: [...causewayHubAbi, ...causewayErrorsAbi], functionName: 'postWith', args: [chainId, length + 1n, data] }),
  )
const verdict = async (signatures: readonly (Hex | Promise<Hex>)[], change: Partial<Batch> = {}) => revertOf(send(posting(batch(change), await Promise.all(signatures.map(async (signature) => signature)))))
const committee = (list: readonly Address[], threshold: bigint) => l1.deploy(committeeAvailabilityAbi, committeeAvailabilityBytecode, [list, threshold])

it('records hash and length of what k of n members say that they keep, whichever of them, again and again', async () => {
  let daHash = ZERO_HASH
  for (const [i, signers] of [[a, b], [a, c], [b, c], [b, c]].entries()) {
    const message = batch()
    const { logs, gasUsed } = await send(posting(message, await Promise.all(signers.map((signer) => sign(signer)))))
    const commitment = encodePacked(['bytes32', 'uint32'], [message.batchHash, message.length])
    daHash = nextDaHash(daHash, commitment)
    expect(parseEventLogs({ abi: causewayHubAbi, logs })).toMatchObject([{ eventName: 'BatchPosted', args: { chainId: CHAIN, index: BigInt(i + 1), daHash, commitment } }])
    expect(gasUsed).toBeLessThan(100_000n)
  }
  const read = { address: adapter, abi: committeeAvailabilityAbi } as const
  expect(await l1.client.readContract({ ...read, functionName: 'members' })).toEqual(members)
  expect(await l1.client.readContract({ ...read, functionName: 'threshold' })).toBe(2n)
})

it('counts no member twice, and nobody who is none', async () => {
  expect(await verdict([sign(a), sign(a)])).toBe('SignersUnsorted')
  expect(await verdict([sign(b), sign(a)])).toBe('SignersUnsorted')
  expect(await verdict([sign(a), sign(stranger)])).toBe('NotMember')
  expect(await verdict([sign(stranger), sign(b)])).toBe('NotMember')
})

it('takes exactly as many signatures as it wants, whole ones', async () => {
  const two = await Promise.all([sign(a), sign(b)])
  expect(await verdict([])).toBe('PostingSizeInvalid')
  expect(await verdict([sign(a)])).toBe('PostingSizeInvalid')
  expect(await verdict([...two, sign(c)])).toBe('PostingSizeInvalid')
  expect(await revertOf(send('0x'))).toBe('PostingSizeInvalid')
  const whole = posting(batch(), two)
  expect(await revertOf(send(sliceHex(whole, 0, 44 + 129)))).toBe('PostingSizeInvalid')
  expect(await revertOf(send(concatHex([whole, '0x00'])))).toBe('PostingSizeInvalid')
})

it('takes no signature for something else', async () => {
  const others: Record<string, Partial<Batch>> = {
    'another batch': { batchHash: keccak256('0x01') },
    'another length': { length: 3 },
    'another expiry': { expiry: expiry + 1n },
    'another chain': { chainId: CHAIN + 1n },
    'another hub': { hub: l1.account.address },
  }
  for (const [what, change] of Object.entries(others)) expect(await verdict([sign(a), sign(b, change)]), what).toBe('NotMember')
  expect(await verdict([sign(a), sign(b, {}, { chainId: 1 })]), 'another L1').toBe('NotMember')
  expect(await verdict([sign(a), sign(b, {}, { verifyingContract: zeroAddress })]), 'another committee').toBe('NotMember')
  // What was signed for one chain is of no use to another one of the same committee.
  await register(l1, cluster, CHAIN + 1n, { daKind: DA_KINDS.adapter, daAdapter: adapter })
  expect(await revertOf(send(posting(batch(), await Promise.all([sign(a), sign(b)])), CHAIN + 1n))).toBe('NotMember')
  expect(await revertOf(send(posting(batch(), await Promise.all([sign(a, { chainId: CHAIN + 1n }), sign(b, { chainId: CHAIN + 1n })])), CHAIN + 1n))).toBe('success')
})

it('takes no malleated signature, and none that is none', async () => {
  const [first, second] = await Promise.all([sign(a), sign(b)])
  const s = BigInt(sliceHex(second, 32, 64))
  const high = concatHex([sliceHex(second, 0, 32), toHex(N - s, { size: 32 }), sliceHex(second, 64) === '0x1b' ? '0x1c' : '0x1b'])
  expect(await verdict([first, high])).toBe('ECDSAInvalidSignatureS')
  expect(await verdict([first, toHex(0, { size: 65 })])).toBe('ECDSAInvalidSignature')
  expect(await verdict([first, concatHex([sliceHex(second, 0, 64), '0x00'])])).toBe('ECDSAInvalidSignature')
})

it('takes nothing that members may have forgotten', async () => {
  const { timestamp } = await l1.client.getBlock()
  const old = { expiry: timestamp - 1n }
  expect(await verdict([sign(a, old), sign(b, old)], old)).toBe('SignaturesExpired')
})

it('has 1 to 32 members, each once, and a threshold that they can reach', async () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => getAddress(toHex(i + 1, { size: 20 })))
  const verdictOn = async (list: readonly Address[], threshold: bigint) => {
    const error: unknown = await committee(list, threshold).then(() => undefined, (caught: unknown) => caught)
    return error === undefined ? 'success' : decodeRevert(revertData(error) ?? '0x', committeeAvailabilityAbi).name
  }
  expect(await verdictOn([], 0n)).toBe('MembersInvalid')
  expect(await verdictOn(many(33), 2n)).toBe('MembersInvalid')
  expect(await verdictOn([zeroAddress, a.address], 1n)).toBe('MembersInvalid')
  expect(await verdictOn([b.address, a.address], 1n)).toBe('MembersInvalid')
  expect(await verdictOn([a.address, a.address], 1n)).toBe('MembersInvalid')
  expect(await verdictOn(members, 0n)).toBe('ThresholdInvalid')
  expect(await verdictOn(members, 4n)).toBe('ThresholdInvalid')
  expect(await verdictOn(many(32), 32n)).toBe('success')
})
