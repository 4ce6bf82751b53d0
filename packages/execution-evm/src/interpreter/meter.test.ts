import { expect, it } from 'vitest'
import { bytesToHex, concat, numberToBytes, parseEther, type Address, type Hex } from 'viem'
import { alice, bob, deposit, message, sign, testChain } from '../harness.test-helper.js'
import { createMeter } from './meter.js'

const SLOW: Address = '0x00000000000000000000000000000000000e0000'
const word = (value: number): Uint8Array => numberToBytes(value, { size: 32 })
/** MODEXP with an exponent of 140,000 bytes: 373,000 gas before osaka, minutes with EthereumJS' own. */
const LONG = bytesToHex(concat([word(1), word(140_000), word(1), Uint8Array.of(3), new Uint8Array(140_000).fill(0xff), Uint8Array.of(251)]))
it('one execution may do half of the work of a block, and what is undone does not count', () => {
  const meter = createMeter(100)
  meter.begin()
  expect(meter.spend(50)).toBe(true)
  expect(meter.halted()).toBe(false)
  const mark = meter.mark()
  meter.begin()
  expect(meter.spend(51)).toBe(false)
  expect([meter.halted(), meter.crowded()]).toEqual([true, false])
  meter.restore(mark)
  meter.begin()
  expect(meter.spend(40)).toBe(true)
  meter.begin()
  // What was not done does not count.
  expect(meter.spend(51)).toBe(false)
  meter.begin()
  expect(meter.spend(11)).toBe(false)
  expect([meter.halted(), meter.crowded()]).toEqual([true, true])
})

/** Asks MODEXP for the same as often as gas allows: mstore(0, 1), mstore(32, 140000), mstore(64, 1), mstore8(96, 3), mstore8(140097, 251), and a loop. */
const SETUP = '6001600052620222e060205260016040526003606053' + '60fb6202234153'
const CODE: Hex = `0x${SETUP}5b5f5f620223425f60055afa5060${(SETUP.length / 2).toString(16)}56`

async function slowChain() {
  return testChain({ alloc: { [alice.address]: { balance: parseEther('100') }, [bob.address]: { balance: parseEther('100') }, [SLOW]: { code: CODE, nonce: 1n } }, hardfork: 'prague' })
}

/** Processor time of a run, ms. */
async function cpu<result>(run: () => Promise<result>): Promise<[result, number]> {
  const before = process.cpuUsage()
  const result = await run()
  const { user, system } = process.cpuUsage(before)
  return [result, (user + system) / 1_000]
}

it('a deposit whose call takes minutes for its gas is delivered as one that failed, in no time, and the value is with refundTo', async () => {
  const { build, engine } = await slowChain()
  const [block, ms] = await cpu(() => build({ l1Entries: [deposit(0n, { recipient: SLOW, refundTo: bob.address, amount: 7n, gasLimit: 1_000_000n, payload: LONG })] }))
  expect(block.outcomes).toMatchObject([{ kind: 'l1', ok: false }])
  expect(await engine.getBalance(SLOW, block.hash)).toBe(0n)
  expect(await engine.getBalance(bob.address, block.hash)).toBe(parseEther('100') + 7n)
  expect(ms).toBeLessThan(6_000)
})

it('so are an import, a forced transaction and a transaction, which pay for all their gas; what comes behind is left for later or included', async () => {
  const { build, engine } = await slowChain()
  const imported = { message: message({ source: 77n, nonce: 1n, recipient: SLOW, gasLimit: 1_000_000n, payload: '0x01' }), policyHash: 1n }
  const [first, ms] = await cpu(() => build({ imports: [imported] }))
  expect(first.outcomes).toMatchObject([{ kind: 'import', ok: false }])
  const forced = await sign(alice, { nonce: 0, to: SLOW, gas: 1_800_000n })
  const second = await build({ l1Entries: [{ kind: 'forced', index: 0n, transaction: forced }] })
  expect(second.outcomes).toMatchObject([{ kind: 'l1', ok: false }])
  const slow = await sign(alice, { nonce: 1, to: SLOW, gas: 20_000_000n })
  const plain = await sign(bob, { nonce: 0, to: alice.address, value: 1n })
  const [third, later] = await cpu(() => build({ transactions: [slow, plain] }))
  expect(third.transactions).toEqual([slow, plain])
  const receipts = engine.getReceipts(third.hash)
  expect(receipts?.map(({ success }) => success)).toEqual([false, true])
  expect(receipts?.[0]?.gasUsed).toBe(20_000_000n)
  expect(ms + later).toBeLessThan(12_000)
})

it('simulations halt where a block does, those that are watched step by step too, and end when their time is up', async () => {
  const { engine } = await slowChain()
  const call = { from: alice.address, to: SLOW, gas: 20_000_000n }
  const plain = await engine.call(call, 0n)
  expect(plain).toMatchObject({ gasUsed: 20_000_000n, failure: { kind: 'halt' } })
  const traced = async () => (await engine.simulate({ blocks: [{ calls: [call] }], traceTransfers: true }, 0n))[0]?.results[0]
  const [result, ms] = await cpu(traced)
  expect(result).toMatchObject({ gasUsed: 20_000_000n, failure: { kind: 'halt' } })
  expect(ms).toBeLessThan(6_000)
  // Its own gas a million times: sload(0), pop, jump.
  const hurried = await testChain({ limits: { ms: 50 }, alloc: { [SLOW]: { code: '0x5b5f54505f56', nonce: 1n } } })
  await expect(hurried.engine.call({ to: SLOW, gas: 50_000_000n }, 0n)).rejects.toMatchObject({ code: 'SIMULATION_TIMEOUT' })
})

it.each(['0x63ffffffff5ffd', `0x7f${'ff'.repeat(32)}5ffd`] as const)('a traced simulation does not allocate what a REVERT without gas asks for: %s', async (code) => {
  const { engine } = await testChain({ alloc: { [SLOW]: { code, nonce: 1n } } })
  const call = { from: alice.address, to: SLOW, gas: 100_000n }
  const before = process.memoryUsage().arrayBuffers
  const [block] = await engine.simulate({ blocks: [{ calls: [call] }], traceTransfers: true }, 0n)
  expect(block?.results).toMatchObject([{ gasUsed: 100_000n, failure: { kind: 'halt' } }])
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20)
})
