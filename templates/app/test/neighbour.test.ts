import { appActions, moduleAddress } from '@causeway/execution-app'
import { createTestCluster } from '@causeway/testing/cluster'
import { createWalletClient, custom, encodeAbiParameters, parseEther, publicActions, zeroAddress } from 'viem'
import { expect, it } from 'vitest'
import definition from '../rollup.config.ts'
import { guestbook } from '../src/guestbook.ts'

it('is signed from an EVM chain, and the two settle under the same proof', { timeout: 120_000 }, async () => {
  const cluster = await createTestCluster({ chains: [{ name: 'mine', rollup: definition }, 'neighbour'] })
  try {
    const [mine, neighbour] = cluster.chains
    const [alice, bob] = cluster.users
    const client = createWalletClient({ account: alice, transport: custom(mine.sequencer.rollup.provider) }).extend(publicActions).extend(appActions([guestbook]))
    for (const { chainId, build } of [mine, neighbour]) {
      await cluster.l1.deposit({ chainId, amount: parseEther('1'), recipient: alice.address })
      await build()
    }
    // Messages are taken from chains whose registration is final on L1.
    await cluster.l1.mine(3)

    const payload = encodeAbiParameters([{ type: 'string' }], ['Hello'])
    await neighbour.sendMessage(alice, { destination: mine.chainId, recipient: moduleAddress('guestbook'), payload })
    const sent = await neighbour.build()
    const delivered = await mine.build()
    expect(await client.read.guestbook.entries(alice.address)).toBe('Hello')

    // ETH the other way, by the module that is always there.
    const eth = { chain: cluster.domain.l1ChainId, token: zeroAddress }
    await client.write.bank.send({ destination: neighbour.chainId, recipient: bob.address, refundTo: alice.address, ...eth, amount: 5n, gasLimit: 0n, expiry: 0n, payload: '0x' })
    await mine.build()
    await neighbour.build()
    expect(await neighbour.balance(bob.address)).toBe(5n)

    // Each round is an epoch, with one certificate of each chain. One that took a message settles with the chain that sent it, or after it.
    for (let i = 0; i < 3; i++) await cluster.round()
    expect(mine.sequencer.rollup.settled().block).toBeGreaterThanOrEqual(delivered.number)
    expect(neighbour.sequencer.rollup.settled().block).toBeGreaterThanOrEqual(sent.number)
  } finally {
    await cluster.stop()
  }
})
