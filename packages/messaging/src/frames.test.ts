/** Every field of the frames with which a relay and its peers get to know and ask each other, changed (SEED=5): by a peer, and by a relay that lies. */
import { attestationSigner, attestedPolicy, encodeJson, policyHash, type LinkAnswer, type LinkEvent, systemClock as clock } from '@causeway/core'
import { mutationsOf, TEST_DOMAIN } from '@causeway/testing'
import type { AddressInfo } from 'node:net'
import { toHex, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterEach, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { LinkMember } from './admission.js'
import { firstOf } from './answers.js'
import { eventFrame, parseFrame, SUBPROTOCOL, type Frame } from './frame.js'
import { signHead } from './head.js'
import { proveKeys, type LinkKeys } from './identity.js'
import { connect, hear, raw, relay, until } from './relay.test-helper.js'

const SEED = 5
const account = privateKeyToAccount(toHex(1, { size: 32 }))
const attester = attestationSigner(new Uint8Array(32).fill(5))
const policy = attestedPolicy(1, [attester.publicKey])
const A = 101n
const member: LinkMember = { chainId: A, batcher: account.address, era: 0n, policyHash: policyHash(policy), policy }
const keys: LinkKeys = { domain: TEST_DOMAIN, accounts: [account] }
const head = async (number: bigint): Promise<LinkEvent> => ({
  kind: 'head',
  head: await signHead(TEST_DOMAIN, { chainId: A, incarnation: 0n, number, hash: toHex(number, { size: 32 }), parentHash: toHex(0, { size: 32 }), timestamp: 5n, policyHash: policyHash(policy), messages: [] }, account),
})
const started = () => relay({ domain: TEST_DOMAIN, members: { all: () => [member], find: (chainId) => (chainId === A ? member : undefined) }, aggregator: account.address })

const ends: (() => void)[] = []
afterEach(() => ends.splice(0).forEach((end) => end()))

it('a hello with any field changed proves nothing', async () => {
  /** On a connection and a relay of its own. */
  const outcomeOf = async (own: LinkKeys, index: number) => {
    const { server } = await started()
    const { host } = new URL(server.url)
    const { socket, nonce, outcome } = await challengeOf(server.url)
    const changed = mutationsOf({ type: 'hello', host, proofs: await proveKeys(own, { nonce, host }) }, SEED)[index]
    socket.send(encodeJson(changed?.value))
    return `${changed?.at}: ${await outcome}`
  }
  const cases: [LinkKeys, number][] = []
  for (const own of [keys, { domain: TEST_DOMAIN, attesters: [attester] }]) {
    const { length } = mutationsOf({ type: 'hello', host: '', proofs: await proveKeys(own, { nonce: toHex(1, { size: 32 }), host: '' }) }, SEED)
    for (let index = 0; index < length; index++) cases.push([own, index])
  }
  expect(cases.length).toBeGreaterThan(10)
  const outcomes = await Promise.all(cases.map(([own, index]) => outcomeOf(own, index)))
  // Said twice, a proof is as good as once.
  for (const outcome of outcomes) expect(outcome).toMatch(/^.*\.again: publish$|^(?!.*\.again).*: (read|closed)$/)
})

/** A connection that has heard its challenge. */
async function challengeOf(url: string) {
  const socket = new WebSocket(url, SUBPROTOCOL)
  ends.push(() => socket.terminate())
  socket.on('error', () => undefined)
  const heard: ((frame: Frame) => void)[] = []
  socket.on('message', (data) => heard.forEach((listener) => listener(parseFrame((data as Buffer).toString()))))
  const nonce = await new Promise<Hex>((resolve) => heard.push((frame) => frame.type === 'challenge' && resolve(frame.nonce)))
  const outcome = new Promise<string>((resolve) => {
    socket.on('close', () => resolve('closed'))
    heard.push((frame) => frame.type === 'welcome' && resolve(frame.may))
  })
  return { socket, nonce, outcome }
}

const answer: LinkAnswer = { kind: 'certificate', certificate: null, toBlock: 4n }
/** What a peer may be sent, and may send although it is not its part. */
const FRAMES: readonly Frame[] = [
  { type: 'challenge', nonce: toHex(7, { size: 32 }) },
  { type: 'welcome', may: 'publish' },
  { type: 'notice', text: 'nothing' },
  { type: 'query', id: 3, query: { kind: 'certificate', chainId: A } },
  { type: 'query', id: 4, query: { kind: 'heads', chainId: A, fromNonce: 1n, limit: 5 } },
  { type: 'answer', id: 3, answer },
  { type: 'answer', id: 3, answer: null },
]
const changedFrames = () => FRAMES.flatMap((frame) => [{ at: '', value: frame }, ...mutationsOf(frame, SEED)].map(({ at, value }) => ({ at: `${frame.type}${at}`, text: encodeJson(value) })))

it('a member who says what only a relay says, or any frame changed, disturbs nobody', async () => {
  for (const { at, text } of changedFrames()) {
    const { server, hub } = await started()
    const heard = hear(hub.connect('node'))
    hub.connect('server').serve(async () => answer)
    const peer = await raw(server.url, { keys: { domain: TEST_DOMAIN, attesters: [attester] } })
    expect(peer.own.may, at).toBe('publish')
    peer.socket.send(text)
    expect(await firstOf(hub.connect('asker').query({ kind: 'certificate', chainId: A })), at).toEqual(answer)
    const link = connect(server.url, { keys })
    await link.ready()
    link.publish(await head(1n))
    await until(() => heard.length === 1)
  }
})

it('a relay that lies makes a node sign for one challenge a connection, and lose no more than the connection', async () => {
  const lies = changedFrames()
  const hellos: number[] = []
  const published: string[] = []
  let turn = 0
  const liar = new WebSocketServer({ port: 0, handleProtocols: () => SUBPROTOCOL })
  ends.push(() => liar.close())
  liar.on('connection', (socket) => {
    const lie = lies[turn++]
    const own = hellos.push(0) - 1
    socket.on('message', (data) => {
      const frame = parseFrame((data as Buffer).toString())
      if (frame.type === 'event') published.push(encodeJson(frame.event))
      if (frame.type !== 'hello') return
      hellos[own] = (hellos[own] ?? 0) + 1
      if (lie === undefined) socket.send(encodeJson({ type: 'welcome', may: 'publish' }))
    })
    if (lie !== undefined) {
      socket.send(lie.text)
      socket.send(lie.text)
      socket.send(encodeJson({ type: 'challenge', nonce: toHex(8, { size: 32 }) }))
      setTimeout(() => socket.close(), 20)
    } else socket.send(encodeJson({ type: 'challenge', nonce: toHex(9, { size: 32 }) }))
  })
  const link = connect(`ws://127.0.0.1:${(liar.address() as AddressInfo).port}`, { keys, backoff: { first: 1, longest: 2 } })
  const event = await head(2n)
  const heard = hear(link)
  link.serve(async () => answer)
  await until(() => turn > lies.length, 20_000)
  await until(() => link.connected)
  link.publish(event)
  await until(() => published.includes(encodeJson(event)))
  expect(hellos.length).toBe(lies.length + 1)
  expect(Math.max(...hellos)).toBe(1)
  expect(heard).toEqual([])
})

it('what is asked of a relay that lies is answered by nothing that another question was answered by', async () => {
  const other = { kind: 'certificate', certificate: null, toBlock: 9n } as const
  const good = { type: 'answer', id: 0, answer } as const
  for (const { at, value } of mutationsOf(good, SEED)) {
    const liar = new WebSocketServer({ port: 0, handleProtocols: () => SUBPROTOCOL })
    ends.push(() => liar.close())
    liar.on('connection', (socket) => {
      socket.on('message', (data) => {
        const frame = parseFrame((data as Buffer).toString())
        if (frame.type === 'hello') socket.send(encodeJson({ type: 'welcome', may: 'publish' }))
        if (frame.type !== 'query') return
        socket.send(encodeJson({ ...value, ...(at.startsWith('.id') ? { id: frame.id + 1 } : { id: frame.id }) }))
        socket.send(encodeJson({ type: 'answer', id: frame.id, answer: other }))
        socket.send(encodeJson({ type: 'answer', id: frame.id, answer: null }))
      })
      socket.send(encodeJson({ type: 'challenge', nonce: toHex(9, { size: 32 }) }))
    })
    const link = connect(`ws://127.0.0.1:${(liar.address() as AddressInfo).port}`, { keys })
    await link.ready()
    const answers: LinkAnswer[] = []
    for await (const one of link.query({ kind: 'certificate', chainId: A })) answers.push(one)
    // The next answer counts, if the connection has survived the one that is none.
    expect(answers.filter(({ kind }) => kind !== 'certificate'), at).toEqual([])
    if (at.startsWith('.id')) expect(answers).toEqual([other])
    await link.close()
    await clock.sleep(1)
  }
})

it('frames that are encoded are frames that are read', async () => {
  for (const frame of FRAMES) expect(parseFrame(encodeJson(frame))).toEqual(frame)
  expect(parseFrame(eventFrame(encodeJson(await head(1n))))).toMatchObject({ type: 'event', event: { kind: 'head' } })
})
