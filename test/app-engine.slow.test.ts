import { messageId, type Message } from '@causeway/core'
import { blobs } from '@causeway/da-ethereum'
import { app, defineModule, map, moduleAddress, t } from '@causeway/execution-app'
import { defineRollup } from '@causeway/node'
import { createTestCluster } from '@causeway/testing/cluster'
import { custom, parseEther, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { ballotChain, ballotClient, vote } from './examples/app.js'

const rollup = defineRollup({ chain: { id: 42001n }, execution: ballotChain(`0x${'fe'.repeat(20)}`), da: blobs() })

it('bridges between L1, a chain of modules and an EVM chain, and derives it from L1 alone', async () => {
  const cluster = await createTestCluster({ chains: [{ name: 'a', rollup }, 'b'] })
  const [a, b] = cluster.chains
  const [alice, bob] = cluster.users
  const eth = { chain: cluster.domain.l1ChainId, token: '0x0000000000000000000000000000000000000000' } as const
  const client = ballotClient(alice, custom({ request: ({ method, params }) => a.sequencer.rollup.rpc.request({ method, params }) }))
  try {
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('10'), recipient: alice.address })
    await a.build()
    expect(await client.getBalance({ address: alice.address })).toBe(parseEther('10'))

    // An action, a transfer to another engine, and a withdrawal.
    const { hash, votes, voters } = await vote(client, 'yes')
    const again = await vote(client, 'yes')
    const message = { recipient: bob.address, refundTo: alice.address, ...eth, gasLimit: 0n, expiry: 0n, payload: '0x' as Hex }
    const away = await client.write.bank.send({ ...message, destination: b.chainId, amount: parseEther('1') })
    await client.write.bank.send({ ...message, destination: cluster.domain.l1ChainId, amount: parseEther('2') })
    const block = await a.build()
    expect(await client.getTransactionReceipt({ hash })).toMatchObject({ status: 'success' })
    expect(await client.getTransactionReceipt({ hash: again.hash })).toMatchObject({ status: 'reverted' })
    expect(await votes()).toBe(1n)
    expect(await client.view.ballot.lead({ of: 'yes', over: 'no' })).toBe(true)
    expect(await voters()).toMatchObject([{ data: { who: alice.address.toLowerCase(), option: 'yes' }, transactionHash: hash }])
    expect(await client.getActionReceipt(again)).toMatchObject({ code: 'VOTED_ALREADY', events: [] })
    expect(a.sent(block).map(({ destination, amount }) => [destination, amount])).toEqual([[b.chainId, parseEther('1')], [cluster.domain.l1ChainId, parseEther('2')]])
    expect((await client.getActionReceipt({ hash: away }))?.sent).toEqual([messageId(a.sent(block)[0] as Message)])
    await b.build()
    expect(await b.balance(bob.address)).toBe(parseEther('1'))

    // From the EVM chain to a module, which answers. Its registration has to be final first.
    await cluster.l1.mine(3)
    await b.sendMessage(bob, { destination: a.chainId, recipient: moduleAddress('ballot'), value: parseEther('0.5'), payload: '0x01' })
    await b.build()
    const answered = await a.build()
    expect(await client.read.ballot.donated()).toBe(parseEther('0.5'))
    expect(a.sent(answered).map(({ destination, recipient, amount }) => [destination, recipient, amount])).toEqual([[b.chainId, bob.address.toLowerCase(), parseEther('0.25')]])

    // Settled, and derived by a node that knows nothing but L1.
    for (let i = 0; i < 3; i++) await cluster.round()
    expect(a.sequencer.rollup.settled().block).toBeGreaterThanOrEqual(answered.number)
    const observer = await cluster.observe(a)
    try {
      await observer.rollup.steps.l1()
      await observer.rollup.steps.derive()
      expect(a.head(observer)).toMatchObject({ hash: a.head().hash, stateRoot: a.head().stateRoot })
      expect(a.head(a.follower).hash).toBe(a.head().hash)
    } finally {
      await observer.rollup.stop()
    }
    expect(await cluster.l1.escrow()).toBe(parseEther('10'))
  } finally {
    await cluster.stop()
  }
})

it('builds blocks in time while 32 clients ask for what has no end', async () => {
  const endless = defineModule({
    name: 'endless',
    state: { of: map(t.u64, t.u64) },
    actions: {
      read: {
        args: {},
        run({ state }) {
          for (let i = 0n; ; i++) state.of.get(i)
        },
      },
    },
    views: (view) => ({
      read: view({
        args: {},
        returns: t.u64,
        run({ state }) {
          for (let i = 0n; ; i++) state.of.get(i)
        },
      }),
      hash: view({
        args: {},
        returns: t.u64,
        run({ poseidon2 }) {
          for (let i = 0n; ; i++) poseidon2([i])
        },
      }),
    }),
  })
  const cluster = await createTestCluster({ chains: [{ name: 'a', rollup: { ...rollup, execution: app({ modules: [endless], feeRecipient: `0x${'fe'.repeat(20)}` }) } }] })
  try {
    const [a] = cluster.chains
    const [alice] = cluster.users
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('10'), recipient: alice.address })
    await a.build()
    const asked = [
      { method: 'app_call', params: ['endless', 'read', '0x'] },
      { method: 'app_call', params: ['endless', 'hash', '0x'] },
      { method: 'app_simulateAction', params: [{ from: alice.address, module: 'endless', action: 'read', args: '0x' }] },
    ]
    let [isOver, answers] = [false, 0]
    const clients = Array.from({ length: 32 }, async (_, i) => {
      const caller = { client: {}, address: String(i), hold: () => true }
      for (; !isOver; answers++) expect(await a.sequencer.rollup.rpc.handle({ jsonrpc: '2.0', id: 1, ...asked[i % asked.length] }, caller)).toContain('OUT_OF_GAS')
    })
    const times: number[] = []
    for (let i = 0; i < 20; i++) {
      const start = performance.now()
      await a.build()
      times.push(performance.now() - start)
    }
    isOver = true
    await Promise.all(clients)
    expect(answers).toBeGreaterThan(32)
    // Some 50 ms here; a turn takes up to 100 ms on a machine that does much else, and a block waits for a few.
    expect(times.sort((x, y) => x - y)[10]).toBeLessThan(500)
  } finally {
    await cluster.stop()
  }
})
