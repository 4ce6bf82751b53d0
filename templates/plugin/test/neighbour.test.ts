import { createTestCluster } from '@causeway/testing/cluster'
import { parseEther } from 'viem'
import { expect, it } from 'vitest'
import definition from '../rollup.config.ts'

// Two chains in this process. Nothing happens but by a step, and the clock stands still between them, so there is nothing to wait for.
it('counts a message from another chain', { timeout: 120_000 }, async () => {
  const cluster = await createTestCluster({ chains: [{ name: 'mine', rollup: definition }, 'neighbour'] })
  try {
    const [mine, neighbour] = cluster.chains
    const [alice, bob] = cluster.users
    const { rollup } = mine.sequencer
    const received = () => rollup.rpc.request({ method: 'mailbox_received', params: [bob.address] })
    await cluster.l1.deposit({ chainId: neighbour.chainId, amount: parseEther('1'), recipient: alice.address })
    await neighbour.build()
    expect(await received()).toBe(0)
    // Messages are taken from chains whose registration is final on L1.
    await cluster.l1.mine(3)

    await neighbour.sendMessage(alice, { destination: mine.chainId, recipient: bob.address, value: 5n })
    await neighbour.build()
    await mine.build()
    // Plugins are told of a block after it was made.
    await rollup.steps.plugins()
    expect(await received()).toBe(1)
  } finally {
    await cluster.stop()
  }
})
