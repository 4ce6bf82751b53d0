import { createTestCluster } from '@causeway/testing/cluster'
import { parseEther } from 'viem'
import { expect, it } from 'vitest'

it('steps a cluster from a deposit to a settled transfer', async () => {
  const cluster = await createTestCluster()
  const [a, b] = cluster.chains
  const [alice, bob] = cluster.users
  try {
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('10'), recipient: alice.address })
    await a.build()
    expect(await a.balance(alice.address)).toBe(parseEther('10'))
    await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: parseEther('1') })
    await a.build()
    await b.build()
    expect(await b.balance(bob.address)).toBe(parseEther('1'))
    for (const chain of [a, b]) {
      await chain.publish()
      await chain.derive()
    }
    expect((await a.certify())?.state).toBe('certified')
    expect((await b.certify())?.state).toBe('certified')
    // While the proof is made, the chains go on.
    cluster.prover.held = true
    expect((await cluster.step()).to).toBe('composed')
    expect((await cluster.step()).to).toBe('proving')
    const proving = cluster.aggregator.step()
    const later = await a.build()
    while (cluster.prover.waiting.length === 0) await cluster.settleLink()
    expect(cluster.prover.step()).toBe(true)
    expect((await proving).to).toBe('proven')
    expect(await cluster.settle()).toEqual(['settling', 'settled', 'collecting'])
    expect(a.head()).toEqual(later)
    await a.publish()
    await a.derive()
    for (const chain of [a, b]) {
      expect(chain.sequencer.rollup.settled().block).toBe(chain === a ? later.number - 1n : chain.head().number)
      expect(chain.head(chain.follower).stateRoot).toBe(chain.head().stateRoot)
    }
  } finally {
    await cluster.stop()
  }
})
