import { causewayHubAbi } from '@causeway/contracts'
import { encodePolicy } from '@causeway/core'
import { createTestCluster, type TestChain, type TestCluster } from '@causeway/testing/cluster'
import { formatEther, parseEther, zeroAddress, zeroHash, type Hex } from 'viem'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bothEngines } from './both-engines.js'

describe.each(bothEngines)('an L1 reorganization under a chain of $engine', ({ chains, pay, send }) => {
  let cluster: TestCluster
  beforeEach(async () => {
    cluster = await createTestCluster({ chains: chains('a'), certify: { lifetime: 60_000 } })
    // Genesis has left the blocks that a reorganization can reach.
    await cluster.l1.mine(3)
  })
  afterEach(() => cluster.stop())

  const deposit = (chain: TestChain, ether: string, user = 0) =>
    cluster.l1.deposit({ chainId: chain.chainId, amount: parseEther(ether), recipient: (cluster.users[user] as (typeof cluster.users)[0]).address })
  const sameChain = (chain: TestChain) => expect(chain.head(chain.follower)).toMatchObject({ number: chain.head().number, stateRoot: chain.head().stateRoot, hash: chain.head().hash })

  it('of a consumed deposit rebuilds the chain without it', async () => {
    const [a] = cluster.chains
    const [alice, bob] = cluster.users
    await deposit(a, '5')
    await a.build()
    expect(await a.balance(alice.address)).toBe(parseEther('5'))
    await pay(a, alice, bob.address, parseEther('2'))
    await a.build()
    await cluster.l1.reorg(1)
    await a.build()
    expect(a.sequencer.rollup.chain.incarnation).toBe(1n)
    expect(await a.balance(alice.address)).toBe(0n)
    expect(await a.balance(bob.address)).toBe(0n)
    expect(await cluster.l1.escrow()).toBe(0n)
    await a.publish()
    await a.derive()
    sameChain(a)

    // The same deposit again, and all goes on.
    await deposit(a, '5')
    await a.advance()
    expect(await a.balance(alice.address)).toBe(parseEther('5'))
    await cluster.settle()
    expect(a.sequencer.rollup.settled().block).toBe(a.head().number)
    sameChain(a)
  })

  it('that takes back a deposit and leaves the batch that used it leaves followers and sequencer with one chain', async () => {
    const [a] = cluster.chains
    const [alice] = cluster.users
    await deposit(a, '5')
    await a.build()
    await a.publish()
    await a.derive()
    expect(await a.balance(alice.address, a.follower)).toBe(parseEther('5'))
    // The deposit is gone; the sender posts the batch again.
    await cluster.l1.reorg(2)
    await a.build()
    expect(a.sequencer.rollup.chain.incarnation).toBe(1n)
    await a.publish()
    await a.derive()
    await a.publish()
    await a.derive()
    expect(await a.balance(alice.address)).toBe(0n)
    expect(await a.balance(alice.address, a.follower)).toBe(0n)
    sameChain(a)
    const observer = await cluster.observe(a)
    await observer.rollup.steps.derive()
    expect(a.head(observer).hash).toBe(a.head().hash)
    await a.advance()
    await cluster.settle()
    expect(a.sequencer.rollup.settled().block).toBe(a.head().number)
  })

  it('between signing and settling, with another entry at the same index: the signed certificate cannot settle', async () => {
    const [a] = cluster.chains
    const [alice, bob] = cluster.users
    await deposit(a, '5')
    await a.build()
    await a.publish()
    await a.derive()
    const signed = await a.certify()
    expect(signed?.state).toBe('certified')
    await cluster.l1.reorg(2)
    await deposit(a, '1', 1)
    expect(await cluster.l1.escrow()).toBe(parseEther('1'))
    await a.build()
    await a.publish()
    expect(await cluster.settle()).toEqual([])
    expect(cluster.aggregator.status().candidates).toMatchObject([{ statement: signed?.statement, verdict: { verdict: 'invalid', code: 'L1_INBOX_MISMATCH' } }])
    expect(a.sequencer.rollup.settled().block).toBe(0n)

    // It binds its signers while L1 may return to what it states; once L1 is final without, the chain is rebuilt, long before notAfter.
    expect(a.sequencer.rollup.chain.incarnation).toBe(0n)
    await cluster.l1.mine(4)
    await a.advance()
    expect(a.sequencer.reader.heads.finalized.timestamp).toBeLessThan(signed?.draft.notAfter ?? 0n)
    expect(a.sequencer.rollup.chain.incarnation).toBe(1n)
    expect(a.sequencer.rollup.certifier?.newest()).toMatchObject({ height: signed?.height, state: 'certified' })
    expect(a.sequencer.rollup.certifier?.newest()?.statement).not.toBe(signed?.statement)
    expect(await a.balance(alice.address)).toBe(0n)
    expect(await a.balance(bob.address)).toBe(parseEther('1'))
    await cluster.settle()
    expect(a.sequencer.rollup.settled().block).toBe(a.head().number)
    sameChain(a)
  })

  it('between signing and settling, that leaves nothing in the place of the deposit: the certificate is dead once L1 is final past its time', async () => {
    const [a] = cluster.chains
    const [alice] = cluster.users
    await deposit(a, '5')
    await a.build()
    await a.publish()
    await a.derive()
    const signed = await a.certify()
    expect(signed?.state).toBe('certified')
    await cluster.l1.reorg(2)
    // Nothing is signed on ground that L1 took back, nor is anything rebuilt before L1 is final.
    await a.build()
    expect((await a.certify())?.statement).toBe(signed?.statement)
    expect(a.sequencer.rollup.chain.incarnation).toBe(0n)
    await cluster.l1.mine(4)
    await a.advance()
    await a.publish()
    await a.derive()
    expect(await a.certify()).toMatchObject({ height: signed?.height, state: 'certified' })
    expect(a.sequencer.rollup.chain.incarnation).toBe(1n)
    expect(await a.balance(alice.address)).toBe(0n)
    await cluster.settle()
    expect(a.sequencer.rollup.settled().header).toMatchObject({ height: 1n, l1InboxCursor: 0n })
    sameChain(a)
  })

  it('of two blocks takes back messages in both directions, and what they brought, on both chains', async () => {
    const two = await createTestCluster({ chains: chains('a', 'b') })
    try {
      const [a, b] = two.chains
      const [alice, bob] = two.users
      // ETH, less the fees: they are far below a hundredth.
      const balances = async () => [await a.balance(alice.address), await b.balance(bob.address)].map((wei) => Number(Number(formatEther(wei)).toFixed(2)))
      const deposited = () => two.l1.deposit({ chainId: a.chainId, amount: parseEther('5'), recipient: alice.address })
      const toBob = () => send(a, alice, { destination: b.chainId, recipient: bob.address, value: parseEther('3') })
      const toAlice = () => send(b, bob, { destination: a.chainId, recipient: alice.address, value: parseEther('1') })
      await two.l1.mine(3)
      await deposited()
      await a.build()
      await toBob()
      await a.build()
      await b.build()
      await toAlice()
      await b.build()
      await a.build()
      expect(await balances()).toEqual([3, 2])
      // The batch that has it all is lost, too.
      await a.publish()
      await two.l1.reorg(2)
      await a.build()
      await b.build()
      await a.build()
      // Its own deposit first, and then what it had imported again of a source that had not noticed yet.
      expect([a, b].map(({ sequencer }) => sequencer.rollup.chain.incarnation)).toEqual([2n, 1n])
      expect(await balances()).toEqual([0, 0])

      // Once more; of a source that was rebuilt, only what has settled is taken.
      await deposited()
      await a.build()
      await toBob()
      for (let i = 0; i < 3; i++) await two.round()
      expect(await balances()).toEqual([2, 3])
      await toAlice()
      for (let i = 0; i < 3; i++) await two.round()
      expect(await balances()).toEqual([3, 2])
      for (const chain of [a, b]) {
        sameChain(chain)
        expect(chain.sequencer.rollup.settled().block).toBeGreaterThan(0n)
        const observer = await two.observe(chain)
        await observer.rollup.steps.derive()
        expect(chain.head(observer)).toMatchObject({ number: chain.head().number, hash: chain.head().hash, stateRoot: chain.head().stateRoot })
      }
      expect(await two.l1.escrow()).toBe(parseEther('5'))
    } finally {
      await two.stop()
    }
  })
})

