import { moduleAddress } from '@causeway/execution-app'
import { createTestCluster, testExecution } from '@causeway/testing/cluster'
import { custom, parseEther, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { ballotChain, ballotClient, vote } from './examples/app.js'

it('bridges between L1, a chain of modules and an EVM chain, and derives it from L1 alone', async () => {
  const cluster = await createTestCluster({ execution: (chain, feeRecipient) => (chain === 'a' ? ballotChain(feeRecipient) : testExecution(feeRecipient)) })
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
    await client.write.bank.send({ ...message, destination: b.chainId, amount: parseEther('1') })
    await client.write.bank.send({ ...message, destination: cluster.domain.l1ChainId, amount: parseEther('2') })
    const block = await a.build()
    expect(await client.getTransactionReceipt({ hash })).toMatchObject({ status: 'success' })
    expect(await client.getTransactionReceipt({ hash: again.hash })).toMatchObject({ status: 'reverted' })
    expect(await votes()).toBe(1n)
    expect(await client.view.ballot.lead({ of: 'yes', over: 'no' })).toBe(true)
    expect(await voters()).toMatchObject([{ data: { who: alice.address.toLowerCase(), option: 'yes' }, transactionHash: hash }])
    expect(await client.getActionReceipt(again)).toMatchObject({ code: 'VOTED_ALREADY', events: [] })
    expect(a.sent(block).map(({ destination, amount }) => [destination, amount])).toEqual([[b.chainId, parseEther('1')], [cluster.domain.l1ChainId, parseEther('2')]])
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
