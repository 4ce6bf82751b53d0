import { NEVER, policyHash, silentLog, type BlockInputs, type Entry, type ExecutionEngine, type ImportedMessage, type L1InboxEntry } from '@causeway/core'
import { causewayMessengerAbi } from '@causeway/contracts'
import { evm } from '@causeway/execution-evm'
import { createMempool } from '@causeway/sequencer'
import { manualClock, memoryStore } from '@causeway/testing'
import { concatHex, encodeFunctionData, keccak256, numberToHex, parseEther, size, zeroAddress, type Address, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { expect, it } from 'vitest'
import { openChain } from '../chain.js'
import { createBlockBuilder } from './block-builder.js'

const [L1, CHAIN] = [900n, 4242n]
const MESSENGER: Address = '0xca5E000000000000000000000000000000000001'
const SENDER: Address = '0x5e4d000000000000000000000000000000005e4d'
const alice = privateKeyToAccount(`0x${'a1'.repeat(32)}`)
const bob = privateKeyToAccount(`0x${'b0'.repeat(32)}`)
const send = encodeFunctionData({
  abi: causewayMessengerAbi,
  functionName: 'send',
  args: [{ destination: L1, recipient: alice.address, refundTo: alice.address, gasLimit: 0n, expiry: NEVER, payload: '0x' }],
})
const length = numberToHex(size(send), { size: 2 })
/** Code that sends a message whenever it is called: CODECOPY(0, 38, length), CALL(gas, messenger, 0, 0, length, 0, 0), STOP, and from byte 38 on the call's data. */
const code = concatHex(['0x61', length, '0x60265f395f5f61', length, '0x5f5f73', MESSENGER, '0x5af100', send])

async function sequencer() {
  const store = memoryStore()
  const alloc = { [SENDER]: { code }, [alice.address]: { balance: parseEther('1') }, [bob.address]: { balance: parseEther('1') } }
  const inner = evm({ feeRecipient: '0xfeefeefeefeefeefeefeefeefeefeefeefeefee0', alloc, unbacked: true }).create({ chainId: CHAIN, l1: { chainId: L1 }, store })
  /** What was executed, also in vain. */
  const tried: BlockInputs[] = []
  const engine: ExecutionEngine = { ...inner, execute: (inputs, options) => (tried.push(inputs), inner.execute(inputs, options)) }
  const chain = await openChain({ engine, store, context: { l1ChainId: L1, hub: zeroAddress, policyHash: policyHash({ attested: { k: 1, signers: [] } }), slotOf: () => 0n } })
  const mempool = createMempool({ validate: (raw) => engine.validate(raw, chain.head.hash) })
  /** Of a backlog that is used up; `room` is for one more export in a block. */
  const state = { room: false, height: 0n, inbox: [] as L1InboxEntry[], imports: [] as ImportedMessage[], full: false }
  const exportsOf = (entries: readonly Entry[]) => entries.filter(({ kind }) => kind === 'export').length
  const sequencing = createBlockBuilder({
    ...{ chain, mempool, imports: () => state.imports, clock: manualClock(1000n), log: silentLog },
    l1Entries: (cursor) => state.inbox.slice(Number(cursor)),
    nextNonce: (sender) => inner.getNonce(sender, chain.head.hash),
    backlog: () => ({ certificates: 8, limit: 8, height: state.height, hasRoom: (entries) => !state.full && exportsOf(entries) <= (state.room ? 1 : 0) }),
  })
  const add = async (user: typeof alice, nonce: number, sends: boolean, fee = 2n) =>
    mempool.add(await user.signTransaction({ chainId: Number(CHAIN), type: 'eip1559', nonce, to: sends ? MESSENGER : zeroAddress, ...(sends && { data: send }), gas: sends ? 300_000n : 21_000n, maxFeePerGas: fee * 1_000_000_000n, maxPriorityFeePerGas: 0n }))
  const build = async () => (await sequencing.build(0n)).transactions.map((raw) => keccak256(raw))
  return { add, build, sequencing, mempool, state, tried, chain }
}

it('a transaction that sends waits for room with those behind it, and is not executed again before', async () => {
  const { add, build, sequencing, mempool, state, tried } = await sequencer()
  const [a0, a1] = [await add(alice, 0, true), await add(alice, 1, true)]
  const b0 = await add(bob, 0, false)
  expect(await build()).toEqual([b0])
  expect(sequencing.waiting()).toBe(1)
  const hashes = (list: readonly { hash: Hex }[]) => list.map(({ hash }) => hash)
  const { pending, queued } = await sequencing.pool()
  expect([hashes(pending), hashes(queued)]).toEqual([[], [a0, a1]])
  expect(await build()).toEqual([])
  expect(tried.map(({ transactions }) => transactions.length)).toEqual([3, 0])

  state.room = true
  // The other one is not known yet: it is tried, once.
  expect(await build()).toEqual([a0])
  state.room = false
  expect(await build()).toEqual([])
  expect(tried.map(({ transactions }) => transactions.length)).toEqual([3, 0, 2, 0])
  // Another is put in its place that sends nothing.
  const instead = await add(alice, 1, false, 3n)
  expect(await build()).toEqual([instead])
  expect([sequencing.waiting(), mempool.size]).toEqual([0, 0])
})

it('a replacement that came while its nonce was being used is gone with the next block', async () => {
  const { add, build, mempool } = await sequencer()
  await add(bob, 0, false)
  const building = build()
  await add(bob, 0, false, 3n)
  await building
  await build()
  expect(mempool.size).toBe(0)
})

it('deliveries that send more than there is room for are tried once an epoch', async () => {
  const { build, state, tried, chain } = await sequencer()
  const message = { source: L1, nonce: 0n, timestamp: 0n, destination: CHAIN, sender: bob.address, recipient: SENDER, refundTo: bob.address, token: { chain: L1, address: zeroAddress }, amount: 1n, fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x' as const }
  state.inbox = [{ kind: 'deposit', index: 0n, message }]
  await build()
  await build()
  expect(tried.map(({ l1Entries }) => l1Entries.length)).toEqual([1, 0, 0])
  expect(chain.head.accounting).toMatchObject({ l1InboxCursor: 0n, outboxSize: 0n })
  Object.assign(state, { height: 1n, room: true })
  await build()
  expect(chain.head.accounting).toMatchObject({ l1InboxCursor: 1n, outboxSize: 1n })
})

it('an import is ready when the next block would take it; one that cannot be executed keeps nothing else waiting', async () => {
  const { build, sequencing, state, chain } = await sequencer()
  const imported = (nonce: bigint, recipient: Address): ImportedMessage => ({ policyHash: 1n, message: { source: 77n, nonce, timestamp: 1n, destination: CHAIN, sender: bob.address, recipient, refundTo: bob.address, token: { chain: L1, address: zeroAddress }, amount: 1n, fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x' } })
  state.height = 1n
  expect(sequencing.importsReady()).toBe(false)
  // It sends a message, for which there is no room: that is known once it was tried.
  state.imports = [imported(0n, SENDER)]
  expect(sequencing.importsReady()).toBe(true)
  await build()
  expect(sequencing.importsReady()).toBe(false)
  state.height = 4n
  state.full = true
  state.imports = [imported(1n, alice.address)]
  expect(sequencing.importsReady()).toBe(false)
  state.full = false
  expect(sequencing.importsReady()).toBe(true)
  await build()
  expect(chain.head.imports.map(({ message }) => message.nonce)).toEqual([1n])

  // The first was consumed before: accounting refuses it, and the others behind it go on.
  state.imports = [imported(1n, alice.address), imported(2n, alice.address), imported(3n, alice.address)]
  const nonces = async () => {
    await build()
    return chain.head.imports.map(({ message }) => message.nonce)
  }
  expect([await nonces(), await nonces()]).toEqual([[], [2n, 3n]])
})
