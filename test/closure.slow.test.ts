import { signDraft, type CertificateDraft, type LinkEvent } from '@causeway/core'
import { createTestCluster } from '@causeway/testing/cluster'
import { parseEther } from 'viem'
import { expect, it } from 'vitest'

it('an invalid certificate takes along only what depends on it', async () => {
  const cluster = await createTestCluster({ chains: ['a', 'b', 'c', 'd'] })
  const [a, b, c, d] = cluster.chains
  const [alice, bob] = cluster.users
  try {
    for (const chain of [a, c]) await cluster.l1.deposit({ chainId: chain.chainId, amount: parseEther('10'), recipient: alice.address })
    for (const chain of cluster.chains) await chain.build()
    // B imports of A, D of C.
    await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: parseEther('1') })
    await c.sendMessage(alice, { destination: d.chainId, recipient: bob.address, value: parseEther('1') })
    const [toD] = c.sent((await a.build()) && (await c.build()))
    if (!toD) throw new Error('nothing was sent')
    await b.build()
    await d.build()
    expect(await d.balance(bob.address)).toBe(parseEther('1'))

    // C's signers sign what breaks a rule; D has imported from C by then.
    const said: LinkEvent[] = []
    const evil = cluster.connect('evil')
    evil.subscribe((event) => said.push(event))
    for (const chain of [a, b, c]) {
      await chain.publish()
      await chain.derive()
      if (chain !== c) await chain.certify()
    }
    // Its follower is gone, so that there is no valid one.
    await c.follower.crash()
    await c.sequencer.rollup.steps.l1()
    await c.sequencer.rollup.steps.certify()
    await cluster.settleLink()
    const proposal = said.find((event) => event.kind === 'proposal' && event.draft.before.chainId === c.chainId)
    if (proposal?.kind !== 'proposal') throw new Error('no proposal')
    // By what they sign, so that nobody else can have done it.
    const draft: CertificateDraft = { ...proposal.draft, after: { ...proposal.draft.after, policySince: proposal.draft.after.policySince + 1n } }
    evil.publish({ kind: 'certificate', certificate: await signDraft(cluster.domain, draft, c.signers), toBlock: proposal.toBlock })
    await cluster.settleLink()
    await d.publish()
    await d.derive()
    expect((await d.certify())?.toBlock).toBe(1n)
    const registry = () => cluster.aggregator.registry()
    await cluster.settle()
    // A registration has to settle first, two an epoch; nobody waits for C.
    for (let i = 0; i < 3; i++) {
      for (const chain of [a, b, d]) await chain.certify()
      await cluster.settle()
    }
    expect(said.some((event) => event.kind === 'verdict' && event.chainId === c.chainId && event.verdict === 'invalid')).toBe(true)
    for (const chain of [a, b]) expect(chain.sequencer.rollup.settled().block).toBe(2n)
    expect(registry().headers.get(0n)?.outboxSize).toBe(1n)
    expect(await d.balance(bob.address)).toBe(parseEther('1'))
    await d.build()
    expect(await d.balance(bob.address)).toBe(0n)
    expect(await d.message(toD)).toMatchObject({ rolledBack: { chainId: d.chainId }, failure: expect.stringMatching(/invalid/) })
    await evil.close()
  } finally {
    await cluster.stop()
  }
})
