import { createTestCluster, type TestChain } from '@causeway/testing/cluster'
import { createWalletClient, custom, getAddress, parseEther, publicActions, type LocalAccount } from 'viem'
import { expect, it } from 'vitest'
import { guestbookAbi as abi, guestbookBytecode as bytecode } from '../generated/Guestbook.ts'
import definition from '../rollup.config.ts'

/** Funds an account on a chain, and deploys a guestbook with it. */
async function guestbookOn(chain: TestChain, account: LocalAccount) {
  const client = createWalletClient({ account, transport: custom(chain.sequencer.rollup.provider) }).extend(publicActions)
  await chain.l1.deposit({ chainId: chain.chainId, amount: parseEther('1'), recipient: account.address })
  await chain.build()
  const hash = await client.deployContract({ chain: null, abi, bytecode })
  await chain.build()
  const { contractAddress } = await client.getTransactionReceipt({ hash })
  if (!contractAddress) throw new Error('the guestbook was not deployed')
  return { client, address: getAddress(contractAddress) }
}

it('signs the guestbook of another chain, which settles under the same proof', { timeout: 120_000 }, async () => {
  const cluster = await createTestCluster({ chains: [{ name: 'mine', rollup: definition }, 'neighbour'] })
  try {
    const [mine, neighbour] = cluster.chains
    const [alice] = cluster.users
    const here = await guestbookOn(mine, alice)
    const there = await guestbookOn(neighbour, alice)

    await here.client.writeContract({ chain: null, address: here.address, abi, functionName: 'signElsewhere', args: [neighbour.chainId, there.address, 'Hello'], value: 5n })
    const sent = await mine.build()
    const delivered = await neighbour.build()
    expect(await there.client.readContract({ address: there.address, abi, functionName: 'entries', args: [0n] })).toEqual([mine.chainId, here.address, 'Hello'])
    expect(await there.client.getBalance({ address: there.address })).toBe(5n)

    // Each round is an epoch, with one certificate of each chain. One that took a message settles with the chain that sent it, or after it.
    for (let i = 0; i < 3; i++) await cluster.round()
    expect(mine.sequencer.rollup.settled().block).toBeGreaterThanOrEqual(sent.number)
    expect(neighbour.sequencer.rollup.settled().block).toBeGreaterThanOrEqual(delivered.number)
  } finally {
    await cluster.stop()
  }
})
