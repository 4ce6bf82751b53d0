/** Who may change a chain's batcher, and when (docs/protocol.md, section 9a). */
import { parseEventLogs, zeroAddress, type Account, type Address } from 'viem'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { causewayHubAbi } from './index.js'
import { CHAIN_A, CHAIN_B, revertOf, startCluster, startL1, type Cluster, type L1 } from './l1-fixture.js'

const DAY = 86_400n
let l1: L1
let cluster: Cluster
let owner: Account
let stranger: Account
let next: Account
beforeAll(async () => {
  l1 = await startL1()
  cluster = await startCluster(l1)
  ;[owner, stranger, next] = l1.accounts as unknown as [Account, Account, Account]
})
afterAll(() => l1.anvil.stop())
let snapshot: `0x${string}`
beforeEach(async () => {
  if (snapshot) await l1.test.revert({ id: snapshot })
  snapshot = await l1.test.snapshot()
})

type Step = 'applyBatcher' | 'cancelBatcher' | 'revokeBatcher' | 'acceptOwnership'
const call = (functionName: Step, account = owner, chainId = CHAIN_A) => l1.send({ ...cluster.hubContract, functionName, args: [chainId], account })
const announce = (batcher: Address = next.address, account = owner, chainId = CHAIN_A) => l1.send({ ...cluster.hubContract, functionName: 'announceBatcher', args: [chainId, batcher], account })
const offer = (to: Address, account = owner) => l1.send({ ...cluster.hubContract, functionName: 'transferOwnership', args: [CHAIN_A, to], account })
const control = (chainId = CHAIN_A) => l1.client.readContract({ ...cluster.hubContract, functionName: 'controlOf', args: [chainId] })
/** Whom a posting without blobs is refused for: the batcher for want of blobs, everybody else by name. */
const mayPost = async (account: Account, chainId = CHAIN_A) => (await revertOf(l1.send({ ...cluster.hubContract, functionName: 'postBlobs', args: [chainId, 1n], account }))) === 'NoBlobs'
const wait = async (seconds: bigint) => {
  await l1.test.increaseTime({ seconds: Number(seconds) })
  await l1.test.mine({ blocks: 1 })
}
const batcherAt = (slot: number) => l1.client.readContract({ ...cluster.hubContract, functionName: 'batcherAt', args: [slot] })
const changes = (logs: readonly unknown[]) => parseEventLogs({ abi: causewayHubAbi, eventName: 'BatcherChanged', logs: logs as never }).map(({ args }) => args)

