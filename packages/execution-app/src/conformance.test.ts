import { NEVER, type ExecutionEngine, type SentMessage } from '@causeway/core'
import { engineConformance, finds, type EngineBlock, type EngineFixture } from '@causeway/testing/conformance'
import { keccak256, type Address, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { app } from './app.js'
import { alice, bob, CHAIN, counter, deposit, ETH, FEES, L1, message, OTHER, sending, sign } from './harness.test-helper.js'
import { moduleAddress } from './module.js'

const poor = privateKeyToAccount(`0x${'cc'.repeat(32)}`)
const lower = (address: Address) => address.toLowerCase() as Address
const sent = (destination: bigint, amount: bigint, fields: Partial<SentMessage> = {}): SentMessage => ({
  ...{ destination, amount, sender: lower(alice.address), recipient: lower(bob.address), refundTo: lower(bob.address), token: ETH },
  ...{ fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x' },
  ...fields,
})
const included = (raw: Hex, messages: readonly SentMessage[] = []): EngineBlock['transactions'][number] => ({ raw, hash: keccak256(raw), sent: messages })
const self = moduleAddress('counter')

async function fixture(): Promise<EngineFixture> {
  const forced = await sign(bob, { nonce: 0n, module: 'counter', action: 'add', args: { by: 4n } })
  const first: EngineBlock = {
    l1Entries: [
      { entry: deposit(0n, { recipient: alice.address, amount: 50n }), ok: true, sent: [] },
      { entry: { kind: 'forced', index: 1n, transaction: forced }, ok: true, sent: [] },
      { entry: { kind: 'forced', index: 2n, transaction: forced }, ok: false, sent: [] },
    ],
    imports: [{ message: message({ source: OTHER, nonce: 0n, amount: 3n }), policyHash: 9n, ok: true, sent: [] }],
    transactions: [
      included(await sign(alice, { nonce: 0n, module: 'counter', action: 'add', args: { by: 1n } })),
      included(await sign(alice, { nonce: 1n, module: 'bank', action: 'send', args: sending({ destination: L1, amount: 7n }) }), [sent(L1, 7n)]),
    ],
  }
  const answer = sent(OTHER, 2n, { sender: self, recipient: lower(alice.address), refundTo: lower(alice.address) })
  const second: EngineBlock = {
    l1Entries: [{ entry: deposit(3n, { recipient: self, payload: '0xff', gasLimit: 100_000n, amount: 2n }), ok: false, sent: [] }],
    imports: [
      { message: message({ source: OTHER, nonce: 1n, recipient: self, payload: '0x01', gasLimit: 200_000n, amount: 2n }), policyHash: 9n, ok: true, sent: [answer] },
      { message: message({ source: OTHER, nonce: 2n, recipient: poor.address, payload: '0x34', gasLimit: 100_000n }), policyHash: 9n, ok: false, sent: [] },
    ],
    transactions: [
      included(await sign(alice, { nonce: 2n, module: 'bank', action: 'send', args: sending({ destination: OTHER, amount: 8n }) }), [sent(OTHER, 8n)]),
      // It fails, and is in the block all the same.
      included(await sign(alice, { nonce: 3n, module: 'counter', action: 'fail', args: { how: 'throw' } })),
      included(await sign(bob, { nonce: 1n, module: 'bank', action: 'transfer', args: { to: alice.address, chain: L1, token: ETH.address, amount: 3n } })),
    ],
  }
  const add = { module: 'counter', action: 'add', args: { by: 1n } }
  const good = await sign(alice, { ...add, nonce: 0n })
  const bad: Hex[] = [
    await sign(alice, { ...add, nonce: 9n }),
    await sign(alice, { ...add, nonce: 0n, gas: 2_000_000n }),
    await sign(alice, { ...add, nonce: 0n, gas: 20_000n }),
    await sign(poor, { ...add, nonce: 0n, gasPrice: 1n }),
    await sign(alice, { ...add, nonce: 0n, expiry: 1n }),
    await sign(alice, { ...add, nonce: 0n, module: 'nowhere' }),
    await sign(alice, { nonce: 0n, module: 'counter', action: 'toString', args: {} }),
    // Parity 2, and no signature at all.
    `${good.slice(0, -2)}02` as Hex,
    `${good.slice(0, -130)}${'00'.repeat(65)}` as Hex,
    await alice.signTransaction({ type: 'legacy', nonce: 0, to: bob.address, gas: 21_000n, gasPrice: 2_000_000_000n, chainId: Number(CHAIN) }),
  ]
  return {
    open: (store) => app({ modules: [counter], feeRecipient: FEES, gasPrice: 0n }).create({ chainId: CHAIN, l1: { chainId: L1 }, store }),
    blocks: [first, second],
    bad,
  }
}

describe('an app', () => engineConformance({ it, expect }, fixture))

describe('the suite finds an app that', () => {
  let ran = 0n
  const impure = { ...counter, actions: { ...counter.actions, add: { args: counter.actions.add.args, run: (({ state }: { state: { total: { set(value: bigint): void } } }) => state.total.set(ran++)) as never } } }
  const broken: Record<string, (engine: ExecutionEngine, store: Parameters<EngineFixture['open']>[0]) => ExecutionEngine> = {
    'has a handler with a memory of its own': (_, store) => app({ modules: [impure], feeRecipient: FEES, gasPrice: 0n }).create({ chainId: CHAIN, l1: { chainId: L1 }, store }),
    'asks nobody what to admit': (engine) => ({ ...engine, execute: (inputs) => engine.execute(inputs) }),
    'says nothing of what it sends': (engine) => ({ ...engine, execute: (inputs, options) => engine.execute(inputs, options).then((block) => ({ ...block, outcomes: block.outcomes.map((item) => ({ ...item, sent: [] })) })) }),
    'writes its blocks': (engine, store) => ({ ...engine, execute: (inputs, options) => engine.execute(inputs, options).then(async (block) => (await store.write(block.changes), block)) }),
  }
  it.each(Object.entries(broken))('%s', async (_name, breakIt) => {
    const made = await fixture()
    expect(await finds(expect, (framework) => engineConformance(framework, async () => ({ ...made, open: (store) => breakIt(made.open(store), store) })))).toBe(true)
  })
})
