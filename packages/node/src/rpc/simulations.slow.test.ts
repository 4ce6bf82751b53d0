import { evm, type EvmOptions } from '@causeway/execution-evm'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseEther, type Address, type Hex } from 'viem'
import { afterEach, describe, expect, it } from 'vitest'
import { lmdbStore } from '../store/lmdb.js'
import { toRpcError } from './errors.js'
import { alice, bob } from './harness.test-helper.js'

const AT: Address = `0x${'11'.repeat(20)}`
/** JUMPDEST PUSH1 0 JUMP */
const LOOP = { [AT]: { code: '0x5b600056' as Hex } }
/** calldatacopy(0, 0, calldatasize); for (;;) staticcall(gas, BLS12_G1ADD, 0, calldatasize, 0x4000, 0x80) */
const PRECOMPILE = { [AT]: { code: '0x3660006000375b61008061400036600061000b5afa50600656' as Hex } }
const G1 = '0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1'
/** n = 0; for (;;) storage[n++] = 1 */
const HOARD = { [AT]: { code: '0x5f5b600181556001016001' + '56' as Hex } }
/** More than anything can use up. */
const ENDLESS = { to: AT, gas: 2n ** 63n }

let ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.reverse()) await end()
  ends = []
})

/** An engine on a database, whose simulations therefore run in a thread. */
async function onDisk(limits: EvmOptions['limits'] = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-simulations-'))
  const store = lmdbStore(folder)
  const engine = evm({ feeRecipient: AT, alloc: { [alice.address]: { balance: parseEther('100') } }, unbacked: true, limits: { threads: 1, ...limits } }).create({ chainId: 4242n, l1: { chainId: 900n }, store })
  ends.push(async () => {
    await engine.dispose()
    await store.close()
    rmSync(folder, { recursive: true })
  })
  await store.write((await engine.genesis()).changes)
  const at = engine.head().hash
  /** Builds a block that sends a wei to bob. */
  async function mine(nonce: number): Promise<Hex> {
    const head = engine.getBlock(engine.head().hash)
    if (!head) throw new Error('no head')
    const raw = await alice.signTransaction({ chainId: 4242, type: 'eip1559', nonce, to: bob.address, value: 1n, gas: 21_000n, maxFeePerGas: 10n ** 10n })
    const block = await engine.execute({ number: head.number + 1n, parentHash: head.hash, timestamp: head.timestampMs + 1000n, l1Entries: [], imports: [], transactions: [raw] })
    await store.write(block.changes)
    return block.hash
  }
  return { engine, at, mine }
}

/** Longest time (ms) for which nothing else ran while something did. */
async function longestPause(during: Promise<unknown>): Promise<number> {
  let [longest, last, isOver] = [0, performance.now(), false]
  void during.finally(() => (isOver = true)).catch(() => undefined)
  while (!isOver) {
    await setTimeout(5)
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }
  return longest
}

const failure = (promise: Promise<unknown>) => promise.then((value) => ({ value }), (error: unknown) => toRpcError(error) ?? error)

