import { errorCode, statement, type Certificate, type ClusterLink, type LinkEvent, type Message } from '@causeway/core'
import { signHead, signProposal, signVerdict } from '@causeway/messaging'
import { mutationsOf } from '@causeway/testing'
import { createTestCluster, type TestCluster } from '@causeway/testing/cluster'
import { parseEther } from 'viem'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

describe('the link has no authority', () => {
  let cluster: TestCluster
  let said: LinkEvent[]

  beforeEach(async () => {
    cluster = await createTestCluster()
    said = []
    cluster.connect('spy').subscribe((event) => said.push(event))
    await cluster.l1.mine(3)
  })
  afterEach(() => cluster.stop())

  /** A sends bob an ETH on B, who imports it at once; A has the certificate that holds it. */
  async function importEarly() {
    const [a, b] = cluster.chains
    const [alice, bob] = cluster.users
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('10'), recipient: alice.address })
    await a.build()
    await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: parseEther('1') })
    const [message] = a.sent(await a.build()) as [Message]
    expect((await b.build()).imports).toHaveLength(1)
    await a.publish()
    await a.derive()
    await a.certify()
    const event = said.findLast((item) => item.kind === 'certificate' && item.certificate.before.chainId === a.chainId)
    if (event?.kind !== 'certificate') throw new Error('no certificate')
    return { a, b, alice, bob, message, certificate: event.certificate, toBlock: event.toBlock }
  }

  it('and a certificate that nobody signed rolls nothing back', async () => {
    const { b, bob, certificate, toBlock } = await importEarly()
    const forged: Certificate = { ...certificate, after: { ...certificate.after, l1InboxCursor: certificate.after.l1InboxCursor + 1n } }
    const stranger = cluster.connect('stranger')
    for (const signatures of [certificate.signatures, []]) stranger.publish({ kind: 'certificate', certificate: { ...forged, signatures }, toBlock })
    await cluster.settleLink()
    await b.build()
    expect(b.sequencer.rollup.chain.incarnation).toBe(0n)
    expect(await b.balance(bob.address)).toBe(parseEther('1'))
  })

  it('and no field of anything that is sent on with a change, or again, rolls anything back or keeps out what is honest (SEED=6)', async () => {
    const { a, b, bob, certificate } = await importEarly()
    const stranger = cluster.connect('stranger')
    const kinds = new Set<string>()
    let sent = 0
    const spread = async (event: LinkEvent, seed: number) => {
      kinds.add(event.kind)
      for (const { value } of mutationsOf(event, seed)) {
        try {
          stranger.publish(value)
          sent++
        } catch (error) {
          // No parser takes it, and so no node.
          expect(errorCode(error)).toMatch(/^(MALFORMED|OUT_OF_RANGE)$/)
        }
        if (sent % 50 === 0) await cluster.settleLink()
      }
      stranger.publish(event)
    }
    // Before the importer has certified what it imported, which would keep it from rebuilding for a while.
    await spread({ kind: 'certificate', certificate, toBlock: 1n }, 7)
    await cluster.settleLink()
    await b.build()
    expect(b.sequencer.rollup.chain.incarnation).toBe(0n)
    await b.publish()
    await b.derive()
    await b.certify()
    const heard = [...said]
    for (const kind of ['head', 'proposal', 'attestation', 'certificate', 'verdict', 'refusal'] as const) {
      const event = heard.findLast((item) => item.kind === kind)
      if (event) await spread(event, 6)
    }
    await cluster.settleLink()
    expect([...kinds].sort()).toEqual(expect.arrayContaining(['attestation', 'certificate', 'head', 'proposal']))
    expect(sent).toBeGreaterThan(300)
    for (const chain of [a, b]) {
      await chain.build()
      for (const { rollup } of [chain.sequencer, chain.follower]) expect(rollup.chain.incarnation).toBe(0n)
    }
    expect(await b.balance(bob.address)).toBe(parseEther('1'))
    // The next epoch has both.
    await cluster.settle()
    for (const chain of [a, b]) expect(chain.sequencer.rollup.settled().header.height).toBe(1n)
  })

  it('and whoever answers first with junk does not hide what a rebuilt source still says', async () => {
    const { a, b, bob, message } = await importEarly()
    await cluster.settle()
    const [alice, , carol] = cluster.users
    await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: parseEther('2') })
    await a.build()
    expect((await b.build()).imports).toHaveLength(1)
    // Heads without a valid signature, an old head, a certificate of nobody: each before the source has spoken.
    const old = said.findLast((event) => event.kind === 'head' && event.head.chainId === a.chainId && event.head.messages.length > 0)
    if (old?.kind !== 'head') throw new Error('no head')
    const junk = { ...old.head, incarnation: 9n, messages: [{ ...message, nonce: 1n, timestamp: old.head.timestamp }] }
    for (const heads of [[], [junk], [old.head], [{ ...old.head, incarnation: 1n }]]) cluster.connect('stranger').serve(async (query) => (query.kind === 'heads' ? { kind: 'heads', heads } : null))
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('5'), recipient: carol.address })
    await a.build()
    await cluster.l1.reorg(1)
    await a.build()
    expect(a.sequencer.rollup.chain.incarnation).toBe(1n)
    await b.build()
    expect(b.sequencer.rollup.chain.incarnation).toBe(0n)
    expect(await b.balance(bob.address)).toBe(parseEther('3'))
  })

  it('and a certificate that has settled changes nothing when it is sent again', async () => {
    const { a, b, alice, bob, certificate, toBlock } = await importEarly()
    await cluster.settle()
    await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: parseEther('2') })
    const [second] = a.sent(await a.build()) as [Message]
    await b.build()
    await a.publish()
    await a.derive()
    await a.certify()
    cluster.connect('stranger').publish({ kind: 'certificate', certificate, toBlock })
    await cluster.settleLink()
    await b.publish()
    await b.derive()
    // It covers the second import: A's live certificate is the one that B goes by.
    expect(await b.certify()).toMatchObject({ state: 'certified', toBlock: b.head().number })
    await cluster.settle()
    expect(await b.message(second)).toMatchObject({ rung: 'settled' })
  })

  it('and a message that no outbox can hold does not stop the block that would import it', async () => {
    const { a, b, message } = await importEarly()
    const { number, hash, parentHash, timestamp } = a.head()
    const policyHash = a.sequencer.rollup.settled().header.policyHash
    const messages = [{ ...message, nonce: 1n << 40n, timestamp }]
    const head = await signHead(cluster.domain, { chainId: a.chainId, incarnation: 0n, number, hash, parentHash, timestamp, policyHash, messages }, a.batcher)
    cluster.connect('stranger').publish({ kind: 'head', head })
    await cluster.settleLink()
    const before = b.head().number
    expect(await b.build()).toMatchObject({ number: before + 1n, imports: [] })
  })

  it('and `proven` is shown on the word of the aggregator alone', async () => {
    const { a, certificate } = await importEarly()
    const { account } = cluster.l1
    const signed = statement(cluster.domain, certificate)
    const rung = () => a.sequencer.rollup.status.certificate('latest')?.rung
    const stranger = cluster.connect('stranger')
    let time = cluster.clock.now()
    const say = async (verdict: 'invalid' | 'proven', by: number) => {
      stranger.publish(await signVerdict(cluster.domain, { kind: 'verdict', chainId: a.chainId, height: 1n, statement: signed, verdict, epoch: 1n, time: ++time, reason: 'so it is' }, account(by)))
      await cluster.settleLink()
    }
    expect(rung()).toBe('certified')
    await say('proven', 7)
    expect(rung()).toBe('certified')
    await say('proven', 1)
    expect(rung()).toBe('proven')
    for (const by of [7, 1]) {
      await say('invalid', by)
      expect(rung()).toBe(by === 7 ? 'proven' : 'certified')
    }
    // What the aggregator itself once said, sent again.
    const mine = said.filter((event) => event.kind === 'verdict')
    await say('proven', 1)
    const writes = a.sequencer.rollup.certifier?.newest()
    for (let i = 0; i < 20; i++) for (const event of mine) stranger.publish(event)
    await cluster.settleLink()
    // The two that it has signed, `proven` and `invalid`, among those of others.
    expect(mine.length).toBeGreaterThan(3)
    expect(rung()).toBe('proven')
    expect(a.sequencer.rollup.certifier?.newest()).toEqual(writes)
    await a.build()
    expect(a.sequencer.rollup.chain.incarnation).toBe(0n)
  })

  it('and a rebuild of the source takes back only what the source took back', async () => {
    const { a, b, bob, message } = await importEarly()
    await cluster.settle()
    const [alice, , carol] = cluster.users
    await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: parseEther('2') })
    const [kept] = a.sent(await a.build()) as [Message]
    expect((await b.build()).imports).toHaveLength(1)
    // A deposit that L1 takes back makes A drop its last block, after the one that sent the message.
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('5'), recipient: carol.address })
    await a.build()
    expect(await a.balance(carol.address)).toBe(parseEther('5'))
    await cluster.l1.reorg(1)
    await a.build()
    expect(a.sequencer.rollup.chain.incarnation).toBe(1n)
    expect(await a.balance(carol.address)).toBe(0n)
    await b.build()
    expect(b.sequencer.rollup.chain.incarnation).toBe(0n)
    expect(await b.balance(bob.address)).toBe(parseEther('3'))
    expect(await b.message(message)).toMatchObject({ rung: 'executed' })
    await a.advance()
    await b.advance()
    await cluster.settle()
    expect(await b.message(kept)).toMatchObject({ rung: 'settled' })
  })
})

