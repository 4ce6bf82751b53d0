import { NEVER, policyHash, signDraft, ZERO_HASH, type Certificate, type CertificateDraft, type ChainHeader, type Clock, type ClusterLink, type LinkAnswer, type LinkEvent, type LinkQuery, type Message, type SignedHead } from '@causeway/core'
import { CAST_ACCOUNT, CAST_ATTESTER, CAST_DOMAIN, CAST_POLICY } from './cast.js'
import { signHead } from './head.js'
import { signProposal } from './proposal.js'
import { signVerdict } from './verdict.js'

/** What the suite needs of a test framework; vitest's and jest's fit. */
export type TestFramework = {
  it(name: string, test: () => Promise<void>): void
  expect(actual: unknown): { toEqual(expected: unknown): void; toBe(expected: unknown): void }
}

/** Links that hear each other, nothing published yet. */
export type LinkGroup = { links: readonly ClusterLink[]; clock: Clock; close(): Promise<void> }

/** How long (ms) the suite waits for what must arrive, and for what must not. */
const PATIENCE = 5_000n
const GRACE = 60

/**
 * What every `ClusterLink` must do when nothing fails: deliver each event to all others once and to oneself never, unchanged and in the
 * publisher's order, as objects of the receiver's own; answer queries; stop when told. A relay is given `CAST_RELAY`, and its peers `CAST_KEYS`.
 */
