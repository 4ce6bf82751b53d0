import { reverterAbi, reverterBytecode } from '@causeway/contracts/samples'
import { CAPACITY } from '@causeway/core'
import { createTestCluster, evmOf, type TestChain, type TestCluster } from '@causeway/testing/cluster'
import { encodeFunctionData, getContractAddress, parseEther, type Address, type Hex } from 'viem'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const ETHER = parseEther('1')

describe('derivation and the inputs of a block', () => {
  let cluster: TestCluster
  beforeEach(async () => {
    cluster = await createTestCluster()
  })
  afterEach(() => cluster.stop())

  /** A node that has nothing but L1 comes to the same blocks. */
  async function expectSameFromL1(chain: TestChain) {
    const observer = await cluster.observe(chain)
    await observer.rollup.steps.l1()
    await observer.rollup.steps.derive()
    for (const node of [chain.follower, observer]) {
      expect(chain.head(node).number).toBe(chain.head().number)
      for (let number = 0n; number <= chain.head().number; number++) expect(node.rollup.chain.block(number)).toEqual(expect.objectContaining(pick(chain.sequencer.rollup.chain.block(number))))
    }
    expect(observer.rollup.settled()).toEqual(chain.sequencer.rollup.settled())
    await observer.rollup.stop()
  }
  const pick = (block: ReturnType<TestChain['sequencer']['rollup']['chain']['block']>) => {
    if (!block) throw new Error('no such block')
    const { hash, stateRoot, accounting, inboxHash, delivered } = block
    return { hash, stateRoot, accounting, inboxHash, delivered }
  }

  it('imports, deposits and failed calls give the same state to whoever has only L1', async () => {
    const [a, b] = cluster.chains
    const [alice, bob, carol] = cluster.users
    for (const chain of [a, b]) await cluster.l1.deposit({ chainId: chain.chainId, amount: 10n * ETHER, recipient: alice.address })
    await a.build()
    await b.build()
    await b.send(alice, { data: reverterBytecode, gas: 2_000_000n })
    await b.build()
    const reverter: Address = getContractAddress({ from: alice.address, nonce: 0n })
    expect(await evmOf(b.sequencer).getCode(reverter, b.head().hash)).not.toBe('0x')

    // A deposit whose call fails: the value goes to refundTo.
    await cluster.l1.deposit({ chainId: b.chainId, amount: ETHER, recipient: reverter, refundTo: carol.address, payload: '0x1234', gasLimit: 100_000n })
    const refused = await b.build()
    expect(refused.delivered).toEqual([false])
    expect(await b.balance(carol.address)).toBe(ETHER)
    expect(await b.balance(reverter)).toBe(0n)

    // The same between chains, and one whose call works after.
    await a.sendMessage(alice, { destination: b.chainId, recipient: reverter, value: ETHER, refundTo: bob.address, payload: '0xaa' })
    const [failing] = a.sent(await a.build())
    if (!failing) throw new Error('nothing was sent')
    expect((await b.build()).delivered).toEqual([false])
    expect(await b.balance(bob.address)).toBe(ETHER)
    expect(await b.message(failing)).toMatchObject({ execution: { ok: false } })
    await b.send(alice, { to: reverter, data: encodeFunctionData({ abi: reverterAbi, functionName: 'accept', args: [true] }) })
    await b.build()
    await a.sendMessage(alice, { destination: b.chainId, recipient: reverter, value: ETHER, refundTo: bob.address, payload: '0xbb' })
    await a.build()
    expect((await b.build()).delivered).toEqual([true])
    expect(await b.balance(reverter)).toBe(ETHER)

    // A user transaction that reverts is in its block like any other.
    await b.send(alice, { to: reverter, value: 0n, data: encodeFunctionData({ abi: reverterAbi, functionName: 'accept', args: [false] }) })
    await b.build()
    await b.send(alice, { to: reverter, value: ETHER })
    expect((await b.build()).transactions).toHaveLength(1)
    expect(await b.balance(reverter)).toBe(ETHER)

    for (let i = 0; i < 2; i++) await cluster.round()
    for (const chain of [a, b]) await expectSameFromL1(chain)
  })

  it('forced transactions are executed, and those that are not valid are void and stop nobody', async () => {
    const [a] = cluster.chains
    const [alice, bob] = cluster.users
    await cluster.l1.deposit({ chainId: a.chainId, amount: 10n * ETHER, recipient: alice.address })
    await a.build()
    const transfer = (nonce: number, value = ETHER): Promise<Hex> => a.sign(alice, { to: bob.address, value, gas: 21_000n, nonce })
    const first = await transfer(0)
    const forced: [Hex, boolean][] = [
      ['0xdeadbeef', false],
      [first, true],
      // Again: its nonce is used.
      [first, false],
      [await transfer(7), false],
      [await transfer(1, 1000n * ETHER), false],
      [await transfer(1), true],
    ]
    for (const [raw] of forced) await cluster.l1.force(a.chainId, raw)
    await cluster.l1.deposit({ chainId: a.chainId, amount: ETHER, recipient: bob.address })
    const delivered: boolean[] = []
    while (delivered.length < forced.length + 1) delivered.push(...(await a.build()).delivered)
    expect(delivered).toEqual([...forced.map(([, ok]) => ok), true])
    expect(await a.balance(bob.address)).toBe(3n * ETHER)
    expect(a.head().accounting.l1InboxCursor).toBe(8n)
    await a.publish()
    await a.derive()
    for (let i = 0; i < 3; i++) {
      await a.certify()
      await cluster.settle()
    }
    expect(a.sequencer.rollup.settled().header.l1InboxCursor).toBe(8n)
    await expectSameFromL1(a)
  })

  it('more than a certificate holds waits for the next: ten deposits, and a crowd of messages', async () => {
    const [a, b] = cluster.chains
    const { users } = cluster
    // Ten at once, in one L1 block.
    const recipients = Array.from({ length: 10 }, (_, i): Address => users[i % 3]?.address as Address)
    for (const recipient of recipients) await cluster.l1.queueDeposit({ chainId: a.chainId, amount: ETHER, recipient })
    await cluster.l1.mine()
    const counts: number[] = []
    for (let i = 0; i < 3; i++) counts.push((await a.build()).l1Entries)
    expect(counts).toEqual([CAPACITY.l1Entries, CAPACITY.l1Entries, 2])
    expect(a.head().accounting.l1InboxCursor).toBe(10n)

    // Twelve messages to B in one block's time.
    for (let i = 0; i < 12; i++) await a.sendMessage(users[i % 3] as (typeof users)[0], { destination: b.chainId, recipient: users[0].address, value: 1000n })
    const sent = [a.sent(await a.build()).length, a.sent(await a.build()).length]
    expect(sent).toEqual([CAPACITY.exports, 12 - CAPACITY.exports])
    const imports = [(await b.build()).imports.length, (await b.build()).imports.length]
    expect(imports).toEqual([CAPACITY.imports, 12 - CAPACITY.imports])
    for (const chain of [a, b]) {
      await chain.publish()
      await chain.derive()
    }
    // Four L1 entries a certificate, eight exports, eight imports: what is over goes into the next.
    for (let i = 0; i < 6; i++) {
      for (const chain of [a, b]) await chain.certify()
      await cluster.settle()
    }
    expect(a.sequencer.rollup.settled().header).toMatchObject({ outboxSize: 12n, l1InboxCursor: 10n })
    expect(b.sequencer.rollup.settled().block).toBeGreaterThanOrEqual(2n)
    expect(await b.balance(users[0].address)).toBe(12_000n)
    for (const chain of [a, b]) await expectSameFromL1(chain)
  })
})
