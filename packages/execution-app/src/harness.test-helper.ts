import { NEVER, type AdmitInput, type BlockInputs, type ExecutedBlock, type L1InboxEntry, type Message } from '@causeway/core'
import { memoryStore } from '@causeway/testing'
import { zeroAddress, type Address, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { actionTypedData, encodeAction, type Action } from './action.js'
import { app, type AppOptions } from './app.js'
import { bank } from './bank.js'
import { t } from './fields.js'
import { defineModule, map, value, type Module } from './module.js'

export const L1 = 900n
export const CHAIN = 4242n
export const OTHER = 77n
export const FEES: Address = '0xfeefeefeefeefeefeefeefeefeefeefeefeefee0'
export const ETH = { chain: L1, address: zeroAddress }
export const alice = privateKeyToAccount(`0x${'a1'.repeat(32)}`)
export const bob = privateKeyToAccount(`0x${'b0'.repeat(32)}`)

/** Counts, pays, issues a token, answers messages, and fails in every way. */
export const counter = defineModule({
  name: 'counter',
  state: { total: value(t.u64), by: map(t.address, t.u64), notes: map(t.struct({ author: t.address, index: t.u64 }), t.struct({ text: t.text(32), pinned: t.bool })) },
  events: { Added: { who: t.address, total: t.u64 } },
  actions: {
    add: {
      args: { by: t.u64 },
      run({ state, args, sender, emit }) {
        const total = (state.total.get() ?? 0n) + args.by
        state.total.set(total)
        state.by.set(sender, (state.by.get(sender) ?? 0n) + args.by)
        emit('Added', { who: sender, total })
      },
    },
    note: { args: { index: t.u64, note: t.struct({ text: t.text(32), pinned: t.bool }) }, run: ({ state, args, sender }) => state.notes.set({ author: sender, index: args.index }, args.note) },
    erase: { args: { index: t.u64 }, run: ({ state, args, sender }) => state.notes.delete({ author: sender, index: args.index }) },
    issue: { args: { amount: t.u128 }, run: ({ bank, sender, args }) => bank.mint('points', sender, args.amount) },
    redeem: { args: { amount: t.u128 }, run: ({ bank, sender, args }) => bank.burn('points', sender, args.amount) },
    rob: { args: { victim: t.address }, run: ({ bank, args, self }) => bank.transfer({ from: args.victim, to: self, amount: 1n }) },
    fail: {
      args: { how: t.text(16) },
      run({ state, args, fail, sender, emit, send }) {
        state.total.set(99n)
        if (args.how === 'code') fail('NOT_TODAY')
        if (args.how === 'range') state.total.set(-1n)
        if (args.how === 'throw') throw new TypeError('what it says is nowhere')
        if (args.how === 'loop') for (;;) state.by.get(sender)
        if (args.how === 'sends') for (;;) send({ destination: L1, recipient: sender })
        if (args.how === 'event') emit('None' as 'Added', { who: sender, total: 0n })
        if (args.how === 'async') return Promise.resolve() as never
        if (args.how === 'caught')
          for (;;)
            try {
              state.by.get(sender)
            } catch {
              return
            }
      },
    },
  },
  views: (view) => ({
    share: view({ args: { who: t.address }, returns: t.struct({ part: t.u64, of: t.u64 }), run: ({ state, args }) => ({ part: state.by.get(args.who) ?? 0n, of: state.total.get() ?? 0n }) }),
    held: view({ args: {}, returns: t.u256, run: ({ bank, self }) => bank.balanceOf(self) }),
    digest: view({ args: { word: t.u256 }, returns: t.u256, run: ({ poseidon2, args }) => poseidon2([args.word, 2n]) }),
    misbehave: view({
      args: { how: t.text(16) },
      returns: t.u64,
      run(context) {
        const { state, fail, self, args, poseidon2 } = context
        const all = context as unknown as { state: { total: { set(value: bigint): void } }; bank: { mint(name: string, to: Hex, amount: bigint): void }; send(message: object): void }
        if (args.how === 'code') fail('NOT_TODAY')
        if (args.how === 'write') all.state.total.set(1n)
        if (args.how === 'mint') all.bank.mint('points', self, 1n)
        if (args.how === 'send') all.send({ destination: L1, recipient: self })
        if (args.how === 'loop') for (;;) state.total.get()
        if (args.how === 'hash') for (;;) poseidon2([1n])
        return -1n
      },
    }),
  }),
  onMessage({ message, state, send, fail, bank, self }) {
    if (message.payload === '0xff') fail('UNWANTED')
    if (message.payload.startsWith('0x03')) for (;;) state.total.get()
    state.total.set((state.total.get() ?? 0n) + message.amount)
    if (message.payload === '0x01') send({ destination: message.source, recipient: message.sender, token: message.token, amount: bank.balanceOf(self, message.token) })
  },
})

/** An engine on a memory store with genesis written, and `build`, which executes and writes one block. */
export async function testChain(options: Partial<AppOptions> = {}) {
  const store = memoryStore()
  const definition = app({ modules: [counter], feeRecipient: FEES, ...options })
  const engine = definition.create({ chainId: CHAIN, l1: { chainId: L1 }, store })
  await store.write((await engine.genesis()).changes)
  async function build(inputs: Partial<BlockInputs> = {}, admit?: AdmitInput): Promise<ExecutedBlock> {
    const block = await engine.execute(next(inputs), admit ? { admit } : {})
    await store.write(block.changes)
    return block
  }
  const next = (inputs: Partial<BlockInputs> = {}): BlockInputs => {
    const { number, hash, timestamp } = engine.blocks.head()
    return { number: number + 1n, parentHash: hash, timestamp: timestamp + 500n, l1Entries: [], imports: [], transactions: [], ...inputs }
  }
  return { store, engine, build, next, definition }
}

/** A signed action of the bank or the counter. */
export async function sign(account: typeof alice, action: Pick<Action, 'module' | 'action' | 'args' | 'nonce'> & Partial<Action>, chainId = CHAIN): Promise<Hex> {
  const whole: Action = { gas: 400_000n, gasPrice: 0n, expiry: NEVER, ...action }
  const module: Module = action.module === 'bank' ? bank : counter
  const types = module.actions[action.action]?.args ?? {}
  return encodeAction(types, whole, await account.signTypedData(actionTypedData(chainId, types, whole) as never))
}

/** An ETH message to bob. */
export function message(fields: Partial<Message> = {}): Message {
  return { source: L1, nonce: 0n, timestamp: 0n, destination: CHAIN, sender: alice.address, recipient: bob.address, refundTo: bob.address, token: ETH, amount: 5n, fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x', ...fields }
}

export function deposit(index: bigint, fields: Partial<Message> = {}): L1InboxEntry {
  return { kind: 'deposit', index, message: message({ nonce: index, ...fields }) }
}

/** Arguments of `bank.send` to bob, of ETH unless it says otherwise. */
export const sending = (fields: { destination: bigint; amount: bigint; chain?: bigint; token?: Address; refundTo?: Address; payload?: Hex; gasLimit?: bigint }) => ({ recipient: bob.address, refundTo: bob.address, chain: L1, token: zeroAddress, gasLimit: 0n, expiry: 0n, payload: '0x' as Hex, ...fields })