export function linkConformance({ it, expect }: TestFramework, makeLinks: (count: number) => Promise<LinkGroup>): void {
  const test = (name: string, count: number, body: (links: ClusterLink[], group: LinkGroup) => Promise<void>) =>
    it(name, async () => {
      const group = await makeLinks(count)
      try {
        await body([...group.links], group)
      } finally {
        await group.close()
      }
    })
  const listen = (link: ClusterLink) => {
    const heard: LinkEvent[] = []
    const stop = link.subscribe((event) => void heard.push(event))
    return { heard, stop }
  }

  test('delivers each event to all others once, unchanged and in order, and never to its publisher', 3, async (links, { clock }) => {
    const ears = links.map(listen)
    const events = await sampleEvents()
    for (const event of events) links[0]?.publish(event)
    await until(clock, () => ears.slice(1).every(({ heard }) => heard.length >= events.length))
    await clock.sleep(GRACE)
    expect(ears.map(({ heard }) => heard)).toEqual([[], events, events])
  })

  test('carries events both ways', 2, async (links, { clock }) => {
    const ears = links.map(listen)
    const [one, two] = [await verdict(1n), await verdict(2n)]
    links[0]?.publish(one)
    links[1]?.publish(two)
    await until(clock, () => ears.every(({ heard }) => heard.length > 0))
    await clock.sleep(GRACE)
    expect(ears.map(({ heard }) => heard)).toEqual([[two], [one]])
  })

  test('gives every receiver objects of its own', 3, async (links, { clock }) => {
    const sample = await sampleHead()
    const event: LinkEvent = { kind: 'head', head: { ...sample } }
    const ears = links.map(listen)
    links[0]?.publish(event)
    if (event.kind === 'head') event.head.number = 99n
    await until(clock, () => ears.slice(1).every(({ heard }) => heard.length === 1))
    const [one, two] = [ears[1]?.heard[0], ears[2]?.heard[0]]
    expect(one).toEqual({ kind: 'head', head: sample })
    if (one?.kind === 'head') one.head.number = 98n
    expect(two).toEqual({ kind: 'head', head: sample })
  })

  test('stops delivering after unsubscribing and after closing', 3, async (links, { clock }) => {
    const [publisher, unsubscribed, closed] = links as [ClusterLink, ClusterLink, ClusterLink]
    const said = await verdict(1n)
    const [gone, still, shut] = [listen(unsubscribed), listen(unsubscribed), listen(closed)]
    gone.stop()
    await closed.close()
    publisher.publish(said)
    await until(clock, () => still.heard.length > 0)
    await clock.sleep(GRACE)
    expect([gone.heard, still.heard, shut.heard]).toEqual([[], [said], []])
  })

  test('goes on when a subscriber throws', 2, async (links, { clock }) => {
    links[1]?.subscribe(() => {
      throw new Error('a defect of the subscriber')
    })
    const ear = listen(links[1] as ClusterLink)
    const events = [await verdict(1n), await verdict(2n)]
    for (const event of events) links[0]?.publish(event)
    await until(clock, () => ear.heard.length === 2)
    expect(ear.heard).toEqual(events)
  })

  test('gives all answers to a query, and none of its own', 3, async (links) => {
    const [asker, ignorant, knowing] = links as [ClusterLink, ClusterLink, ClusterLink]
    const empty: LinkAnswer = { kind: 'heads', heads: [] }
    const sample = await sampleHead()
    const answer: LinkAnswer = { kind: 'heads', heads: [sample] }
    asker.serve(async () => ({ kind: 'heads', heads: [{ ...sample, number: 1n }] }))
    ignorant.serve(async () => null)
    ignorant.serve(async (query) => (query.kind === 'heads' ? empty : null))
    const stop = knowing.serve(async (query) => (query.kind === 'heads' && query.chainId === 101n && query.fromNonce === 3n && query.limit === 8 ? answer : null))
    const answers = await all(asker, { kind: 'heads', chainId: 101n, fromNonce: 3n, limit: 8 })
    expect(answers.length).toBe(2)
    expect(answers.find((one) => one.kind === 'heads' && one.heads.length === 0)).toEqual(empty)
    expect(answers.find((one) => one.kind === 'heads' && one.heads.length > 0)).toEqual(answer)
    expect(await all(asker, { kind: 'certificate', chainId: 101n })).toEqual([])
    stop()
    expect(await all(asker, { kind: 'heads', chainId: 101n, fromNonce: 3n, limit: 8 })).toEqual([empty])
  })

  test('gives an answer as soon as it is there, whoever else keeps silent', 3, async (links) => {
    const [asker, silent, prompt] = links as [ClusterLink, ClusterLink, ClusterLink]
    const answer: LinkAnswer = { kind: 'certificate', certificate: null, toBlock: 7n }
    let release: () => void = () => undefined
    silent.serve(() => new Promise((resolve) => (release = () => resolve(null))))
    prompt.serve(async () => answer)
    for await (const first of asker.query({ kind: 'certificate', chainId: 101n })) {
      expect(first).toEqual(answer)
      break
    }
    release()
  })

  test('gives nothing when nobody serves or the handler fails, and drops answers to another question', 2, async (links) => {
    const [asker, server] = links as [ClusterLink, ClusterLink]
    expect(await all(asker, { kind: 'certificate', chainId: 101n })).toEqual([])
    const stop = server.serve(async () => {
      throw new Error('a defect of the handler')
    })
    expect(await all(asker, { kind: 'certificate', chainId: 101n })).toEqual([])
    stop()
    server.serve(async () => ({ kind: 'heads', heads: [await sampleHead()] }))
    expect(await all(asker, { kind: 'certificate', chainId: 101n })).toEqual([])
    expect(await all(asker, { kind: 'heads', chainId: 102n, fromNonce: 0n, limit: 8 })).toEqual([])
  })

  test('keeps concurrent queries apart', 2, async (links, { clock }) => {
    const [asker, server] = links as [ClusterLink, ClusterLink]
    server.serve(async (query) => {
      await clock.sleep(query.chainId === 1n ? 20 : 1)
      return { kind: 'certificate', certificate: await sampleCertificate(query.chainId), toBlock: query.chainId }
    })
    const answers = await Promise.all([1n, 2n, 3n].map((chainId) => all(asker, { kind: 'certificate', chainId })))
    expect(answers.map((list) => list.map((answer) => (answer.kind === 'certificate' ? answer.toBlock : null)))).toEqual([[1n], [2n], [3n]])
  })

  test('refuses to publish what nobody would accept', 2, async (links) => {
    let code: unknown
    try {
      links[0]?.publish({ kind: 'verdict', ...about, statement: -1n, verdict: 'waiting', epoch: 0n, time: 0n, reason: '', signature: `0x${'00'.repeat(65)}` })
    } catch (error) {
      code = (error as { code?: unknown }).code
    }
    expect(code).toBe('OUT_OF_RANGE')
  })
}

