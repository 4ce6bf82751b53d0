import { createTestCluster } from '@causeway/testing/cluster'
import { parseEther } from 'viem'
import { expect, it } from 'vitest'
import definition from '../rollup.config.ts'

it('sends ETH to another chain, which settles under the same proof', { timeout: 120_000 }, async () => {
  const cluster = await createTestCluster({ chains: [{ name: 'mine', rollup: definition }, 'neighbour'] })
  try {
    const [mine, neighbour] = cluster.chains
    const [alice, bob] = cluster.users
    await cluster.l1.deposit({ chainId: mine.chainId, amount: parseEther('1'), recipient: alice.address })
    await mine.build()

    await mine.sendMessage(alice, { destination: neighbour.chainId, recipient: bob.address, value: 5n })
    const sent = await mine.build()
    const delivered = await neighbour.build()
    expect(await neighbour.balance(bob.address)).toBe(5n)

    // Each round is an epoch, with one certificate of each chain. One that took a message settles with the chain that sent it, or after it.
    for (let i = 0; i < 3; i++) await cluster.round()
    expect(mine.sequencer.rollup.settled().block).toBeGreaterThanOrEqual(sent.number)
    expect(neighbour.sequencer.rollup.settled().block).toBeGreaterThanOrEqual(delivered.number)
  } finally {
    await cluster.stop()
  }
})
