/** A chain whose batches two of three members keep. */
import { committeeAvailabilityAbi, committeeAvailabilityBytecode } from '@causeway/contracts'
import { systemClock, type Store } from '@causeway/core'
import { committee, serveCommitteeMember, type CommitteeMemberServer } from '@causeway/da-committee'
import { evm } from '@causeway/execution-evm'
import { defineRollup } from '@causeway/node'
import { memoryStore } from '@causeway/testing'
import { createTestRollup, type TestL1 } from '@causeway/testing/cluster'
import { getContractAddress, parseEther, type LocalAccount } from 'viem'
import { expect, it } from 'vitest'

it('a chain of a committee goes on with one member less, waits with two, and is derived from L1 and a member alone', async () => {
  const servers: (CommitteeMemberServer | undefined)[] = []
  const stores: Store[] = [memoryStore(), memoryStore(), memoryStore()]
  let start: (i: number, port?: number) => Promise<void> = () => Promise.reject(new Error('no L1 yet'))

  async function chainOf(l1: TestL1) {
    const accounts = [3, 4, 5].map((i) => l1.account(i)).toSorted((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1)) as [LocalAccount, LocalAccount, LocalAccount]
    const deployer = l1.wallet(0)
    const adapter = getContractAddress({ from: deployer.account.address, nonce: BigInt(await l1.client.getTransactionCount({ address: deployer.account.address })) })
    await deployer.deployContract({ chain: null, abi: committeeAvailabilityAbi, bytecode: committeeAvailabilityBytecode, args: [accounts.map(({ address }) => address), 2n], gas: 3_000_000n })
    await l1.mine()
    start = async (i, port = 0) => {
      servers[i] = await serveCommitteeMember({ account: accounts[i] as LocalAccount, store: stores[i] as Store, port, client: l1.client, contracts: l1.cluster, adapter, clock: systemClock })
    }
    for (const i of [0, 1, 2]) await start(i)
    const members = accounts.map(({ address }, i) => ({ address, url: servers[i]?.url as string }))
    return defineRollup({ chain: { id: 42001n }, execution: evm({ feeRecipient: `0x${'fe'.repeat(20)}` }), da: committee({ adapter, members, threshold: 2 }) })
  }
  const stop = async (i: number) => {
    const server = servers[i]
    servers[i] = undefined
    await server?.close()
    return Number(new URL(server?.url ?? '').port)
  }
  const rollup = await createTestRollup(chainOf)
  try {
    const { chain, users: [alice, bob], l1 } = rollup
    const inStep = () => expect(chain.head(chain.follower)).toMatchObject({ number: chain.head().number, hash: chain.head().hash })
    await l1.deposit({ chainId: chain.chainId, amount: parseEther('2'), recipient: alice.address })
    await chain.build()
    // Members look at L1 once a second: until then the chain is none of theirs.
    await expect.poll(() => chain.publish().then(() => 'posted', (error: { code: string }) => error.code), { timeout: 10_000, interval: 500 }).toBe('posted')
    await chain.derive()
    await chain.certify()
    await rollup.settle()
    inStep()
    expect(chain.sequencer.rollup.settled().block).toBeGreaterThan(0n)

    // One is away.
    const ports = [await stop(0)]
    await chain.send(alice, { to: bob.address, value: 5n, gas: 21_000n })
    await chain.advance()
    inStep()

    // Two are: blocks are built, and wait.
    ports.push(await stop(1))
    await chain.send(alice, { to: bob.address, value: 5n, gas: 21_000n })
    await chain.build()
    await expect(chain.publish()).rejects.toMatchObject({ code: 'DA_TRANSIENT', shortMessage: expect.stringMatching(/^1 members keep the batch, of the 2 that it takes/) as string })
    expect(await chain.balance(bob.address)).toBe(10n)

    // They come back with what they had.
    for (const i of [0, 1]) await start(i, ports[i])
    await chain.publish()
    await chain.derive()
    inStep()
    await chain.certify()
    await rollup.settle()

    // Whoever comes later asks whom it can: none, and waits; one that has missed a batch, and waits; one that has all.
    await Promise.all([0, 1, 2].map(stop))
    const observer = await rollup.observe(chain)
    const derive = async () => {
      await observer.rollup.steps.l1()
      await observer.rollup.steps.derive().catch((error: { code?: string }) => expect(error.code).toBe('DA_TRANSIENT'))
      return observer.rollup.chain.head.number
    }
    expect(await derive()).toBe(0n)
    await start(0, ports[0])
    const some = await derive()
    expect(some).toBeGreaterThan(0n)
    expect(some).toBeLessThan(chain.head().number)
    await start(1, ports[1])
    await derive()
    expect(observer.rollup.chain.head.hash).toBe(chain.head().hash)
    await observer.rollup.stop()
  } finally {
    await rollup.stop()
    for (const server of servers) await server?.close()
  }
})
