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
    expect(await cluster.settle()).toEqual(['composed', 'proving', 'proven', 'settling', 'settled', 'collecting'])
    for (const chain of [a, b]) {
      expect(chain.sequencer.rollup.settled().block).toBe(chain.head().number)
      expect(chain.head(chain.follower).stateRoot).toBe(chain.head().stateRoot)
    }
  } finally {
    await cluster.stop()
  }
})