it('an attester signs what its sequencer proposes, and nothing else', async () => {
  const held: Extract<LinkEvent, { kind: 'proposal' }>[] = []
  const withhold = (link: ClusterLink): ClusterLink => ({ ...link, publish: (event) => void (event.kind === 'proposal' ? held.push(event) : link.publish(event)) })
  const cluster = await createTestCluster({ link: (who, link) => (who === 'a/sequencer' ? withhold(link) : link) })
  try {
    const [a] = cluster.chains
    const stranger = cluster.connect('stranger')
    const attested: LinkEvent[] = []
    stranger.subscribe((event) => event.kind === 'attestation' && attested.push(event))
    await cluster.l1.mine(3)
    await a.advance()
    const proposal = held.at(-1)
    if (!proposal) throw new Error('no proposal')
    // As true as the sequencer's, but the follower would be bound by it for an hour longer.
    const draft = { ...proposal.draft, notAfter: proposal.draft.notAfter + 3_600_000n }
    stranger.publish({ ...proposal, draft })
    stranger.publish(await signProposal(cluster.domain, draft, proposal.toBlock, cluster.users[0]))
    await cluster.settleLink()
    expect(attested).toEqual([])
    stranger.publish(proposal)
    await cluster.settleLink()
    expect(attested).toHaveLength(1)
    expect(a.sequencer.rollup.certifier?.newest()?.state).toBe('certified')
  } finally {
    await cluster.stop()
  }
})
