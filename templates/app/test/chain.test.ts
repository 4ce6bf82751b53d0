import { appActions } from '@causeway/execution-app'
import { createTestRollup } from '@causeway/testing/cluster'
import { createWalletClient, custom, parseEther, publicActions } from 'viem'
import { expect, it } from 'vitest'
import definition from '../rollup.config.ts'
import { guestbook } from '../src/guestbook.ts'

// The whole chain runs in this process: L1, sequencer, follower, aggregator. Nothing happens but by a step, and the clock stands still between
// them, so there is nothing to wait for. The proofs are stand-ins; everything else is real.
it('keeps what is signed, and settles it on L1', { timeout: 120_000 }, async () => {
  const rollup = await createTestRollup(definition)
  try {
    const { chain, l1, users: [alice] } = rollup
    const client = createWalletClient({ account: alice, transport: custom(chain.sequencer.rollup.provider) }).extend(publicActions).extend(appActions([guestbook]))

    // ETH of a chain is what came over the bridge from L1; it pays the fees. The block takes the deposit.
    await l1.deposit({ chainId: chain.chainId, amount: parseEther('1'), recipient: alice.address })
    await chain.build()

    // What would fail is refused before it is sent.
    await expect(client.write.guestbook.sign({ text: '' })).rejects.toThrow('NOTHING_SAID')
    const hash = await client.write.guestbook.sign({ text: 'I was here' })
    const block = await chain.build()
    expect(await client.getTransactionReceipt({ hash })).toMatchObject({ status: 'success' })
    expect(await client.read.guestbook.entries(alice.address)).toBe('I was here')
    expect(await client.view.guestbook.hasSigned({ who: alice.address })).toBe(true)

    // Posted to L1, executed again by the follower, signed by both, and settled.
    await chain.advance()
    await rollup.settle()
    expect(chain.sequencer.rollup.settled().block).toBeGreaterThanOrEqual(block.number)
  } finally {
    await rollup.stop()
  }
})
