/** A chain that posts its batches as calldata, beside one that posts blobs. */
import { DA_KINDS, eraOf, silentLog } from '@causeway/core'
import { blobs, calldata } from '@causeway/da-ethereum'
import { evm } from '@causeway/execution-evm'
import { createLinkHub } from '@causeway/messaging'
import { defineRollup } from '@causeway/node'
import { memoryStore } from '@causeway/testing'
import { createTestCluster, startTestNode, type TestChain, type TestCluster } from '@causeway/testing/cluster'
import { http, parseEther, size } from 'viem'
import { afterEach, beforeEach, expect, it } from 'vitest'

const ETHER = parseEther('1')
const rollup = defineRollup({ chain: { id: 42001n }, execution: evm({ feeRecipient: `0x${'fe'.repeat(20)}` }), da: calldata() })
let cluster: TestCluster
beforeEach(async () => {
  cluster = await createTestCluster({ chains: [{ name: 'a', rollup }, 'b'] })
})
afterEach(() => cluster.stop())

/** The chain as somebody has it who has nothing but L1. */
async function fromL1(chain: TestChain) {
  const { rollup } = await cluster.observe(chain)
  await rollup.steps.l1()
  await rollup.steps.derive()
  const { hash, stateRoot } = rollup.chain.head
  await rollup.stop()
  return { hash, stateRoot, settled: rollup.settled().block }
}
const ofSequencer = (chain: TestChain) => {
  const { hash, stateRoot } = chain.head()
  return { hash, stateRoot, settled: chain.sequencer.rollup.settled().block }
}

it('is derived from L1 alone, sends to a chain of blobs, and settles', async () => {
  const [a, b] = cluster.chains
  const [alice, bob] = cluster.users
  await cluster.l1.deposit({ chainId: a.chainId, amount: 2n * ETHER, recipient: alice.address })
  await a.build()
  await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: ETHER })
  await a.advance()
  await b.advance()
  expect(await b.balance(bob.address)).toBe(ETHER)
  await cluster.settle()
  await cluster.round()
  for (const chain of [a, b]) {
    expect(chain.sequencer.rollup.settled().block).toBeGreaterThan(0n)
    expect(chain.head(chain.follower).hash).toBe(chain.head().hash)
    expect(await fromL1(chain)).toEqual(ofSequencer(chain))
  }
  const references = (chain: TestChain) => chain.follower.reader.postings(chain.chainId).map(({ reference }) => reference)
  expect(new Set(references(a).map(({ kind, commitment }) => `${kind} ${size(commitment)}`))).toEqual(new Set([`${DA_KINDS.calldata} 32`]))
  expect(new Set(references(b).map(({ kind }) => kind))).toEqual(new Set([DA_KINDS.blobs]))
  const da = async ({ sequencer }: TestChain) => ((await sequencer.rollup.rpc.request({ method: 'causeway_getChainStatus', params: [] })) as { da: string }).da
  expect([await da(a), await da(b)]).toEqual(['calldata', 'blobs'])
})

it('goes on after a change of its batcher, which posts again what is not settled', async () => {
  const [a] = cluster.chains
  await a.advance()
  await a.build()
  await a.publish()
  await a.derive()
  const next = cluster.l1.account(5)
  await cluster.l1.rotate(a.chainId, next.address)
  await a.sequencer.restart(next)
  await a.advance()
  expect(eraOf(a.head().incarnation)).toBe(1n)
  expect(a.head(a.follower).hash).toBe(a.head().hash)
  expect(await fromL1(a)).toEqual(ofSequencer(a))
})

it('comes back after a reorganization of L1 that takes a posting', async () => {
  const [a] = cluster.chains
  await a.advance()
  const before = a.follower.reader.postings(a.chainId).length
  await a.build()
  await a.publish()
  await a.derive()
  expect(a.follower.reader.postings(a.chainId)).toHaveLength(before + 1)
  await cluster.l1.reorg(1)
  await a.look()
  await a.publish()
  await a.derive()
  expect(a.head(a.follower).hash).toBe(a.head().hash)
  expect(await fromL1(a)).toEqual(ofSequencer(a))
})

it('has no node that reads it in another way', async () => {
  const [{ definition, l1 }] = cluster.chains
  const { contracts, clock } = cluster
  const start = startTestNode({
    ...{ name: 'a/mistaken', definition: { ...definition, da: blobs() }, cluster: contracts, clock, log: silentLog, store: memoryStore() },
    ...{ transport: http(l1.anvil.url), connect: () => createLinkHub().connect('alone') },
  })
  await expect(start).rejects.toMatchObject({ code: 'OTHER_REGISTRATION', shortMessage: expect.stringContaining('data availability by calldata, not blobs') })
})
