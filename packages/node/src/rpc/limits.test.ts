import { numberToHex, toHex, type Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { alice, bob, CHAIN_ID, rpcHarness } from './harness.test-helper.js'
import type { RpcCaller } from '@causeway/core'

type Answer = { id: number; result?: unknown; error?: { code: number; message: string } }
const AT: Hex = `0x${'11'.repeat(20)}`
/** JUMPDEST PUSH1 0 JUMP */
const LOOP = { [AT]: { code: '0x5b600056' } }
const call = (method: string, ...params: unknown[]) => ({ jsonrpc: '2.0', id: 1, method, params })

async function asker(options: Parameters<typeof rpcHarness>[0] = {}) {
  const harness = await rpcHarness(options)
  const handle = async (body: unknown, caller?: RpcCaller) => JSON.parse((await harness.rpc.handle(body, caller)) ?? 'null') as unknown
  return { ...harness, handle, ask: async (method: string, ...params: unknown[]) => (await handle(call(method, ...params))) as Answer }
}

describe('limits', () => {
  it('the gas that a caller names is capped', async () => {
    const { ask } = await asker({ evm: { limits: { gas: 300_000n } } })
    const endless = { to: AT, gas: '0x7fffffffffffffff' }
    expect((await ask('eth_call', endless, 'latest', LOOP)).error).toEqual({ code: -32000, message: 'out of gas' })
    expect((await ask('eth_estimateGas', endless, 'latest', LOOP)).error).toEqual({ code: -32000, message: 'gas required exceeds allowance (300000)' })
    expect((await ask('eth_createAccessList', endless, 'latest', LOOP)).result).toEqual({ accessList: [], gasUsed: numberToHex(300_000), error: 'out of gas' })
    const calls = Array.from({ length: 3 }, () => ({ to: AT, gas: numberToHex(200_000) }))
    const simulated = await ask('eth_simulateV1', { blockStateCalls: [{ stateOverrides: LOOP, calls: calls.slice(1) }] }, 'latest')
    expect((simulated.result as { calls: { gasUsed: Hex }[] }[])[0]?.calls.map(({ gasUsed }) => Number(gasUsed))).toEqual([200_000, 100_000])
    expect((await ask('eth_simulateV1', { blockStateCalls: [{ stateOverrides: LOOP, calls }] }, 'latest')).error?.message).toBe('err: intrinsic gas too low: have 0, want 21000 (supplied gas 0)')
    // Whoever names nothing gets it all, more than a block has.
    const { ask: askOther } = await asker()
    expect(BigInt((await askOther('eth_call', { to: AT }, 'latest', { [AT]: { code: '0x5a5f5260205ff3' } })).result as Hex)).toBe(50_000_000n - 21_002n)
  })

  it('a call without a thread of its own is stopped when its time is up', async () => {
    const { ask } = await asker({ evm: { limits: { gas: 2n ** 62n, ms: 200 } } })
    const endless = { to: AT, gas: '0x7fffffffffffffff' }
    const timedOut = { code: -32000, message: 'execution aborted (timeout = 200ms)' }
    for (const method of ['eth_call', 'eth_estimateGas', 'eth_createAccessList']) expect((await ask(method, endless, 'latest', LOOP)).error).toEqual(timedOut)
    expect((await ask('eth_simulateV1', { blockStateCalls: [{ stateOverrides: LOOP, blockOverrides: { gasLimit: '0x7fffffffffffffff' }, calls: [endless] }] }, 'latest')).error).toEqual(timedOut)
    expect((await ask('eth_call', { to: AT }, 'latest')).result).toBe('0x')
  })

  it('a fee history has at most 100 percentiles, ascending', async () => {
    const { ask } = await asker()
    const history = async (percentiles: number[]) => (await ask('eth_feeHistory', '0x400', 'latest', percentiles)).error
    expect(await history(Array.from({ length: 101 }, (_, i) => i / 2))).toEqual({ code: -32602, message: 'invalid reward percentile: over the query limit 100' })
    expect(await history([10, 10])).toEqual({ code: -32602, message: 'invalid reward percentile: #0:10 >= #1:10' })
    expect(await history([10, 101])).toEqual({ code: -32602, message: 'invalid reward percentile: 101' })
    expect(await history(Array.from({ length: 100 }, (_, i) => i))).toBeUndefined()
  })

  it('one request asks only so much', async () => {
    const { ask } = await asker({ limits: { requestBytes: 1_000 } })
    const tooLarge = { code: -32005, message: 'request too large: one takes at most 1000 characters of parameters' }
    const data = `0x${'00'.repeat(500)}`
    for (const method of ['eth_call', 'eth_estimateGas', 'eth_createAccessList']) expect((await ask(method, { to: AT, data })).error).toEqual(tooLarge)
    expect((await ask('web3_sha3', data)).error).toEqual(tooLarge)
    const slots = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [toHex(i, { size: 32 }), toHex(i, { size: 32 })]))
    expect((await ask('eth_call', { to: AT }, 'latest', { [AT]: { state: slots } })).error).toEqual(tooLarge)
    expect((await ask('eth_simulateV1', { blockStateCalls: Array.from({ length: 99 }, () => ({ calls: [{}] })) })).error).toEqual(tooLarge)
    expect((await ask('eth_call', { to: AT, data: data.slice(0, 500) })).result).toBe('0x')
  })

  it('a batch has only so many requests, answers and so much time, and lets others run', async () => {
    const { handle } = await asker({ limits: { batch: 300, batchBytes: 5_000 } })
    const batch = (length: number, one = call('eth_chainId')) => Array.from({ length }, (_, id) => ({ ...one, id }))
    expect(await handle(batch(301))).toMatchObject({ error: { code: -32600, message: 'batch too large: at most 300 requests' } })
    let turns = 0
    let isOver = false
    const turn = () => void setImmediate(() => isOver || (turns++, turn()))
    turn()
    const answers = (await handle(batch(40))) as Answer[]
    isOver = true
    expect(answers.every(({ result }) => result === numberToHex(CHAIN_ID))).toBe(true)
    expect(turns).toBeGreaterThanOrEqual(40)
    const blocks = (await handle(batch(20, call('eth_getBlockByNumber', 'latest', false)))) as Answer[]
    const first = blocks.findIndex(({ error }) => error)
    expect(first).toBeGreaterThan(1)
    expect(blocks.slice(0, first).every(({ result }) => result !== undefined)).toBe(true)
    expect(blocks.slice(first)).toEqual(blocks.slice(first).map(({ id }) => ({ jsonrpc: '2.0', id, error: { code: -32003, message: 'response too large: the answers of a batch have at most 5000 characters; ask for the rest in another one' } })))

    let now = 0n
    const slow = await asker({ limits: { batchMs: 50 }, clock: { now: () => (now += 10n) } })
    const late = (await slow.handle(batch(9))) as Answer[]
    expect(late.map(({ error }) => error?.code)).toEqual([...Array.from({ length: 5 }, () => undefined), ...Array.from({ length: 4 }, () => -32002)])
    expect(late[8]).toMatchObject({ id: 8, error: { message: 'request timed out: a batch takes at most 50 ms; ask for the rest in another one' } })
  })

  it('a batch that may hold no more answers is told so, and nothing more of it is done', async () => {
    const sent: unknown[] = []
    const { handle } = await asker({ extensions: { causeway_send: (params) => sent.push(params[0]) } })
    let room = 100
    const answers = (await handle(
      Array.from({ length: 5 }, (_, id) => ({ ...call('causeway_send', id), id })),
      { client: {}, address: '', hold: (size) => (room -= size) >= 0 },
    )) as Answer[]
    expect(answers.map(({ id, error }) => [id, error?.code])).toEqual([[0, undefined], [1, undefined], [2, undefined], [3, -32005], [4, -32005]])
    expect(sent).toEqual([0, 1, 2])
  })

  it('simulations of one address wait behind one another, those of another do not', async () => {
    const { handle, engine } = await asker({ limits: { threads: 1, waiting: 16 } })
    // As a thread: it takes its time, and the event loop goes on.
    const { call: quick } = engine
    Object.assign(engine, { call: (...args: Parameters<typeof quick>) => new Promise((resolve) => setTimeout(resolve, 20)).then(() => quick(...args)) })
    const order: number[] = []
    const from = async (address: string, id: number) => {
      const answer = (await handle({ ...call('eth_call', { to: AT }, 'latest'), id }, { client: {}, address, hold: () => true })) as Answer
      order.push(id)
      return answer.error?.message ?? answer.result
    }
    const answers = await Promise.all([...Array.from({ length: 6 }, (_, id) => from('10.0.0.1', id)), from('10.0.0.2', 100)])
    expect(answers).toEqual(['0x', '0x', '0x', '0x', '0x', 'too many simulations are under way: try again in a moment, or ask a follower of the chain', '0x'])
    expect(order).toEqual([5, 0, 1, 100, 2, 3, 4])
  })

  it('an account without money is told so', async () => {
    const { ask, client } = await asker()
    const poor = { from: AT, to: AT, maxFeePerGas: '0x77359400', maxPriorityFeePerGas: '0x0' }
    expect((await ask('eth_estimateGas', { ...poor, value: '0x0' })).error).toEqual({ code: -32000, message: 'insufficient funds for transfer' })
    expect((await ask('eth_estimateGas', poor)).error).toEqual({ code: -32000, message: 'gas required exceeds allowance (0)' })
    expect((await ask('eth_estimateGas', { to: AT, from: AT })).result).toBe('0x5208')
    await expect(client.estimateGas({ account: AT, to: bob.address, maxFeePerGas: 2_000_000_000n })).rejects.toThrow('gas required exceeds allowance (0)')
    await expect(client.prepareTransactionRequest({ account: AT, to: bob.address, value: 1n })).rejects.toThrow(/exceeds the balance of the account/)
    // A limit below what any transaction costs is none (geth's).
    expect((await ask('eth_estimateGas', { from: alice.address, to: AT, gas: '0x1' })).result).toBe('0x5208')
  })

  it("another chain's call is refused", async () => {
    const { ask } = await asker()
    const foreign = { code: -32000, message: `chainId does not match node's (have=1, want=${CHAIN_ID})` }
    for (const method of ['eth_call', 'eth_estimateGas', 'eth_createAccessList']) expect((await ask(method, { to: AT, chainId: '0x1' })).error).toEqual(foreign)
    expect((await ask('eth_simulateV1', { blockStateCalls: [{ calls: [{ to: AT, chainId: '0x1' }] }] })).error).toEqual(foreign)
    expect((await ask('eth_call', { to: AT, chainId: numberToHex(CHAIN_ID) })).result).toBe('0x')
  })

  it('a call at `pending` runs in the next block', async () => {
    const { ask, mine, engine } = await asker({ clock: { now: () => 9_000_000n } })
    await mine()
    const head = engine.getBlock(engine.head().hash)
    // NUMBER, TIMESTAMP, BLOCKHASH(NUMBER - 1), BASEFEE
    const code = { [AT]: { code: '0x435f5242602052600143034060405248606052' + '60805ff3' } }
    const words = async (tag: string, ...rest: unknown[]) => {
      const { result } = await ask('eth_call', { from: alice.address, to: AT, gasPrice: '0x77359400' }, tag, code, ...rest)
      return (result as string).slice(2).match(/.{64}/g)?.map((word) => BigInt(`0x${word}`))
    }
    expect(await words('latest')).toEqual([1n, head?.timestamp, BigInt(head?.parentHash ?? 0), head?.baseFeePerGas])
    expect(await words('pending')).toEqual([2n, 9_000n, BigInt(head?.hash ?? 0), 765_625_000n])
    expect((await words('pending', { number: '0x9', time: '0x7' }))?.slice(0, 2)).toEqual([9n, 7n])
  })
})
