import { hexToBigInt, keccak256, numberToHex, type Hex } from 'viem'
import { memoryStore } from '@causeway/testing'
import { describe, expect, it } from 'vitest'
import { app } from './app.js'
import { t } from './fields.js'
import { alice, bob, CHAIN, counter, deposit, FEES, L1, message, OTHER, sending, sign, testChain } from './harness.test-helper.js'
import { defineModule, moduleAddress, tokenAddress, value } from './module.js'
import { openStateTree } from './state-tree.js'

const self = moduleAddress('counter')
const lower = (address: string) => address.toLowerCase() as Hex
const points = tokenAddress('counter', 'points')

describe('an action', () => {
  it.each([
    ['code', 'NOT_TODAY'],
    ['range', 'BAD_VALUE'],
    ['throw', 'INTERNAL'],
    ['loop', 'OUT_OF_GAS'],
    ['caught', 'OUT_OF_GAS'],
    ['sends', 'TOO_MANY_SENDS'],
    ['event', 'NO_SUCH_EVENT'],
    ['async', 'ASYNC_HANDLER'],
  ])('that fails (%s) says %s, leaves nothing but nonce and fee, and costs what it used', async (how, code) => {
    const { engine, build } = await testChain()
    await build({ l1Entries: [deposit(0n, { recipient: alice.address, amount: 10n ** 18n })] })
    const before = await engine.getBalance(alice.address, engine.blocks.head().hash)
    const raw = await sign(alice, { nonce: 0n, module: 'counter', action: 'fail', args: { how }, gasPrice: 2_000_000n, gas: how === 'sends' ? 800_000n : 400_000n })
    const block = await build({ transactions: [raw] })
    const { receipt } = engine.blocks.receipt(keccak256(raw)) ?? {}
    expect(receipt).toMatchObject({ code, events: [], sent: 0 })
    expect(block.outcomes).toEqual([{ kind: 'transaction', hash: keccak256(raw), sent: [] }])
    expect(engine.getValue('counter', 'total', new Uint8Array(), block.hash)).toBe(null)
    expect(await engine.getNonce(alice.address, block.hash)).toBe(1n)
    const fee = (receipt?.gasUsed ?? 0n) * 2_000_000n
    expect(await engine.getBalance(alice.address, block.hash)).toBe(before - fee)
    expect(await engine.getBalance(FEES, block.hash)).toBe(fee)
    if (code === 'OUT_OF_GAS') expect(receipt?.gasUsed).toBe(400_000n)
    // What a module's error says is nowhere.
    for (const { value: bytes } of block.changes) expect(new TextDecoder().decode(bytes ?? new Uint8Array())).not.toContain('nowhere')
  })

  it('cannot be changed without another signature, nor signed for another chain', async () => {
    const { engine } = await testChain({ gasPrice: 0n })
    const raw = await sign(alice, { nonce: 0n, module: 'counter', action: 'add', args: { by: 1n } })
    const head = engine.blocks.head().hash
    const { sender } = await engine.validate(raw, head)
    expect(sender).toBe(lower(alice.address))
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const [s, parity] = [hexToBigInt(`0x${raw.slice(-66, -2)}`), Number(`0x${raw.slice(-2)}`)]
    const mirrored = `${raw.slice(0, -66)}${numberToHex(order - s, { size: 32 }).slice(2)}0${1 - parity}` as Hex
    await expect(engine.validate(mirrored, head)).rejects.toMatchObject({ code: 'INVALID_TRANSACTION' })
    const elsewhere = await sign(alice, { nonce: 0n, module: 'counter', action: 'add', args: { by: 1n } }, CHAIN + 1n)
    expect((await engine.validate(elsewhere, head).catch(() => ({ sender: '0x' }))).sender).not.toBe(lower(alice.address))
    // Every byte is signed or has one value only.
    for (let at = 4; at < raw.length; at += 2) {
      const other = `${raw.slice(0, at)}${(Number(`0x${raw.slice(at, at + 2)}`) ^ 1).toString(16).padStart(2, '0')}${raw.slice(at + 2)}` as Hex
      const checked = await engine.validate(other, head).catch((error: { code: string }) => error.code)
      if (typeof checked === 'string') expect(checked).toBe('INVALID_TRANSACTION')
      else expect(checked.sender).not.toBe(lower(alice.address))
    }
  })

  it('debits nobody but who signed it', async () => {
    const { engine, build } = await testChain({ gasPrice: 0n })
    const raw = await sign(alice, { nonce: 0n, module: 'counter', action: 'rob', args: { victim: bob.address } })
    await build({ l1Entries: [deposit(0n)], transactions: [raw] })
    expect(engine.blocks.receipt(keccak256(raw))?.receipt.code).toBe('NOT_YOURS')
  })

  it('stores structs and texts, in one encoding only', async () => {
    const { engine, build } = await testChain({ gasPrice: 0n })
    const note = (nonce: bigint, text: string) => sign(alice, { nonce, module: 'counter', action: 'note', args: { index: 3n, note: { text, pinned: true } } })
    await expect(note(0n, 'x'.repeat(33))).rejects.toThrow('BAD_VALUE')
    await expect(note(0n, '\ud800')).rejects.toThrow('BAD_VALUE')
    const at = t.struct({ index: t.u64, author: t.address }).encode({ author: alice.address, index: 3n })
    const { hash } = await build({ transactions: [await note(0n, 'schön')] })
    expect(engine.getValue('counter', 'notes', at, hash)).toEqual(t.struct({ pinned: t.bool, text: t.text(32) }).encode({ pinned: true, text: 'schön' }))
    const erased = await build({ transactions: [await sign(alice, { nonce: 1n, module: 'counter', action: 'erase', args: { index: 3n } })] })
    expect(engine.getValue('counter', 'notes', at, erased.hash)).toBe(null)
  })
})