describe('simulations in threads', () => {
  it('see what was just written', async () => {
    const { engine, mine } = await onDisk()
    // BALANCE of bob
    const read = { [AT]: { code: `0x73${bob.address.slice(2)}315f5260205ff3` as Hex } }
    for (let n = 0; n < 20; n++) {
      const at = await mine(n)
      expect(BigInt((await engine.call({ to: AT }, at, read)).data)).toBe(BigInt(n + 1))
    }
    const hash = await mine(20)
    expect((await engine.getProof(bob.address, [], hash)).balance).toBe(21n)
    expect((await engine.feeHistory(hash, 3, [50])).rewards).toHaveLength(3)
    expect(await engine.estimateGas({ from: alice.address, to: bob.address }, hash)).toBe(21_000n)
    expect((await engine.simulate({ blocks: [{ calls: [{ from: alice.address, to: bob.address, value: 1n }] }] }, hash))[0]?.block.number).toBe(22n)
    await expect(engine.call({ to: AT }, `0x${'77'.repeat(32)}`)).rejects.toMatchObject({ code: 'UNKNOWN_BLOCK' })
    await expect(engine.call({ from: bob.address, to: AT, value: 22n }, hash)).rejects.toMatchObject({ code: 'INVALID_CALL', shortMessage: expect.stringContaining('insufficient funds') as string })
  })

  it('end at the cap on gas, whatever is asked, while everything else goes on', async () => {
    const { engine, at } = await onDisk({ gas: 5_000_000n })
    await engine.call({ to: AT }, at)
    const runs = ['call', 'createAccessList', 'estimateGas'] as const
    for (const run of runs) {
      const asked = engine[run](ENDLESS, at, LOOP)
      const pause = await longestPause(asked)
      expect(await asked).toMatchObject({ failure: { reason: 'out of gas' }, gasBeforeRefund: 5_000_000n })
      expect(pause).toBeLessThan(500)
    }
    const [block] = await engine.simulate({ blocks: [{ calls: [ENDLESS, ENDLESS].map((call) => ({ ...call, gas: 4_000_000n })), stateOverrides: LOOP }] }, at)
    expect(block?.results.map(({ gasUsed }) => gasUsed)).toEqual([4_000_000n, 1_000_000n])
  })

  it('are stopped when their time is up, and those who wait are served', async () => {
    const { engine, at } = await onDisk({ gas: 2n ** 62n, ms: 300 })
    await engine.call({ to: AT }, at)
    const asked = [engine.call(ENDLESS, at, LOOP), engine.call({ ...ENDLESS, data: `0x${G1}${G1}` }, at, PRECOMPILE), engine.simulate({ blocks: [{ calls: [{ ...ENDLESS, gas: 29_000_000_000n }], stateOverrides: LOOP, blockOverrides: { gasLimit: 2n ** 40n } }] }, at), engine.estimateGas({ from: alice.address, to: bob.address }, at)]
    const pause = await longestPause(Promise.allSettled(asked))
    const [call, precompile, simulation, estimate] = await Promise.all(asked.map(failure))
    expect(call).toMatchObject({ code: -32000, message: 'execution aborted (timeout = 300ms)' })
    expect(precompile).toMatchObject({ code: -32000, message: 'execution aborted (timeout = 300ms)' })
    expect(simulation).toMatchObject({ code: -32000, message: 'execution aborted (timeout = 300ms)' })
    expect(estimate).toEqual({ value: 21_000n })
    expect(pause).toBeLessThan(500)
  })

  it('are stopped when they hoard memory', async () => {
    const { engine, at } = await onDisk({ gas: 2n ** 62n, ms: 60_000, threadMb: 48 })
    const [hoard, after] = await Promise.all([failure(engine.call(ENDLESS, at, HOARD)), engine.call({ to: AT }, at)])
    expect(hoard).toMatchObject({ code: -32000, message: 'execution aborted (memory = 48 MB)' })
    expect(after.gasUsed).toBe(21_000n)
  })

  it('answer only so much', async () => {
    const { engine, at } = await onDisk({ resultBytes: 10_000 })
    // return(0, 6000): 12,000 characters
    const big = { [AT]: { code: '0x6117705ff3' as Hex } }
    const tooLarge = { code: -32005, message: 'response too large: a simulation answers at most 10000 characters' }
    expect(await failure(engine.call({ to: AT }, at, big))).toMatchObject(tooLarge)
    const half = { [AT]: { code: '0x6107d05ff3' as Hex } }
    expect((await engine.call({ to: AT }, at, half)).data.length).toBe(4_002)
    expect(await failure(engine.simulate({ blocks: [{ calls: [{ to: AT }, { to: AT }, { to: AT }], stateOverrides: half }] }, at))).toMatchObject(tooLarge)
    expect(await failure(engine.feeHistory(at, 1024, [1, 2, 3]))).toMatchObject(tooLarge)
  })

  it('are told when the node stops, and start again when it is asked again', async () => {
    const { engine, at } = await onDisk({ gas: 2n ** 62n })
    await engine.call({ to: AT }, at)
    const asked = [failure(engine.call(ENDLESS, at, LOOP)), failure(engine.call({ to: AT }, at))]
    await engine.dispose()
    for (const answer of await Promise.all(asked)) expect(answer).toMatchObject({ message: 'The simulation failed: the node stops.' })
    expect((await engine.call({ to: AT }, at)).gasUsed).toBe(21_000n)
  })
})
