import { signDraft, type CertificateDraft, type LinkEvent } from '@causeway/core'
import { createTestCluster, type TestCluster } from '@causeway/testing/cluster'
import { parseEther } from 'viem'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const LIFETIME = 60_000

describe('a chain whose import loses its ground', () => {
  let cluster: TestCluster
  let said: LinkEvent[]
  let signed: { chainId: bigint; signer: number; height: bigint; statement: bigint }[]
  /** notAfter of each certificate, by statement. */
  let ends: Map<bigint, bigint>

  beforeEach(async () => {
    cluster = await createTestCluster({ certify: { lifetime: LIFETIME } })
    said = []
    signed = []
    ends = new Map()
    cluster.connect('spy').subscribe((event) => {
      said.push(event)
      if (event.kind !== 'attestation') return
      const { chainId, signer, height, statement } = event
      const proposal = said.findLast((other) => other.kind === 'proposal' && other.draft.before.chainId === chainId)
      if (proposal?.kind === 'proposal') ends.set(statement, proposal.draft.notAfter)
      const { finalized } = cluster.chains[0].sequencer.reader.heads
      // The rule: one statement a height, until L1 has passed the end of the one before for good.
      for (const before of signed)
        if (before.chainId === chainId && before.signer === signer && before.height === height && before.statement !== statement) expect(ends.get(before.statement)).toBeLessThan(finalized.timestamp)
      signed.push({ chainId, signer, height, statement })
    })
    await cluster.l1.mine(3)
  })
  afterEach(() => cluster.stop())

  /** A sends bob an ETH on B, who imports it before it has settled; carol has money of her own on B, and spends some after. */
  async function importEarly() {
    const [a, b] = cluster.chains
    const [alice, bob, carol] = cluster.users
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('10'), recipient: alice.address })
    await cluster.l1.deposit({ chainId: b.chainId, amount: parseEther('10'), recipient: carol.address })
    await a.build()
    await b.build()
    await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: parseEther('1') })
    const [message] = a.sent(await a.build())
    if (!message) throw new Error('nothing was sent')
    const imported = await b.build()
    expect(imported.imports).toHaveLength(1)
    expect(await b.balance(bob.address)).toBe(parseEther('1'))
    await b.send(carol, { to: alice.address, value: parseEther('3'), gas: 21_000n })
    await b.build()
    return { a, b, alice, bob, carol, message, imported }
  }

  async function expectDropped({ b, bob, alice, message, imported }: Awaited<ReturnType<typeof importEarly>>, reason: RegExp) {
    const rebuilt = await b.build()
    expect(b.sequencer.rollup.chain.incarnation).toBe(1n)
    expect(rebuilt).toMatchObject({ number: imported.number, imports: [] })
    expect(await b.balance(bob.address)).toBe(0n)
    // Carol's transaction was in a dropped block; it is executed again.
    expect(rebuilt.transactions).toHaveLength(1)
    expect(await b.balance(alice.address)).toBe(parseEther('3'))
    expect(await b.message(message)).toMatchObject({ rung: 'included', rolledBack: { chainId: b.chainId, incarnation: 1n, block: imported.number }, failure: expect.stringMatching(reason) })
  }

  async function expectRecovered({ a, b, bob, message }: Awaited<ReturnType<typeof importEarly>>) {
    await a.advance()
    await b.publish()
    await b.derive()
    await b.certify()
    await cluster.settle()
    expect(a.sequencer.rollup.settled().header.outboxSize).toBe(1n)
    // Settled now, so it is taken again.
    await b.advance()
    expect(await b.balance(bob.address)).toBe(parseEther('1'))
    await b.certify()
    await cluster.settle()
    await b.look()
    expect(b.sequencer.rollup.settled().block).toBe(b.head().number)
    expect(await b.message(message)).toMatchObject({ rung: 'settled', execution: { ok: true }, rolledBack: { incarnation: 1n } })
    expect(b.head(b.follower)).toMatchObject({ hash: b.head().hash, stateRoot: b.head().stateRoot })
  }

  it('rolls back when the certificate of its source dies, and signs no second certificate before its own is dead', async () => {
    const scene = await importEarly()
    const { a, b } = scene
    for (const chain of [a, b]) {
      await chain.publish()
      await chain.derive()
      expect((await chain.certify())?.state).toBe('certified')
    }
    const first = b.sequencer.rollup.certifier?.newest()
    expect(first?.toBlock).toBe(b.head().number)
    // What B imports settles with A or never: its certificate does not outlive A's.
    expect(first?.draft.notAfter).toBeLessThanOrEqual(a.sequencer.rollup.certifier?.newest()?.draft.notAfter ?? 0n)

    // The aggregator is away. Shortly before the end nothing has changed.
    await cluster.clock.advance(LIFETIME / 2)
    await cluster.l1.mine(4)
    await b.advance()
    expect(b.sequencer.rollup.chain.incarnation).toBe(0n)
    expect(b.sequencer.rollup.certifier?.newest()?.statement).toBe(first?.statement)

    await cluster.clock.advance(LIFETIME / 2 + 10_000)
    await cluster.l1.mine(4)
    await b.look()
    await expectDropped(scene, /died/)
    await b.publish()
    await b.derive()
    await b.certify()
    const second = b.sequencer.rollup.certifier?.newest()
    expect(second).toMatchObject({ height: first?.height, state: 'certified' })
    expect(second?.statement).not.toBe(first?.statement)
    await expectRecovered(scene)
    expect(new Set(signed.filter(({ chainId }) => chainId === b.chainId).map(({ statement }) => statement)).size).toBeGreaterThanOrEqual(2)
  })

  it.each(['', ', and was restarted before and after it rolled back'])('rolls back when its source signs an invalid certificate%s', async (restarts) => {
    const scene = await importEarly()
    const { a, b } = scene
    await a.publish()
    await a.derive()
    // A's signers have lost their minds: they sign one that claims an L1 inbox entry it did not consume.
    const events = said.length
    await a.certify()
    const proposal = said.slice(events).find((event) => event.kind === 'proposal')
    if (proposal?.kind !== 'proposal') throw new Error('no proposal')
    const draft: CertificateDraft = { ...proposal.draft, after: { ...proposal.draft.after, l1InboxCursor: proposal.draft.after.l1InboxCursor + 1n } }
    cluster.connect('evil').publish({ kind: 'certificate', certificate: await signDraft(cluster.domain, draft, a.signers), toBlock: proposal.toBlock })
    await cluster.settleLink()
    if (restarts) await b.sequencer.restart()
    await expectDropped(scene, /invalid/)
    if (restarts) {
      await b.sequencer.restart()
      // The source is asked again what it has sent; it is not believed before it has settled.
      await b.sequencer.rollup.steps.catchUp()
      expect((await b.build()).imports).toEqual([])
      expect(b.sequencer.rollup.chain.incarnation).toBe(1n)
    }
    await expectRecovered(scene)
  })

  it('rolls back when its source was rebuilt without the message, also if it was down meanwhile', async () => {
    const scene = await importEarly()
    const { a, b, alice, bob, carol } = scene
    await b.sequencer.crash()
    // L1 takes Alice's deposit back, so A has never sent anything. (Carol's goes too: it was mined after.)
    await cluster.l1.reorg(2)
    await cluster.l1.deposit({ chainId: b.chainId, amount: parseEther('10'), recipient: carol.address })
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('4'), recipient: carol.address })
    await b.sequencer.restart()
    await a.advance()
    expect(a.sequencer.rollup.chain.incarnation).toBe(1n)
    expect(await a.balance(alice.address)).toBe(0n)
    await b.build()
    await b.build()
    expect(await b.balance(bob.address)).toBe(0n)
    await b.publish()
    await b.derive()
    await b.certify()
    await cluster.settle()
    for (const chain of [a, b]) {
      expect(chain.sequencer.rollup.settled().block).toBeGreaterThan(0n)
      expect(chain.head(chain.follower)).toMatchObject({ hash: chain.head().hash })
    }
    expect((await b.balance(carol.address)) + (await b.balance(alice.address)) + (await b.balance(b.batcher.address))).toBe(parseEther('10'))
  })

  it('and whose source imports from it: they do not rebuild one another for ever', async () => {
    const [a, b] = cluster.chains
    const [alice, bob, carol] = cluster.users
    const transfer = async (from: typeof a, to: typeof a, sender: typeof alice) => {
      await from.sendMessage(sender, { destination: to.chainId, recipient: carol.address, value: 1n })
      await from.build()
      expect((await to.build()).imports).toHaveLength(1)
    }
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('1'), recipient: alice.address })
    await cluster.l1.deposit({ chainId: b.chainId, amount: parseEther('1'), recipient: bob.address })
    await cluster.round()
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('1'), recipient: carol.address })
    await a.build()
    await transfer(a, b, alice)
    await transfer(b, a, bob)
    await transfer(a, b, alice)
    await cluster.l1.reorg(1)
    for (let i = 0; i < 8; i++) for (const chain of [a, b]) await chain.build()
    const incarnations = () => [a, b].map((chain) => chain.sequencer.rollup.chain.incarnation)
    const before = incarnations()
    expect(before[0]).toBeGreaterThan(0n)
    expect(before[1]).toBeGreaterThan(0n)
    for (let i = 0; i < 3; i++) await cluster.round()
    expect(incarnations()).toEqual(before)
    for (const chain of [a, b]) expect(chain.sequencer.rollup.settled().header.outboxSize).toBe(chain.head().accounting.outboxSize)
    expect(await a.balance(carol.address)).toBe(1n)
    expect(await b.balance(carol.address)).toBe(2n)
  })
})
