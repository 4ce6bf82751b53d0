import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lmdbStore } from '@causeway/node'
import { createTestCluster } from '@causeway/testing/cluster'
import { keccak256, parseEther } from 'viem'
import { expect, it } from 'vitest'
import type { Store } from '@causeway/core'

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