describe('a block', () => {
  it('yields its accesses in order, and whoever replays the writes has its state root', async () => {
    const { engine, next, store } = await testChain({ gasPrice: 0n })
    const inputs = next({
      l1Entries: [deposit(0n, { recipient: alice.address, amount: 100n })],
      imports: [{ message: message({ source: OTHER, recipient: self, payload: '0xff', gasLimit: 100_000n }), policyHash: 1n }],
      transactions: [
        await sign(alice, { nonce: 0n, module: 'counter', action: 'add', args: { by: 5n } }),
        await sign(alice, { nonce: 1n, module: 'counter', action: 'fail', args: { how: 'code' } }),
        // Not admitted: not even its reads are there.
        await sign(alice, { nonce: 2n, module: 'bank', action: 'send', args: sending({ destination: L1, amount: 1n }) }),
      ],
    })
    const admit = { admit: (item: { sent: readonly unknown[] }) => item.sent.length === 0 }
    const block = await engine.execute(inputs, admit)
    const without = await engine.execute({ ...inputs, transactions: inputs.transactions.slice(0, 2) })
    expect(engine.trace(inputs, admit)).toEqual(engine.trace({ ...inputs, transactions: inputs.transactions.slice(0, 2) }))
    expect(block.hash).toBe(without.hash)
    const tree = openStateTree(store)
    const root = hexToBigInt(engine.blocks.head().stateRoot)
    const state = new Map<bigint, Uint8Array | null>()
    for (const { kind, key, value: bytes } of engine.trace(inputs, admit)) {
      if (kind === 'read') expect(state.has(key) ? state.get(key) : tree.get(root, key)).toEqual(bytes)
      else state.set(key, bytes)
    }
    expect(numberToHex(tree.update(root, state).root, { size: 32 })).toBe(block.stateRoot)
  })

  it('delivers to modules, and gives what they do not take to `refundTo`', async () => {
    const { engine, build } = await testChain({ gasPrice: 0n })
    const to = (fields: object) => ({ recipient: self, refundTo: bob.address, gasLimit: 200_000n, amount: 10n, ...fields })
    const block = await build({
      l1Entries: [deposit(0n, to({ payload: '0x01' })), deposit(1n, to({ payload: '0x01', gasLimit: 0n })), deposit(2n, to({ payload: '0x' })), deposit(3n, to({ payload: '0x01', recipient: alice.address }))],
    })
    expect(block.outcomes.map((item) => (item.kind === 'l1' ? [item.ok, item.sent.length] : []))).toEqual([[true, 1], [false, 0], [false, 0], [false, 0]])
    expect(await engine.getBalance(bob.address, block.hash)).toBe(30n)
    expect(engine.blocks.byHash(block.hash)?.receipts.map(({ code }) => code)).toEqual([null, 'OUT_OF_GAS', 'NO_HANDLER', 'NO_HANDLER'])
  })

  it('lets a delivery use what was set aside for it, and no more', async () => {
    const { engine, build } = await testChain()
    const payload: Hex = `0x03${'00'.repeat(30_000)}`
    for (const gasLimit of [1_000n, 500_000n, 2n ** 64n - 1n]) {
      const sent = message({ source: OTHER, nonce: gasLimit % 1_000_000n, recipient: self, payload, gasLimit })
      await build({ imports: [{ message: sent, policyHash: 1n }] })
      expect(engine.blocks.head().receipts).toMatchObject([{ code: 'OUT_OF_GAS', gasUsed: engine.weigh({ message: sent }) }])
    }
  })

  it('takes back of its own tokens what is abroad, and no more', async () => {
    const { engine, build } = await testChain({ gasPrice: 0n })
    const token = { chain: CHAIN, address: points }
    await build({
      transactions: [
        await sign(alice, { nonce: 0n, module: 'counter', action: 'issue', args: { amount: 100n } }),
        await sign(alice, { nonce: 1n, module: 'bank', action: 'send', args: sending({ destination: OTHER, amount: 60n, chain: CHAIN, token: points }) }),
        await sign(alice, { nonce: 2n, module: 'bank', action: 'send', args: sending({ destination: L1, amount: 1n, chain: CHAIN, token: points }) }),
      ],
    })
    expect(engine.blocks.head().receipts.map(({ code }) => code)).toEqual([null, null, 'NOT_TOKEN_OF_L1'])
    const back = (nonce: bigint, amount: bigint) => ({ message: message({ source: OTHER, nonce, token, amount }), policyHash: 1n })
    const block = await build({ imports: [back(0n, 40n), back(1n, 21n), back(2n, 20n)] })
    expect(block.outcomes.map((item) => item.kind === 'import' && item.ok)).toEqual([true, false, true])
    const at = t.struct({ owner: t.address, chain: t.u64, token: t.address }).encode({ owner: bob.address, chain: CHAIN, token: points })
    expect(engine.getValue('bank', 'balances', at, block.hash)).toEqual(t.u256.encode(60n))
  })

  it('is not the same under other rules: the genesis state root names them', async () => {
    const root = async (options: object) => (await testChain(options)).engine.blocks.head().stateRoot
    const plain = await root({})
    expect(await root({})).toBe(plain)
    for (const other of [{ gasPrice: 1n }, { gasLimit: 40_000_000n }, { feeRecipient: bob.address }, { modules: [] }, { modules: [{ ...counter, version: 2 }] }]) expect(await root(other)).not.toBe(plain)
  })

  it('does not depend on the order in which modules and fields are written', async () => {
    const other = (backwards: boolean) =>
      defineModule({ name: 'other', state: backwards ? { b: value(t.u64), a: value(t.bool) } : { a: value(t.bool), b: value(t.u64) }, actions: { set: { args: backwards ? { y: t.u64, x: t.bool } : { x: t.bool, y: t.u64 }, run: () => undefined } } })
    const plain = counter
    const roots = [[plain, other(false)], [other(true), plain]].map(async (modules) => (await testChain({ modules })).engine.blocks.head().stateRoot)
    expect(await roots[0]).toBe(await roots[1])
  })
})

it.each([
  ['a name', () => defineModule({ name: 'a_b', actions: {} }), 'BAD_MODULE'],
  ['a field', () => defineModule({ name: 'a', state: { '1': value(t.u64) }, actions: {} }), 'BAD_MODULE'],
  ['a bound', () => t.text(0), 'BAD_MODULE'],
])('refuses %s', (_what, make, code) => {
  expect(make).toThrow(expect.objectContaining({ code }) as Error)
})

it('names the mistakes in its options, all at once, and does not run with them', () => {
  const { issues = [], create } = app({ modules: [defineModule({ name: 'bank', actions: {} })], feeRecipient: '0x', gasLimit: 1n, gasPrice: -1n })
  expect(issues.map(({ path }) => path)).toEqual(['gasLimit', 'feeRecipient', 'gasPrice', 'modules'])
  expect(() => create({ chainId: 1n, l1: { chainId: 2n }, store: memoryStore() })).toThrow(expect.objectContaining({ code: 'BAD_APP', issues }) as Error)
})
