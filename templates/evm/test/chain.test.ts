import { createTestRollup } from '@causeway/testing/cluster'
import { createWalletClient, custom, parseEther, publicActions } from 'viem'
import { expect, it } from 'vitest'
import { guestbookAbi as abi, guestbookBytecode as bytecode } from '../generated/Guestbook.ts'
import definition from '../rollup.config.ts'

// The whole chain runs in this process: L1, sequencer, follower, aggregator. Nothing happens but by a step, and the clock stands still between
// them, so there is nothing to wait for. The proofs are stand-ins; everything else is real.
it('keeps what is signed, and settles it on L1', { timeout: 120_000 }, async () => {
  const rollup = await createTestRollup(definition)
  try {
    const { chain, l1, users: [alice] } = rollup
    const client = createWalletClient({ account: alice, transport: custom(chain.sequencer.rollup.provider) }).extend(publicActions)

    // ETH of a chain is what came over the bridge from L1. The block takes the deposit.
    await l1.deposit({ chainId: chain.chainId, amount: parseEther('1'), recipient: alice.address })
    await chain.build()
    expect(await client.getBalance({ address: alice.address })).toBe(parseEther('1'))

    const deployment = await client.deployContract({ chain: null, abi, bytecode })
    await chain.build()
    const { contractAddress: address } = await client.getTransactionReceipt({ hash: deployment })
    if (!address) throw new Error('the guestbook was not deployed')

    await client.writeContract({ chain: null, address, abi, functionName: 'sign', args: ['I was here'] })
    const block = await chain.build()
    expect(await client.readContract({ address, abi, functionName: 'entries', args: [0n] })).toEqual([chain.chainId, alice.address, 'I was here'])

    // Posted to L1, executed again by the follower, signed by both, and settled.
    await chain.advance()
    await rollup.settle()
    expect(chain.sequencer.rollup.settled().block).toBeGreaterThanOrEqual(block.number)
  } finally {
    await rollup.stop()
  }
})
