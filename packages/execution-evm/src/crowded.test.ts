import { CausewayError, type BlockInputs } from '@causeway/core'
import { parseEther, type Address, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { alice, bob, deposit, message, nextInputs, sign, testChain } from './harness.test-helper.js'

const ASKER: Address = '0x00000000000000000000000000000000000e0000'
/** MODEXP with an exponent of 56,000 bytes: 72 of a block's 750 ms, for 149,000 gas. */
const SETUP = '600160005261dac060205260016040526003606053' + '60fb61db2153'
const ONCE = '5f5f61db225f60055afa50'
/** Answers with the selector that it was called with, as who receives a message has to. */
const ANSWER = '5f3560e01c60e01b5f5260205ff3'
/** A contract that asks for that as often as `times` says. */
const asking = (times: number): Hex => `0x${SETUP}${ONCE.repeat(times)}${ANSWER}`

async function chain(times: number) {
  const rich = { balance: parseEther('100') }
  return testChain({ alloc: { [alice.address]: rich, [bob.address]: rich, [ASKER]: { code: asking(times), nonce: 1n } }, hardfork: 'prague' })
}
const heavy = (index: bigint) => deposit(index, { recipient: ASKER, gasLimit: 800_000n, payload: '0x01' })

/** How many of the inputs the engine says that it has executed before one did not fit. */
async function fits(run: Promise<unknown>): Promise<number | undefined> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof CausewayError) || error.code !== 'BLOCK_TOO_LARGE') throw new Error('it fits', { cause: error })
  return (error.cause as { fits?: number }).fits
}

it('L1 entries and imports that together take more than half of the work are no block, and the engine says how many of them are', async () => {
  const { build, engine } = await chain(2)
  const imported = { message: message({ source: 77n, nonce: 1n, recipient: ASKER, gasLimit: 800_000n, payload: '0x01' }), policyHash: 1n }
  const attempts: [Partial<BlockInputs>, number][] = [
    [{ l1Entries: [heavy(0n), heavy(1n), heavy(2n), heavy(3n)] }, 2],
    [{ l1Entries: [heavy(0n)], imports: [imported, { ...imported, message: { ...imported.message, nonce: 2n } }] }, 2],
  ]
  for (const [inputs, most] of attempts) expect(await fits(engine.execute(nextInputs(engine, inputs)))).toBe(most)
  const block = await build({ l1Entries: [heavy(0n), heavy(1n)], transactions: [await sign(alice, { nonce: 0, to: ASKER, gas: 800_000n })] })
  expect(block.outcomes).toMatchObject([{ ok: true }, { ok: true }, { kind: 'transaction' }])
  expect(engine.getReceipts(block.hash)?.map(({ success }) => success)).toEqual([true, true, true])
})

it('one that takes more than one execution may is alone in its block, is delivered without its call, and keeps nothing from transactions but its work', async () => {
  const { build, engine } = await chain(6)
  const before = await engine.getBalance(bob.address, engine.head().hash)
  const slow = deposit(0n, { recipient: ASKER, refundTo: bob.address, amount: 7n, gasLimit: 1_000_000n, payload: '0x01' })
  expect(await fits(engine.execute(nextInputs(engine, { l1Entries: [slow, heavy(1n)] })))).toBe(1)
  const block = await build({ l1Entries: [slow], transactions: [await sign(alice, { nonce: 0, to: bob.address, value: 1n })] })
  expect(block.outcomes).toMatchObject([{ kind: 'l1', ok: false }, { kind: 'transaction' }])
  expect(await engine.getBalance(bob.address, block.hash)).toBe(before + 8n)
  expect(engine.getReceipts(block.hash)?.[0]).toMatchObject({ success: true })
})

it('transactions that are executed and refused take half of a block’s work at most, then no more are tried', async () => {
  const { engine } = await chain(4)
  const other = await sign(bob, { nonce: 0, to: alice.address, value: 1n })
  // All are the account's first, or they would have a gap before their nonces once one is refused.
  const same = await Promise.all([1n, 2n, 3n, 4n].map((value) => sign(alice, { nonce: 0, to: ASKER, gas: 1_000_000n, maxPriorityFeePerGas: value })))
  let tried = 0
  const block = await engine.execute(nextInputs(engine, { transactions: [...same, other] }), { admit: () => (tried++, false) })
  expect(block.transactions).toEqual([])
  expect(tried).toBe(2)
  expect(block.refused.map(({ reason }) => reason.replace(/:.*/, ''))).toEqual(Array.from({ length: 5 }, () => 'not admitted'))
  expect(block.refused.slice(2).map(({ reason }) => reason)).toEqual(Array.from({ length: 3 }, () => 'not admitted: it takes more time than is left in this block'))
})

it('a transaction for which a block has too little work left waits, with all behind it, and a later block has it', async () => {
  const { build, engine } = await chain(5)
  const raw = await Promise.all([0, 1, 2].map((nonce) => sign(alice, { nonce, to: ASKER, gas: 1_000_000n })))
  const behind = await sign(bob, { nonce: 0, to: alice.address, value: 1n })
  const first = await build({ transactions: [...raw, behind] })
  expect(first.transactions).toEqual(raw.slice(0, 2))
  expect(first.refused.map(({ transaction }) => transaction)).toEqual([raw[2], behind])
  const second = await build({ transactions: [raw[2] as Hex, behind] })
  expect(second.transactions).toEqual([raw[2], behind])
  expect(engine.getReceipts(second.hash)?.map(({ success }) => success)).toEqual([true, true])
})