it('a node halts while L1 gives its id to another, and goes on when L1 takes that back', async () => {
  const cluster = await createTestCluster({ chains: ['a'] })
  try {
    const { l1, contracts } = cluster
    const [a] = cluster.chains
    const register = (policy: Hex, from: number) => l1.call(from, contracts.hub, { abi: causewayHubAbi, functionName: 'register', args: [{ chainId: a.chainId, stateRoot: zeroHash, policy, batcher: l1.account(from).address, owner: l1.account(from).address, daKind: 1, daAdapter: zeroAddress, spec: '' }] })
    const halted = async () => {
      await a.look()
      return a.sequencer.rollup.status.chain().halted
    }
    await a.build()
    expect(await halted()).toBe(undefined)
    // The registration was L1's last block.
    await l1.reorg(1)
    await register(encodePolicy(a.policy), 9)
    expect(await halted()).toMatch(/registered chain 42001 with .*batcher/)
    await expect(a.build()).rejects.toMatchObject({ code: 'OTHER_REGISTRATION' })
    await expect(a.derive()).rejects.toMatchObject({ code: 'OTHER_REGISTRATION' })
    await l1.reorg(1)
    expect(await halted()).toBe(undefined)
    const { number } = a.head()
    expect((await a.build()).number).toBe(number + 1n)
  } finally {
    await cluster.stop()
  }
})
