import { attestationSigner, attestedPolicy, encodeJson, policyHash, signDraft, type LinkEvent, systemClock as clock } from '@causeway/core'
import { createTwinCluster, TEST_DOMAIN } from '@causeway/testing'
import { toHex, zeroAddress } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { LinkMember } from './admission.js'
import { firstOf } from './answers.js'
import { eventFrame, encodeFrame } from './frame.js'
import { signHead } from './head.js'
import { proveKeys, type LinkKeys } from './identity.js'
import { connect, hear, lines, raw, relay, until } from './relay.test-helper.js'
import { signProposal } from './proposal.js'
import { signVerdict } from './verdict.js'

const domain = TEST_DOMAIN
const account = (n: number) => privateKeyToAccount(toHex(n, { size: 32 }))
const attester = (n: number) => attestationSigner(new Uint8Array(32).fill(n))
const [A, B] = [101n, 102n]
const aggregator = account(9)
const policy = attestedPolicy(1, [attester(5).publicKey])
const memberOf = (chainId: bigint, batcher: number): LinkMember => ({ chainId, batcher: account(batcher).address, era: 0n, policyHash: policyHash(policy), policy })
const keysOf = (accounts: number[], attesters: number[] = []): LinkKeys => ({ domain, accounts: accounts.map(account), attesters: attesters.map(attester) })

/** A relay of two chains; the first one's batcher has key 1, the other's 2, and the attester of both 5. */
async function cluster(options: Parameters<typeof relay>[0] = {}) {
  const list = [memberOf(A, 1), memberOf(B, 2)]
  const made = await relay({ domain, members: { all: () => list, find: (chainId) => list.find((member) => member.chainId === chainId) }, aggregator: aggregator.address, ...options })
  return { ...made, list, heard: hear(made.hub.connect('node')) }
}

const head = async (chainId: bigint, number: bigint, by: number): Promise<LinkEvent> => ({
  kind: 'head',
  head: await signHead(domain, { chainId, incarnation: 0n, number, hash: toHex(number, { size: 32 }), parentHash: toHex(0, { size: 32 }), timestamp: 5n, policyHash: policyHash(policy), messages: [] }, account(by)),
})
const send = (peer: { socket: WebSocket }, event: LinkEvent) => peer.socket.send(eventFrame(encodeJson(event)))
/** Everything that a chain may say, and by which keys. */
async function sayings() {
  const twin = createTwinCluster([A], { places: 1 })
  const [chain] = twin.chains
  if (!chain) throw new Error('no chain')
  twin.tick()
  chain.deposit(5n)
  const { policy: _, ...rest } = chain.draft()
  const draft = { ...rest, policy, before: { ...rest.before, policyHash: policyHash(policy) }, after: { ...rest.after, policyHash: policyHash(policy) } }
  const about = { chainId: A, height: 1n, statement: 77n }
  const certificate: LinkEvent = { kind: 'certificate', certificate: await signDraft(domain, draft, [attester(5)]), toBlock: 1n }
  const saying: [LinkEvent, LinkKeys[], LinkEvent][] = [
    [await head(A, 1n, 1), [keysOf([1])], await head(A, 1n, 2)],
    [await signProposal(domain, draft, 1n, account(1)), [keysOf([1])], await signProposal(domain, draft, 1n, account(2))],
    [{ kind: 'attestation', ...about, signer: 0, signature: await attester(5).sign(77n) }, [keysOf([], [5])], { kind: 'attestation', ...about, signer: 0, signature: await attester(6).sign(77n) }],
    [certificate, [keysOf([1]), keysOf([], [5])], { ...certificate, certificate: { ...certificate.certificate, notAfter: 1n } }],
    [
      await signVerdict(domain, { kind: 'verdict', ...about, verdict: 'waiting', epoch: 1n, time: 1n, reason: '' }, aggregator),
      [keysOf([9])],
      await signVerdict(domain, { kind: 'verdict', ...about, verdict: 'waiting', epoch: 1n, time: 1n, reason: '' }, account(8)),
    ],
  ]
  return saying
}

