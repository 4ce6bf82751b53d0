import { poseidon2, TAG } from '@causeway/core'
import { bytesToHex, numberToHex } from 'viem'
import { expect, it } from 'vitest'
import { t } from './fields.js'
import { alice, counter, deposit, testChain } from './harness.test-helper.js'
import { tokenAddress } from './module.js'

const misbehave = (how: string) => ({ module: 'counter', view: 'misbehave', args: bytesToHex(t.text(16).encode(how)) })

it.each([
  ['code', 'NOT_TODAY'],
  ['write', 'READ_ONLY'],
  ['mint', 'READ_ONLY'],
  ['send', 'TOO_MANY_SENDS'],
  ['loop', 'OUT_OF_GAS'],
  ['hash', 'OUT_OF_GAS'],
  ['range', 'BAD_VALUE'],
])('a view that misbehaves (%s) answers %s, changes nothing and ends', async (how, code) => {
  const { engine, build } = await testChain({ limits: { gas: 1_000_000n } })
  await build({ l1Entries: [deposit(0n, { recipient: alice.address })] })
  const { hash } = engine.blocks.head()
  const answer = engine.call(misbehave(how), hash)
  expect(answer).toMatchObject({ code, value: null })
  expect(answer.gasUsed).toBeLessThanOrEqual(1_000_000n)
  expect(engine.getValue('counter', 'total', new Uint8Array(), hash)).toBe(null)
  expect(engine.getValue('bank', 'supply', t.address.encode(tokenAddress('counter', 'points')), hash)).toBe(null)
})

it('a view hashes as circuits do, and only what is a field element', async () => {
  const { engine } = await testChain()
  const { hash } = engine.blocks.head()
  const ask = (word: bigint) => engine.call({ module: 'counter', view: 'digest', args: numberToHex(word, { size: 32 }) }, hash)
  expect(ask(7n)).toMatchObject({ code: null, value: numberToHex(poseidon2(TAG.module, [7n, 2n]), { size: 32 }) })
  expect(ask(2n ** 256n - 1n)).toMatchObject({ code: 'BAD_VALUE' })
})

it('an action that is tried gets no more gas than a node gives, whatever it names', async () => {
  const { engine } = await testChain({ gasPrice: 0n, limits: { gas: 300_000n } })
  const { hash } = engine.blocks.head()
  const trial = { sender: alice.address, module: 'counter', action: 'fail', args: bytesToHex(t.text(16).encode('loop')) }
  expect(engine.simulate({ ...trial, gas: 2n ** 60n }, hash)).toMatchObject({ code: 'OUT_OF_GAS', gasUsed: 300_000n })
  expect(engine.simulate(trial, hash)).toMatchObject({ code: 'OUT_OF_GAS', gasUsed: 300_000n, fee: 0n })
})

it("a node's limits and its views are no rules of the chain", async () => {
  const root = async (options: object) => (await testChain(options)).engine.blocks.head().stateRoot
  const plain = await root({})
  for (const other of [{ limits: { gas: 1n } }, { modules: [{ ...counter, views: {} }] }]) expect(await root(other)).toBe(plain)
})
