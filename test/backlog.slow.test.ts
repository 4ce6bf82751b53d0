import { causewayMessengerAbi, PREDEPLOYS } from '@causeway/contracts'
import { reentererAbi, reentererBytecode } from '@causeway/contracts/samples'
import { CAPACITY, NEVER, type Message } from '@causeway/core'
import type { BlockRecord } from '@causeway/node'
import { createTestCluster, type TestCluster } from '@causeway/testing/cluster'
import { encodeFunctionData, getContractAddress, parseEther, type Address, type Hex } from 'viem'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

/** Certificates that chain a may be ahead of L1. */
const LIMIT = 2

describe('a chain whose users send more than its certificates hold', () => {
  let cluster: TestCluster
  beforeEach(async () => {
    cluster = await createTestCluster({ maxBacklog: LIMIT })
    const [a] = cluster.chains
    for (const user of cluster.users) await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('10'), recipient: user.address })
    await a.build()
    await cluster.round()
    await cluster.round()
    expect(a.sequencer.rollup.settled().block).toBeGreaterThan(0n)
  })
  afterEach(() => cluster.stop())

  const rpc = <T>(method: string, params: unknown[] = []) => cluster.chains[0].sequencer.rollup.rpc.request({ method, params }) as Promise<T>
  const backlog = () => cluster.chains[0].sequencer.rollup.status.chain().backlog ?? { certificates: -1, limit: -1, waiting: -1 }

  /** A block of a, which keeps to the limit. */
  async function build(): Promise<BlockRecord> {
    const [a] = cluster.chains
    const block = await a.build()
    const { rollup } = a.sequencer
    expect(backlog()).toMatchObject({ limit: LIMIT })
    expect(backlog().certificates).toBeLessThanOrEqual(LIMIT)
    const unsettled = block.accounting.outboxSize - rollup.settled().header.outboxSize
    expect(unsettled).toBeLessThanOrEqual(BigInt(LIMIT * CAPACITY.exports))
    return block
  }

  /** What is executed gets a certificate, which settles. */
  async function settle(): Promise<void> {
    const [a] = cluster.chains
    await a.publish()
    await a.derive()
    await a.certify()
    await cluster.settle()
  }

  it('lets what sends nothing go on, bounds what is not settled, and gets everything through', async () => {
    const [a, b] = cluster.chains
    const [alice, bob, carol] = cluster.users
    const flood = 30
    for (let i = 0; i < flood; i++) await a.sendMessage(alice, { destination: i % 3 ? b.chainId : cluster.domain.l1ChainId, recipient: alice.address, value: 1n })
    let sent: Message[] = []
    let settlements = 0
    let carols: Hex | undefined
    for (; sent.length <= flood && settlements < 20; settlements++) {
      for (let i = 0; i < 3; i++) {
        const transfer = await a.send(bob, { to: carol.address, value: 1n, gas: 21_000n })
        const block = await build()
        expect(await rpc('eth_getTransactionReceipt', [transfer])).toMatchObject({ status: '0x1', blockNumber: `0x${block.number.toString(16)}` })
        sent = [...sent, ...a.sent(block)]
      }
      if (settlements === 0) {
        // Accepted, pending, and no longer among those that a block can take.
        expect(backlog()).toMatchObject({ certificates: LIMIT, waiting: 1 })
        const left = flood - sent.length
        expect(await rpc('txpool_status')).toEqual({ pending: '0x0', queued: `0x${left.toString(16)}` })
        // The places are for whoever pays most.
        const data = encodeFunctionData({ abi: causewayMessengerAbi, functionName: 'send', args: [{ destination: b.chainId, recipient: carol.address, refundTo: carol.address, gasLimit: 0n, expiry: NEVER, payload: '0x' }] })
        carols = await a.submit(await carol.signTransaction({ type: 'eip1559', chainId: Number(a.chainId), nonce: 0, to: PREDEPLOYS.messenger, data, gas: 300_000n, maxFeePerGas: 9_000_000_000n, maxPriorityFeePerGas: 1_000_000n }))
        expect(await rpc('eth_getTransactionByHash', [carols])).toMatchObject({ blockNumber: null })
      }
      await settle()
      if (settlements === 0) {
        const block = await build()
        expect(a.sent(block)[0]).toMatchObject({ recipient: carol.address })
        sent = [...sent, ...a.sent(block)]
      }
    }
    expect(sent.map(({ nonce }) => nonce)).toEqual(Array.from({ length: flood + 1 }, (_, i) => BigInt(i)))
    expect(await rpc('txpool_status')).toEqual({ pending: '0x0', queued: '0x0' })
    for (let i = 0; i < LIMIT + 1; i++) {
      await build()
      await settle()
    }
    expect(a.sequencer.rollup.settled().header.outboxSize).toBe(BigInt(flood + 1))
    expect(backlog()).toEqual({ certificates: 0, limit: LIMIT, waiting: 0 })
    // Whoever derives the chain knows nothing of all this.
    expect(a.follower.rollup.chain.head.hash).toBe(a.head().hash)
    for (let i = 0; i < 8 && (await b.balance(alice.address)) < 20n; i++) await cluster.round()
    expect(await b.balance(alice.address)).toBe(20n)
  })

  it('takes deposits and forced transactions in between, also such that send something themselves', async () => {
    const [a, b] = cluster.chains
    const [alice, bob, carol] = cluster.users
    const send = encodeFunctionData({ abi: causewayMessengerAbi, functionName: 'send', args: [{ destination: b.chainId, recipient: bob.address, refundTo: bob.address, gasLimit: 0n, expiry: NEVER, payload: '0x' }] })
    const sender: Address = getContractAddress({ from: bob.address, nonce: 0n })
    await a.send(bob, { data: reentererBytecode, gas: 3_000_000n })
    await build()
    await a.send(bob, { to: sender, data: encodeFunctionData({ abi: reentererAbi, functionName: 'arm', args: [PREDEPLOYS.messenger, send] }) })
    for (let i = 0; i < 60; i++) await a.sendMessage(alice, { destination: b.chainId, recipient: alice.address, value: 1n })
    for (let i = 0; i < 4; i++) await build()
    expect(backlog()).toMatchObject({ certificates: LIMIT, waiting: 1 })

    const cursor = a.head().accounting.l1InboxCursor
    const before = await a.balance(carol.address)
    const deposit = () => cluster.l1.deposit({ chainId: a.chainId, amount: 1n, recipient: carol.address })
    for (let i = 0; i < 2; i++) await deposit()
    // There is room for them beside the exports.
    await build()
    expect(await a.balance(carol.address)).toBe(before + 2n)

    for (let i = 0; i < 3; i++) await cluster.l1.deposit({ chainId: a.chainId, amount: 1n, recipient: sender, refundTo: bob.address, payload: '0x01', gasLimit: 500_000n })
    await cluster.l1.force(a.chainId, await carol.signTransaction({ type: 'eip1559', chainId: Number(a.chainId), nonce: 0, to: PREDEPLOYS.messenger, data: send, gas: 300_000n, maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1n }))
    for (let i = 0; i < 2; i++) await deposit()
    const end = cursor + 8n
    const delivered: boolean[] = []
    let settlements = 0
    for (; a.head().accounting.l1InboxCursor < end && settlements < 12; settlements++) {
      await settle()
      for (let i = 0; i < 3; i++) delivered.push(...(await build()).delivered)
    }
    expect(delivered).toEqual([true, true, true, true, true, true])
    // The flood was not over by then, and does not wait for them either.
    expect(backlog().waiting).toBe(1)
    expect(settlements).toBeLessThanOrEqual(6)
    await settle()
    await a.derive()
    expect(a.follower.rollup.chain.head.hash).toBe(a.head().hash)
  })
})
