import { createTestRollup } from '@causeway/testing/cluster'
import { parseEther } from 'viem'
import { expect, it } from 'vitest'
import definition from '../rollup.config.ts'

// The whole chain runs in this process: L1, sequencer, follower, aggregator. Nothing happens but by a step, and the clock stands still between
// them, so there is nothing to wait for. The proofs are stand-ins; everything else is real.
it('takes a deposit, makes a transfer, and settles both on L1', { timeout: 120_000 }, async () => {
  const rollup = await createTestRollup(definition)
  try {
    const { chain, l1, users: [alice, bob] } = rollup

    // ETH of a chain is what came over the bridge from L1. The block takes the deposit.
    await l1.deposit({ chainId: chain.chainId, amount: parseEther('1'), recipient: alice.address })
    await chain.build()
    await chain.send(alice, { to: bob.address, value: 5n })
    const block = await chain.build()
    expect(await chain.balance(bob.address)).toBe(5n)

    // Posted to L1, executed again by the follower, signed by both, and settled.
    await chain.advance()
    await rollup.settle()
    expect(chain.sequencer.rollup.settled().block).toBeGreaterThanOrEqual(block.number)
    expect(await chain.balance(bob.address, chain.follower)).toBe(5n)
  } finally {
    await rollup.stop()
  }
})