describe('a peer of the relay', () => {
  it('says what its proven keys are registered for, signed as it has to be, and nothing else', async () => {
    const { server, heard } = await cluster()
    const everyone = { batcherA: keysOf([1]), batcherB: keysOf([2]), attester: keysOf([], [5]), aggregator: keysOf([9]), stranger: keysOf([77], [78]), nobody: keysOf([]) }
    for (const [event, by, forged] of await sayings()) {
      const expected: LinkEvent[] = []
      for (const keys of Object.values(everyone)) {
        const peer = await raw(server.url, { keys })
        const allowed = by.some((other) => JSON.stringify([other.accounts?.map(({ address }) => address), other.attesters?.length]) === JSON.stringify([keys.accounts?.map(({ address }) => address), keys.attesters?.length]))
        if (allowed) expected.push(event)
        send(peer, forged)
        send(peer, event)
        if (!allowed || forged !== event) await until(() => peer.received.some((text) => text.includes('notice')))
        await until(() => heard.length >= expected.length)
        peer.socket.terminate()
      }
      expect(heard).toEqual(expected)
      heard.length = 0
    }
  })

  it('that has proven nothing hears everything, asks a little, and is told once that it is not heard', async () => {
    const { hub, server, heard } = await cluster()
    const reader = await raw(server.url, { keys: keysOf([]) })
    expect(reader.own.may).toBe('read')
    const batcher = connect(server.url, { keys: keysOf([1]) })
    await batcher.ready()
    batcher.publish(await head(A, 1n, 1))
    await until(() => reader.received.length === 1)
    for (let i = 0; i < 10; i++) send(reader, await head(A, 2n, 1))
    await until(() => reader.received.length === 2)
    let asked = 0
    hub.connect('server').serve(async () => (asked++, { kind: 'certificate', certificate: null, toBlock: 1n }))
    for (let id = 0; id < 20; id++) reader.socket.send(encodeFrame({ type: 'query', id, query: { kind: 'certificate', chainId: A } }))
    await clock.sleep(100)
    expect(asked).toBe(5)
    expect(heard.length).toBe(1)
    expect(lines.filter(({ message }) => message.includes('may publish no head')).length).toBe(1)
  })

  it('proves a key for one connection to one relay: a proof that was heard is worth nothing elsewhere', async () => {
    const { server } = await cluster()
    const honest = await raw(server.url, { keys: keysOf([1], [5]) })
    expect(honest.own.may).toBe('publish')
    expect(honest.own.proofs.length).toBe(2)
    // Again, on another connection: both keys.
    const again = await raw(server.url, { proofs: honest.own.proofs })
    expect(again.own.may).toBe('read')
    // Somebody else's relay passes the challenge on to the batcher, which has reached it under another name.
    const lured = await raw(server.url, { keys: keysOf([1]), host: 'evil.example' })
    expect(await lured.closed).toBe(1008)
    // Or says that the batcher has reached this one: the signature holds the name.
    const nonce = toHex(1, { size: 32 })
    const elsewhere = await proveKeys(keysOf([1], [5]), { nonce, host: 'evil.example' })
    expect((await raw(server.url, { proofs: elsewhere })).own.may).toBe('read')
    // Another cluster's.
    expect((await raw(server.url, { keys: { ...keysOf([1], [5]), domain: { ...domain, l1ChainId: 5n } } })).own.may).toBe('read')
  })

  it('that signs wrongly is cut off, and its key has to wait; others hear nothing of it, and are not kept out', async () => {
    const { server, heard } = await cluster()
    const bad = await raw(server.url, { keys: keysOf([1]) })
    for (let i = 1n; i <= 20n; i++) send(bad, await head(A, i, 2))
    expect(await bad.closed).toBe(1008)
    expect(heard).toEqual([])
    expect(await (await raw(server.url, { keys: keysOf([1]) })).closed).toBe(1013)
    // From the same address.
    const good = await raw(server.url, { keys: keysOf([2]) })
    send(good, await head(B, 1n, 2))
    await until(() => heard.length === 1)
  })

  it('says nothing before its hello, and hello once', async () => {
    const { server, heard } = await cluster()
    const eager = await raw(server.url, { keys: 'silent' })
    send(eager, await head(A, 1n, 1))
    expect(await eager.closed).toBe(1008)
    const twice = await raw(server.url, { keys: keysOf([1]) })
    twice.socket.send(encodeFrame({ type: 'hello', host: new URL(server.url).host, proofs: [] }))
    expect(await twice.closed).toBe(1008)
    expect(heard).toEqual([])
  })

  it('may speak as soon as L1 has registered its key, and no longer', async () => {
    const { server, heard, list } = await cluster()
    const peer = await raw(server.url, { keys: keysOf([3]) })
    expect(peer.own.may).toBe('read')
    send(peer, await head(103n, 1n, 3))
    await until(() => peer.received.length === 1)
    list.push(memberOf(103n, 3))
    send(peer, await head(103n, 2n, 3))
    await until(() => heard.length === 1)
    // Its batcher is changed, then nobody is.
    list.splice(2, 1, { ...memberOf(103n, 4), era: 1n })
    send(peer, await head(103n, 3n, 3))
    list.splice(2, 1, { ...memberOf(103n, 4), batcher: zeroAddress, era: 2n })
    send(peer, await head(103n, 4n, 3))
    await clock.sleep(50)
    expect(heard.length).toBe(1)
  })

  it('is not cut off while it sees L1 in another era than the relay does, and nobody hears of it', async () => {
    const { server, heard, list } = await cluster()
    const peer = await raw(server.url, { keys: keysOf([1]) })
    list.splice(0, 1, { ...memberOf(A, 1), era: 1n })
    for (let number = 1n; number < 9n; number++) send(peer, await head(A, number, 1))
    await clock.sleep(50)
    list.splice(0, 1, memberOf(A, 1))
    send(peer, await head(A, 9n, 1))
    await until(() => heard.length > 0)
    expect(heard).toMatchObject([{ kind: 'head', head: { number: 9n } }])
    expect(peer.socket.readyState).toBe(peer.socket.OPEN)
  })

  it('is asked about its own chain only', async () => {
    const { hub, server } = await cluster()
    const asked: string[] = []
    for (const [name, keys] of Object.entries({ batcherA: keysOf([1]), attester: keysOf([], [5]), batcherB: keysOf([2]), reader: keysOf([]) })) {
      const link = connect(server.url, { keys })
      link.serve(async () => (asked.push(name), null))
      await link.ready()
    }
    await firstOf(hub.connect('asker').query({ kind: 'certificate', chainId: A }))
    expect(asked.sort()).toEqual(['attester', 'batcherA'])
  })
})

