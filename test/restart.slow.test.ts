import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lmdbStore } from '@causeway/node'
import { memoryStore } from '@causeway/testing'
import { createTestCluster } from '@causeway/testing/cluster'
import { keccak256, parseEther } from 'viem'
import { expect, it } from 'vitest'
import { CausewayError, type Store } from '@causeway/core'

it('a sequencer that crashes carries on: same chain, mempool and all, nothing posted twice', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'causeway-'))
  const stores: Store[] = []
  const cluster = await createTestCluster({
    chains: ['a'],
    store: (who) => {
      const store = lmdbStore(join(directory, who))
      stores.push(store)
      return store
    },
  })
  const [a] = cluster.chains
  const [alice, bob, carol] = cluster.users
  const postings = () => a.sequencer.reader.postings(a.chainId).length
  try {
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('10'), recipient: alice.address })
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('10'), recipient: carol.address })
    await a.build()

    // Waiting transactions are still there, those with a gap before their nonce too; what was included is not.
    const included = await a.send(alice, { to: bob.address, value: 1n, gas: 21_000n })
    await a.build()
    const waiting = await a.send(alice, { to: bob.address, value: 1n, gas: 21_000n })
    const later = await a.submit(await a.sign(carol, { to: bob.address, value: 1n, gas: 21_000n, nonce: 1 }))
    const head = a.head()
    await a.sequencer.restart()
    expect(a.head()).toEqual(head)
    expect(new Set(a.sequencer.rollup.mempool.all().map(({ hash }) => hash))).toEqual(new Set([waiting, later]))
    expect((await a.build()).transactions.map((raw) => keccak256(raw))).toEqual([waiting])
    expect(a.sequencer.rollup.mempool.get(included)).toBeUndefined()
    await a.send(carol, { to: bob.address, value: 1n, gas: 21_000n, nonce: 0 })
    expect((await a.build()).transactions).toHaveLength(2)
    expect(await a.balance(bob.address)).toBe(4n)

    // It dies when the batch is on L1 and it has not heard of it: L1 is the record.
    await a.sequencer.rollup.steps.l1()
    const before = postings()
    const posting = a.sequencer.rollup.steps.publish().catch(() => undefined)
    while ((await cluster.l1.pending()) === 0) await a.sequencer.sender?.poll()
    await cluster.l1.mine()
    const dying = a.head()
    await a.sequencer.crash()
    await posting
    await a.sequencer.restart()
    expect(a.head()).toEqual(dying)
    expect(await a.publish()).toBe(0)
    expect(postings()).toBe(before + 1)

    // It dies between the promise to sign and the certificate, and the follower after its signature.
    await a.derive()
    await a.sequencer.rollup.steps.l1()
    await a.sequencer.rollup.steps.certify()
    await cluster.settleLink()
    const height = a.sequencer.rollup.certifier?.newest()
    await a.sequencer.restart()
    await a.follower.restart()
    expect(a.sequencer.rollup.certifier?.newest()?.statement).toBe(height?.statement)
    expect((await a.certify())?.state).toBe('certified')
    await cluster.settle()
    expect(a.sequencer.rollup.settled().block).toBe(a.head().number)

    // Every node anew, twice, in the middle of things.
    for (let i = 0; i < 2; i++) {
      await a.send(alice, { to: bob.address, value: 1n, gas: 21_000n })
      await a.build()
      await a.sequencer.restart()
      await a.publish()
      await a.follower.restart()
      await a.derive()
      await cluster.restartAggregator()
      await a.certify()
      await cluster.settle()
      expect(a.sequencer.rollup.settled().block).toBe(a.head().number)
      expect(a.head(a.follower)).toMatchObject({ hash: a.head().hash, stateRoot: a.head().stateRoot })
    }
    expect(postings()).toBe(before + 3)
    expect(await a.balance(bob.address)).toBe(6n)
  } finally {
    await cluster.stop()
    for (const store of stores) await store.close()
    rmSync(directory, { recursive: true, force: true })
  }
})

it('a sequencer that lost its database, and was stopped while it derived the chain, derives the rest before it builds', async () => {
  const store = memoryStore()
  let blobsGone = false
  let running = false
  const cluster = await createTestCluster({
    chains: ['a'],
    store: (who) => (who === 'a/sequencer' ? store : memoryStore()),
    da: (who, da) => ({
      ...da,
      // Nobody mines while the node runs by itself.
      submit: async (batch, index) => {
        if (running) throw new CausewayError('The L1 node is away.', { code: 'DA_TRANSIENT' })
        return da.submit(batch, index)
      },
      retrieve: async (reference) => {
        if (who === 'a/sequencer' && blobsGone && reference.index > 1n) throw new CausewayError('The beacon node is away.', { code: 'DA_TRANSIENT' })
        return da.retrieve(reference)
      },
    }),
  })
  try {
    const [a] = cluster.chains
    const blocks = []
    for (let i = 0; i < 2; i++) {
      blocks.push(await a.build())
      await a.publish()
    }
    await a.sequencer.crash()
    await store.write([...store.range({ start: '', end: '\uffff' })].map(({ key }) => ({ key, value: null })))
    await a.sequencer.restart()
    blobsGone = true
    await expect(a.sequencer.rollup.start()).rejects.toMatchObject({ code: 'DA_TRANSIENT' })
    expect(a.head().number).toBe(1n)
    await a.sequencer.restart()
    blobsGone = false
    running = true
    await a.sequencer.rollup.start()
    for (const { number, hash } of blocks) expect(a.sequencer.rollup.chain.block(number)?.hash).toBe(hash)
    // Whoever imported of what it had announced and not posted hears that this is gone.
    expect(a.sequencer.rollup.chain.incarnation).toBe(1n)
    await a.sequencer.restart()
    running = false
    expect(a.sequencer.rollup.chain.incarnation).toBe(1n)
    const { number } = a.head()
    expect((await a.build()).number).toBe(number + 1n)
    await a.publish()
    await a.derive()
    expect(a.head(a.follower)).toMatchObject({ number: number + 1n, hash: a.head().hash })
  } finally {
    await cluster.stop()
  }
})

it('a transaction that the disk does not take is not taken at all: the next one of its sender does not wait for it', async () => {
  let full = false
  const disk = (): Store => {
    const store = memoryStore()
    const refused = async () => Promise.reject(new CausewayError('the disk is full', { code: 'STORE_WRITE' }))
    return { ...store, write: (changes) => (full ? refused() : store.write(changes)) }
  }
  const cluster = await createTestCluster({ chains: ['a'], store: disk })
  const [a] = cluster.chains
  const [alice, bob] = cluster.users
  try {
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('1'), recipient: alice.address })
    await a.build()
    full = true
    await expect(a.send(alice, { to: bob.address, value: 1n, gas: 21_000n })).rejects.toThrow('the disk is full')
    full = false
    expect(a.sequencer.rollup.mempool.size).toBe(0)
    const sent = await a.send(alice, { to: bob.address, value: 2n, gas: 21_000n })
    await a.sequencer.restart()
    expect((await a.build()).transactions.map((raw) => keccak256(raw))).toEqual([sent])
    expect(await a.balance(bob.address)).toBe(2n)
  } finally {
    await cluster.stop()
  }
})