describe('a rotation', () => {
  it('takes the delay after its announcement, and begins an era', async () => {
    expect(await l1.client.readContract({ ...cluster.hubContract, functionName: 'BATCHER_DELAY' })).toBe(DAY)
    const { logs } = await announce()
    const [announced] = parseEventLogs({ abi: causewayHubAbi, eventName: 'BatcherAnnounced', logs })
    const from = (await l1.client.getBlock()).timestamp + DAY
    expect(announced?.args).toEqual({ chainId: CHAIN_A, batcher: next.address, applicableFrom: from })
    expect(await control()).toEqual({ owner: owner.address, era: 0n, announced: next.address, applicableFrom: from, nextOwner: zeroAddress })
    expect([await mayPost(owner), await mayPost(next)]).toEqual([true, false])

    await l1.test.setNextBlockTimestamp({ timestamp: from - 1n })
    await l1.test.mine({ blocks: 1 })
    await l1.test.setBlockTimestampInterval({ interval: 0 })
    expect(await revertOf(call('applyBatcher'))).toBe('BatcherTooEarly')
    await l1.test.removeBlockTimestampInterval()
    await wait(1n)
    expect(changes((await call('applyBatcher')).logs)).toEqual([{ chainId: CHAIN_A, era: 1n, batcher: next.address }])
    expect([await mayPost(owner), await mayPost(next)]).toEqual([false, true])
    expect(await batcherAt(0)).toBe(next.address)
    expect(await control()).toEqual({ owner: owner.address, era: 1n, announced: zeroAddress, applicableFrom: 0n, nextOwner: zeroAddress })
    expect(await revertOf(call('applyBatcher'))).toBe('NoBatcherAnnounced')

    // The next one is the next era.
    await announce(owner.address)
    await wait(DAY)
    expect(changes((await call('applyBatcher')).logs)).toEqual([{ chainId: CHAIN_A, era: 2n, batcher: owner.address }])
  })

  it('touches no other chain, also if one account posts for several', async () => {
    await announce()
    await wait(DAY)
    await call('applyBatcher')
    expect([await mayPost(owner, CHAIN_B), await mayPost(next, CHAIN_B), await batcherAt(1)]).toEqual([true, false, owner.address])
    expect(await control(CHAIN_B)).toMatchObject({ era: 0n, announced: zeroAddress })
  })

  it('is nobody’s but the owner’s to announce, cancel, apply or revoke; who has the batcher’s key alone has no say', async () => {
    await announce()
    await wait(DAY)
    await call('applyBatcher')
    await announce(stranger.address)
    await wait(DAY)
    for (const account of [next, stranger]) {
      expect(await revertOf(announce(account.address, account))).toBe('NotOwner')
      for (const step of ['applyBatcher', 'cancelBatcher', 'revokeBatcher', 'acceptOwnership'] as const) expect(await revertOf(call(step, account)), step).toBe('NotOwner')
      expect(await revertOf(offer(account.address, account))).toBe('NotOwner')
    }
    expect(await revertOf(announce(next.address, owner, 5n))).toBe('NotOwner')
    expect(await control()).toMatchObject({ owner: owner.address, era: 1n, announced: stranger.address })
  })

  it('that is cancelled cannot be applied, and one that is announced anew waits anew', async () => {
    await announce()
    await wait(DAY)
    const { logs } = await call('cancelBatcher')
    expect(parseEventLogs({ abi: causewayHubAbi, eventName: 'BatcherAnnounced', logs })[0]?.args).toEqual({ chainId: CHAIN_A, batcher: zeroAddress, applicableFrom: 0n })
    expect(await revertOf(call('applyBatcher'))).toBe('NoBatcherAnnounced')
    await announce()
    await wait(DAY)
    await announce(stranger.address)
    expect(await revertOf(call('applyBatcher'))).toBe('BatcherTooEarly')
    expect(await revertOf(announce(zeroAddress))).toBe('BatcherZero')
    await wait(DAY)
    await call('applyBatcher')
    expect([await mayPost(next), await mayPost(stranger)]).toEqual([false, true])
  })

  it('waits for nothing if its batcher was announced in time, and stays ready however long that is', async () => {
    await announce()
    await wait(300n * DAY)
    await call('applyBatcher')
    expect(await mayPost(next)).toBe(true)
  })
})

it('a batcher that is revoked posts nothing more, at once; the announced one waits as before', async () => {
  await announce()
  expect(changes((await call('revokeBatcher')).logs)).toEqual([{ chainId: CHAIN_A, era: 1n, batcher: zeroAddress }])
  for (const account of [owner, next, stranger]) expect(await mayPost(account)).toBe(false)
  expect(await revertOf(call('applyBatcher'))).toBe('BatcherTooEarly')
  await wait(DAY)
  expect(changes((await call('applyBatcher')).logs)).toEqual([{ chainId: CHAIN_A, era: 2n, batcher: next.address }])
  expect(await mayPost(next)).toBe(true)
})

describe('an ownership', () => {
  it('passes on when the other account accepts it', async () => {
    const { logs } = await offer(next.address)
    expect(parseEventLogs({ abi: causewayHubAbi, eventName: 'OwnershipOffered', logs })[0]?.args).toEqual({ chainId: CHAIN_A, to: next.address })
    expect(await control()).toMatchObject({ owner: owner.address, nextOwner: next.address })
    expect(await revertOf(announce(next.address, next))).toBe('NotOwner')
    expect(await revertOf(call('acceptOwnership', stranger))).toBe('NotOwner')
    const accepted = await call('acceptOwnership', next)
    expect(parseEventLogs({ abi: causewayHubAbi, eventName: 'OwnershipTransferred', logs: accepted.logs })[0]?.args).toEqual({ chainId: CHAIN_A, owner: next.address })
    expect(await control()).toMatchObject({ owner: next.address, nextOwner: zeroAddress })
    expect(await revertOf(announce())).toBe('NotOwner')
    await announce(stranger.address, next)
    // Once only.
    await l1.send({ ...cluster.hubContract, functionName: 'transferOwnership', args: [CHAIN_A, owner.address], account: next })
    await call('acceptOwnership', owner)
    expect(await revertOf(call('acceptOwnership', next))).toBe('NotOwner')
  })

  it('that is offered to nobody stays', async () => {
    await offer(next.address)
    await offer(zeroAddress)
    expect(await revertOf(call('acceptOwnership', next))).toBe('NotOwner')
  })
})