describe('the relay', () => {
  it('has room for members, however many connections of one host are open', { timeout: 20_000 }, async () => {
    const { server, heard } = await cluster()
    const many = Array.from({ length: 200 }, async (_, i) => raw(server.url, { keys: i % 2 ? 'silent' : keysOf([]) }))
    await Promise.all(many)
    for (const keys of [keysOf([1]), keysOf([], [5]), keysOf([9])]) expect((await raw(server.url, { keys })).own.may).toBe('publish')
    const member = await raw(server.url, { keys: keysOf([2]) })
    send(member, await head(B, 1n, 2))
    await until(() => heard.length === 1)
    const open = (await Promise.all(many)).filter(({ socket }) => socket.readyState === WebSocket.OPEN).length
    expect(open).toBeLessThanOrEqual(16 + 8)
    // One key has places of its own, and not all.
    const greedy = await Promise.all(Array.from({ length: 12 }, () => raw(server.url, { keys: keysOf([2]) })))
    expect(greedy.filter(({ own }) => own.may === 'publish').length).toBe(7)
  })

  it('is closed to web pages, whatever name they have it resolve to', async () => {
    const { server } = await cluster()
    const opened = async (headers: Record<string, string>) => (await raw(server.url, { keys: keysOf([1]), headers })).socket.readyState === WebSocket.OPEN
    expect(await opened({})).toBe(true)
    for (const origin of ['https://evil.example', 'http://localhost:3000', 'null']) expect(await opened({ origin })).toBe(false)
    expect(await opened({ host: 'evil.example' })).toBe(false)
    const open = await cluster({ origins: ['https://explorer.example'] })
    expect((await raw(open.server.url, { headers: { origin: 'https://explorer.example' }, keys: keysOf([]) })).own.may).toBe('read')
  })

  it('delays a member by no more than the checks of one other, however much that one sends', { timeout: 20_000 }, async () => {
    const { server, heard } = await cluster()
    const [loud, quiet] = [await raw(server.url, { keys: keysOf([1], [5]) }), await raw(server.url, { keys: keysOf([2]) })]
    const [junk] = (await sayings()).flatMap(([event]) => (event.kind === 'certificate' ? [event] : []))
    if (junk?.kind !== 'certificate') throw new Error('no certificate')
    for (let i = 0; i < 400; i++) send(loud, { ...junk, toBlock: BigInt(i) })
    send(quiet, await head(B, 1n, 2))
    const start = process.cpuUsage()
    await until(() => heard.some((event) => event.kind === 'head'), 10_000)
    // 400 certificates would take 2 s of work and more.
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(1_500)
    expect(heard.filter((event) => event.kind === 'certificate').length).toBeLessThan(400)
  })
})
