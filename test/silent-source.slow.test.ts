import { createTestCluster } from '@causeway/testing/cluster'
import { parseEther } from 'viem'
import { expect, it } from 'vitest'

const LIFETIME = 60_000

it('a source that certifies nothing holds up those that import from it only for a time', async () => {
  const cluster = await createTestCluster({ certify: { lifetime: LIFETIME } })
  try {
    const [a, b] = cluster.chains
    const [alice, bob] = cluster.users
    await cluster.l1.mine(3)
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('10'), recipient: alice.address })
    await a.build()
    await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: parseEther('1') })
    const [message] = a.sent(await a.build())
    if (!message) throw new Error('nothing was sent')
    expect((await b.build()).imports).toHaveLength(1)
    // A's attesters are away. What B imported is in no certificate, so B's own has to wait.
    await b.publish()
    await b.derive()
    expect(await b.certify()).toBe(undefined)
    await cluster.clock.advance(LIFETIME + 10_000)
    await cluster.l1.mine(2)
    expect(await b.certify()).toBe(undefined)
    await b.build()
    expect(b.sequencer.rollup.chain.incarnation).toBe(1n)
    expect(await b.balance(bob.address)).toBe(0n)
    expect(await b.message(message)).toMatchObject({ rung: 'included', failure: expect.stringMatching(/certified nothing/) })
    await b.publish()
    await b.derive()
    expect(await b.certify()).toMatchObject({ state: 'certified' })

    // They return; once the message has settled, it is executed again.
    await a.advance()
    await cluster.settle()
    await b.advance()
    expect(await b.balance(bob.address)).toBe(parseEther('1'))
    await cluster.settle()
    expect(await b.message(message)).toMatchObject({ execution: { ok: true } })
  } finally {
    await cluster.stop()
  }
})
