import { decodePolicy, errorCode, policyHash, ZERO_HASH, type Log } from '@causeway/core'
import { causewayInboxAbi } from '@causeway/contracts'
import { createPublicClient, custom, parseEther, zeroAddress, type Hex, type PublicClient } from 'viem'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { POLICY, startL1, stoppedClock as clock, type SteppedL1 } from './l1-fixture.js'
import { createL1Reader, type L1Update } from './read.js'

let l1: SteppedL1
beforeEach(async () => void (l1 = await startL1()))
afterEach(() => l1.stop())

const reader = (options: Partial<Parameters<typeof createL1Reader>[0]> = {}) =>
  createL1Reader({ client: l1.client, addresses: l1.cluster, clock, ...options })
const amounts = (records: readonly { entry: { kind: string } }[]) =>
  records.map(({ entry }) => (entry as unknown as { message: { amount: bigint } }).message.amount / parseEther('1'))

/** A client whose answers pass through `change`. */
function through(change: (method: string, result: never) => unknown): PublicClient {
  return createPublicClient({
    cacheTime: 0,
    transport: custom({ request: async ({ method, params }) => change(method, (await l1.client.request({ method, params })) as never) }, { retryCount: 0 }),
  })
}

describe('createL1Reader', () => {
  it('gives registrations, entries and hashes as the contracts have them, at each head', async () => {
    const follower = reader()
    expect(() => follower.heads).toThrow(/not read yet/)
    await l1.register(1001n)
    await l1.mined(l1.deposit(1001n, '1'))
    await l1.mined(
      l1.wallet(9).writeContract({ chain: null, address: l1.cluster.inbox, abi: causewayInboxAbi, functionName: 'forceTransaction', args: [1001n, '0x02c0'] }),
    )
    await l1.mined(l1.deposit(1001n, '3'))
    const { added, removed, heads } = await follower.poll()
    expect(added.map(({ type }) => type)).toEqual(['registration', 'inbox', 'inbox', 'inbox'])
    expect(removed).toEqual([])
    expect([heads.latest.number - heads.safe.number, heads.latest.number - heads.finalized.number]).toEqual([1n, 2n])
    expect(heads.latest.timestamp).toBe((await l1.client.getBlock()).timestamp * 1000n)

    expect(follower.registrations()[0]).toMatchObject({ chainId: 1001n, slot: 0n, queueIndex: 0n, policyHash: policyHash(decodePolicy(POLICY)) })
    expect([follower.inboxLength(1001n), follower.inboxLength(1001n, 'safe'), follower.inboxLength(1001n, 'finalized')]).toEqual([3n, 2n, 1n])
    expect(follower.inbox(1001n, 1n, 2n)).toMatchObject([{ entry: { kind: 'forced', index: 1n, transaction: '0x02c0' } }])
    expect(follower.inbox(1001n, 0n, 9n, 'finalized')).toMatchObject([
      { entry: { kind: 'deposit', message: { source: 31337n, destination: 1001n, nonce: 0n, amount: parseEther('1'), sender: l1.account(9).address } } },
    ])
    for (const index of [0n, 1n, 2n, 3n])
      expect(follower.inboxHash(1001n, index)).toBe(
        await l1.client.readContract({ address: l1.cluster.inbox, abi: causewayInboxAbi, functionName: 'hashAt', args: [1001n, index] }),
      )
    expect(follower.inboxHash(5n, 0n)).toBe(ZERO_HASH)
    expect(() => follower.inboxHash(1001n, 4n)).toThrow(/Index 4 is not in the L1 inbox of chain 1001/)
  })

  it('reads a chain that registers later, and only the wanted chains', async () => {
    const all = reader()
    const one = reader({ chains: [1002n] })
    await Promise.all([all.poll(), one.poll()])
    await l1.register(1001n)
    await l1.mined(l1.deposit(1001n, '1'))
    await Promise.all([all.poll(), one.poll()])
    await l1.register(1002n)
    await l1.mined(l1.deposit(1002n, '2'))
    await Promise.all([all.poll(), one.poll()])
    expect(amounts(all.inbox(1002n))).toEqual([2n])
    expect(amounts(one.inbox(1002n))).toEqual([2n])
    expect([all.inboxLength(1001n), one.inboxLength(1001n)]).toEqual([1n, 0n])
    expect(one.registrations().map(({ chainId }) => chainId)).toEqual([1001n, 1002n])
  })

  it('gives changes of batchers, also of chains whose postings it does not keep, and takes back those that a reorganization removed', async () => {
    const follower = reader({ chains: [1002n] })
    const heads = async () => {
      await follower.poll()
      return follower.batchers().map(({ chainId, era, batcher }) => [chainId, era, batcher])
    }
    await l1.register(1001n)
    await l1.register(1002n)
    expect(await heads()).toEqual([])
    await l1.rotate(1001n, l1.account(2).address)
    await l1.rotate(1002n, zeroAddress)
    const both = [[1001n, 1n, l1.account(2).address], [1002n, 1n, zeroAddress]]
    expect(await heads()).toEqual(both)
    expect(follower.batchers('finalized')).toEqual([])
    await l1.rotate(1001n, zeroAddress)
    expect(await heads()).toEqual([...both, [1001n, 2n, zeroAddress]])
    await l1.test.request({ method: 'anvil_reorg', params: [1, []] } as never)
    await l1.test.request({ method: 'anvil_dropAllTransactions' } as never)
    expect(await heads()).toEqual(both)
    await l1.rotate(1001n, l1.account(3).address)
    expect(await heads()).toEqual([...both, [1001n, 2n, l1.account(3).address]])
  })

  it('takes back what a reorganization removed, and reads what stands there now', async () => {
    const follower = reader()
    const updates: L1Update[] = []
    follower.subscribe((update) => updates.push(update))
    await l1.register(1001n)
    await l1.mined(l1.deposit(1001n, '1'))
    await l1.mined(l1.deposit(1001n, '2', 8))
    await follower.poll()
    const before = follower.inboxHash(1001n, 2n)
    const old = follower.heads.latest

    await l1.test.request({ method: 'anvil_reorg', params: [1, []] } as never)
    expect((await l1.client.getBlock()).number).toBe(old.number)
    const update = await follower.poll()
    expect(update.reorganized).toBe(1n)
    expect(update.removed).toMatchObject([{ type: 'inbox', hash: before, l1: { blockHash: old.hash } }])
    expect(updates.at(-1)).toBe(update)
    const reappeared = update.added.length
    await l1.mined(l1.deposit(1001n, '5', 7))
    await follower.poll()
    expect(amounts(follower.inbox(1001n)).at(-1)).toBe(5n)
    expect(follower.inboxLength(1001n)).toBe(reappeared ? 3n : 2n)
    expect(follower.inboxHash(1001n, 2n)).toBe(
      await l1.client.readContract({ address: l1.cluster.inbox, abi: causewayInboxAbi, functionName: 'hashAt', args: [1001n, 2n] }),
    )
  })

  it('follows L1 to a shorter chain and to one with other events', async () => {
    await l1.register(1001n)
    await l1.mine(3)
    const follower = reader()
    const snapshot = await l1.test.snapshot()
    await l1.mined(l1.deposit(1001n, '1'))
    await l1.mined(l1.deposit(1001n, '2'))
    await follower.poll()
    expect(amounts(follower.inbox(1001n))).toEqual([1n, 2n])
    await l1.test.revert({ id: snapshot })
    expect((await follower.poll()).removed.map((event) => event.type === 'inbox' && event.entry.index)).toEqual([1n, 0n])
    expect(follower.inboxLength(1001n)).toBe(0n)
    await l1.mined(l1.deposit(1001n, '7'))
    await follower.poll()
    expect(amounts(follower.inbox(1001n))).toEqual([7n])
  })

  it('refuses another L1 in the place of the one it knows', async () => {
    const follower = reader()
    await l1.register(1001n)
    const snapshot = await l1.test.snapshot()
    await l1.mine(5)
    await follower.poll()
    await l1.test.revert({ id: snapshot })
    await l1.test.increaseTime({ seconds: 100 })
    await l1.mine(5)
    await expect(follower.poll()).rejects.toMatchObject({ code: 'L1_FINALIZED_REORG' })
  })

  it('catches up in ranges and block by block to the same state, and loses nothing when a read fails', async () => {
    await l1.register(1001n)
    for (let i = 1; i <= 9; i++) await l1.mined(l1.deposit(1001n, String(i), 2 + (i % 7)))
    let failing = false
    let calls = 0
    const flaky = through((method, result) => {
      if (failing && method === 'eth_getLogs' && ++calls % 3 === 0) throw new Error('the node is away')
      return result
    })
    const slow = reader({ client: flaky, maxBlockRange: 2n })
    const seen: bigint[] = []
    slow.subscribe(({ added }) => seen.push(...added.flatMap((event) => (event.type === 'inbox' ? [event.entry.index] : []))))
    failing = true
    let failures = 0
    for (;;) {
      const done = await slow.poll().then(() => true, () => false)
      if (done) break
      failures++
    }
    expect(failures).toBeGreaterThan(1)
    expect(seen).toEqual([0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n])
    const fast = reader()
    await fast.poll()
    expect(slow.inbox(1001n)).toEqual(fast.inbox(1001n))
  })

  it('puts logs that arrive out of order into order, and refuses missing ones', async () => {
    await l1.register(1001n)
    for (const from of [2, 3, 4]) await l1.deposit(1001n, String(from), from)
    await l1.mine(4)
    const shuffled = reader({ client: through((method, result) => (method === 'eth_getLogs' ? [...(result as unknown[])].reverse() : result)) })
    await shuffled.poll()
    expect(shuffled.inbox(1001n).map(({ entry }) => entry.index)).toEqual([0n, 1n, 2n])

    const lossy = reader({ client: through((method, result) => (method === 'eth_getLogs' ? (result as { logIndex: Hex }[]).filter(({ logIndex }) => logIndex !== '0x1') : result)) })
    await expect(lossy.poll()).rejects.toMatchObject({ code: 'L1_EVENT_GAP' })
    expect(() => lossy.inboxLength(1001n)).toThrow()
  })

  it('refuses an entry whose content is not that of its rolling hash, and names both hashes', async () => {
    await l1.register(1001n)
    await l1.mined(l1.deposit(1001n, '1'))
    const amount = parseEther('1').toString(16).padStart(64, '0')
    const forged = parseEther('9').toString(16).padStart(64, '0')
    const lying = reader({
      client: through((method, result) =>
        method === 'eth_getLogs' ? (result as { data: Hex }[]).map((log) => ({ ...log, data: log.data.replace(amount, forged) })) : result,
      ),
    })
    const error = await lying.poll().catch((e: unknown) => e as Error)
    expect(errorCode(error)).toBe('L1_HASH_MISMATCH')
    const honest = reader()
    await honest.poll()
    expect((error as Error).message).toContain(honest.inboxHash(1001n, 1n))
    expect((error as Error).message.match(/0x[0-9a-f]{64}/g)).toHaveLength(2)
  })

  it('tries again when the node contradicts itself, and says so when it does not stop', async () => {
    await l1.register(1001n)
    await l1.mine(4)
    let lies = 2
    const confused = () =>
      reader({
        client: through((method, result) => {
          const block = result as { number?: Hex; parentHash?: Hex }
          if (method === 'eth_getBlockByNumber' && lies > 0 && block.number === `0x${latest.toString(16)}` && lies--) return { ...block, parentHash: `0x${'11'.repeat(32)}` }
          return result
        }),
      })
    const latest = (await l1.client.getBlock()).number
    const recovering = confused()
    await recovering.poll()
    expect(recovering.registrations()).toHaveLength(1)
    lies = Infinity
    await expect(confused().poll()).rejects.toMatchObject({ code: 'L1_UNSTABLE' })
  })

  it('follows until told to stop, through failures', async () => {
    const stop = new AbortController()
    const sleeps: number[] = []
    let away = 2
    const follower = reader({
      client: through((_, result) => {
        if (away-- > 0) throw new Error('the node is away')
        return result
      }),
      clock: {
        ...clock,
        sleep: async (ms) => {
          sleeps.push(ms)
          if (sleeps.length === 4) stop.abort()
        },
      },
      log: { debug() {}, info() {}, warn() {}, error() {} } satisfies Log,
    })
    await follower.follow(stop.signal)
    expect(sleeps[0]).toBe(2000)
    expect(sleeps.at(-1)).toBe(1000)
    expect(follower.heads.latest.number).toBeGreaterThan(0n)
  })
})
