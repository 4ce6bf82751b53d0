import { causewayInboxAbi } from '@causeway/contracts'
import { CAPACITY, type Entry } from '@causeway/core'
import type { BlockRecord } from '@causeway/node'
import { createTestCluster, type TestCluster } from '@causeway/testing/cluster'
import { parseEther, type Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, it } from 'vitest'

/** Certificates that a chain may be ahead of L1. */
const LIMIT = 2
const FORCED = 1_000
/** Epochs that are looked at, three at a time: in each three, every kind owns one certificate. */
const TURNS = 2

let cluster: TestCluster
beforeAll(async () => {
  cluster = await createTestCluster({ chains: ['a', 'b', 'c'], maxBacklog: LIMIT })
  for (const { chainId } of cluster.chains) for (const user of cluster.users) await cluster.l1.deposit({ chainId, amount: parseEther('10'), recipient: user.address })
  for (let i = 0; i < 2; i++) await cluster.round()
  for (const { sequencer } of cluster.chains) expect(sequencer.rollup.settled().block).toBeGreaterThan(0n)
})
afterAll(() => cluster.stop())

/** Forced transactions of an account without money, each with half of a block's gas: void, all of them. */
async function floodInbox(chainId: bigint): Promise<void> {
  const { l1, contracts } = cluster
  const nobody = privateKeyToAccount(generatePrivateKey())
  const raw = (gas: bigint): Promise<Hex> => nobody.signTransaction({ type: 'eip1559', chainId: Number(chainId), nonce: 0, to: nobody.address, gas, maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1n })
  // Half of a block is void whatever the state; the most that may be forced is void for want of money.
  const kinds = [await raw(15_000_000n), await raw(15_000_000n / 8n)]
  const from = l1.wallet(9)
  let nonce = await l1.client.getTransactionCount({ address: from.account.address })
  for (let i = 0; i < FORCED; i++) {
    await from.writeContract({ chain: null, address: contracts.inbox, abi: causewayInboxAbi, functionName: 'forceTransaction', args: [chainId, kinds[i % 2] as Hex], gas: 70_000n, nonce: nonce++ })
    if (i % 400 === 399) await l1.mine()
  }
  await l1.mine()
}

it('three floods at once: L1 entries, imports and exports all move within the bounds of section 12b, and no source of imports keeps out another', async () => {
  const [a, b, c] = cluster.chains
  const [alice, bob, carol] = cluster.users
  const start = a.head().accounting.l1InboxCursor
  await floodInbox(a.chainId)
  for (let i = 0; i < 100; i++) await a.sendMessage(alice, { destination: b.chainId, recipient: alice.address, value: 1n })
  for (let i = 0; i < 100; i++) await b.sendMessage(bob, { destination: a.chainId, recipient: bob.address, value: 1n })

  /** Entries of a's blocks, by the epoch that a had settled before the block. */
  const epochs: Entry[][] = []
  let blocks: BlockRecord[] = []
  let settled = a.sequencer.rollup.settled().header.height
  const look = () => {
    const { height } = a.sequencer.rollup.settled().header
    if (height === settled) return
    expect(height).toBe(settled + 1n)
    settled = height
    epochs.push(blocks.flatMap(({ entries }) => entries))
    blocks = []
  }
  /** An epoch: the sources build and certify, a builds as many blocks as it needs to use its room. */
  async function epoch(): Promise<void> {
    for (const source of [b, c]) await source.advance()
    for (let i = 0; i < 4; i++) {
      blocks.push(await a.build())
      expect(a.sequencer.rollup.status.chain().backlog?.certificates).toBeLessThanOrEqual(LIMIT)
    }
    await a.publish()
    await a.derive()
    await a.certify()
    await cluster.settle()
    look()
  }
  // Until the room is used up.
  for (let i = 0; i < 2; i++) await epoch()
  expect(a.sequencer.rollup.status.chain().backlog).toMatchObject({ certificates: LIMIT - 1 })
  await c.sendMessage(carol, { destination: a.chainId, recipient: carol.address, value: 7n })
  const carols = await a.balance(carol.address)
  epochs.length = 0
  while (epochs.length < 3) await epoch()
  // Of two sources, both in every turn.
  expect(await a.balance(carol.address)).toBe(carols + 7n)
  while (epochs.length < 3 * TURNS) await epoch()

  for (let i = 0; i < TURNS; i++) {
    const moved = { l1: 0, import: 0, export: 0 }
    for (const { kind } of epochs.slice(3 * i, 3 * i + 3).flat()) moved[kind]++
    expect(moved.l1, `L1 entries of three epochs ${i}`).toBeGreaterThanOrEqual(CAPACITY.l1Entries)
    expect(moved.import, `imports of three epochs ${i}`).toBeGreaterThanOrEqual(CAPACITY.imports)
    expect(moved.export, `exports of three epochs ${i}`).toBeGreaterThanOrEqual(CAPACITY.exports)
  }
  // What is void needs no turn of its own.
  expect(a.head().accounting.l1InboxCursor - start).toBeGreaterThanOrEqual(BigInt(epochs.length * CAPACITY.l1Entries))
  // A follower knows nothing of turns.
  expect(a.follower.rollup.chain.head.hash).toBe(a.head().hash)
})