async function all(link: ClusterLink, query: LinkQuery): Promise<LinkAnswer[]> {
  const answers: LinkAnswer[] = []
  for await (const answer of link.query(query)) answers.push(answer)
  return answers
}

async function until(clock: Clock, condition: () => boolean): Promise<void> {
  const start = clock.now()
  while (!condition() && clock.now() - start < PATIENCE) await clock.sleep(2)
}

const about = { chainId: 101n, height: 4n, statement: 2n ** 200n }

/** Signed as it has to be: a relay lets nothing else pass. */
function verdict(epoch: bigint): Promise<LinkEvent> {
  return signVerdict(CAST_DOMAIN, { kind: 'verdict', ...about, verdict: 'proven', epoch, time: epoch, reason: '' }, CAST_ACCOUNT)
}

function sampleMessage(): Message {
  const account = `0x${'5a'.repeat(20)}` as const
  return {
    source: 101n,
    nonce: 3n,
    timestamp: 1_700_000_000_000n,
    destination: 102n,
    sender: account,
    recipient: account,
    refundTo: account,
    token: { chain: 1n, address: account },
    amount: 2n ** 127n,
    fee: 0n,
    gasLimit: 21_000n,
    expiry: NEVER,
    payload: '0x00ff',
  }
}

function sampleHead(): Promise<SignedHead> {
  const head = { chainId: 101n, incarnation: 0n, number: 12n, hash: `0x${'ab'.repeat(32)}` as const, parentHash: ZERO_HASH, timestamp: 1_700_000_000_000n, policyHash: policyHash(CAST_POLICY), messages: [sampleMessage()] }
  return signHead(CAST_DOMAIN, head, CAST_ACCOUNT)
}

/** Signed, but no rule holds of it. */
function sampleCertificate(chainId: bigint): Promise<Certificate> {
  const header: ChainHeader = {
    ...{ chainId, height: 3n, timestamp: 1n, stateRoot: ZERO_HASH, outboxRoot: 1n, outboxSize: 0n, inboxRoot: 2n, balanceRoot: 3n },
    ...{ l1InboxCursor: 0n, policyHash: policyHash(CAST_POLICY), policySince: 0n },
  }
  const draft: CertificateDraft = {
    ...{ before: header, after: { ...header, height: 4n }, entries: [{ kind: 'export', time: 1n, message: sampleMessage() }] },
    ...{ inboxHashBefore: ZERO_HASH, inboxHash: ZERO_HASH, daIndex: 1n, daHash: ZERO_HASH, notAfter: NEVER, policy: CAST_POLICY, openings: { inbox: [], balances: [], outbox: [] } },
  }
  return signDraft(CAST_DOMAIN, draft, [CAST_ATTESTER])
}

async function sampleEvents(): Promise<LinkEvent[]> {
  const certificate = await sampleCertificate(101n)
  const { signatures: _, ...draft } = certificate
  return [
    { kind: 'head', head: await sampleHead() },
    await signProposal(CAST_DOMAIN, draft, 9n, CAST_ACCOUNT),
    { kind: 'attestation', ...about, signer: 0, signature: await CAST_ATTESTER.sign(about.statement) },
    { kind: 'refusal', ...about, reason: 'the data is missing' },
    { kind: 'certificate', certificate, toBlock: 9n },
    await verdict(1n),
    await verdict(2n),
  ]
}
