import { encodeJson, type LinkEvent, systemClock as clock } from '@causeway/core'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { firstOf } from './answers.js'
import { CAST_ACCOUNT, CAST_DOMAIN, CAST_RELAY } from './cast.js'
import { eventFrame } from './frame.js'
import { MAX_MESSAGE_BYTES } from './local.js'
import { ALLOWANCES } from './peer.js'
import { connect, hear, lines, raw, relay, until } from './relay.test-helper.js'
import { serveLink } from './serve.js'
import { signVerdict } from './verdict.js'

const verdicts = await Promise.all(
  Array.from({ length: 10 }, (_, i) => signVerdict(CAST_DOMAIN, { kind: 'verdict', chainId: 1n, height: 2n, statement: 3n, verdict: 'waiting', epoch: BigInt(i), time: BigInt(i), reason: '' }, CAST_ACCOUNT)),
)
const verdict = (epoch: bigint) => verdicts[Number(epoch)] as LinkEvent
describe('the relay', () => {
  it('drops malformed frames and cuts the peer off after five; others hear nothing of it', async () => {
    const { hub, server } = await relay()
    const heard = hear(hub.connect('local'))
    const { socket, closed } = await raw(server.url)
    const event = JSON.parse(encodeJson(verdict(1n))) as object
    const bad = ['{', '{}', JSON.stringify({ type: 'event', event: { ...event, extra: 1 } }), JSON.stringify({ type: 'event', event: { ...event, height: '-1n' } })]
    for (const text of bad) socket.send(text)
    socket.send(JSON.stringify({ type: 'event', event }))
    await until(() => heard.length === 1)
    socket.send(Buffer.from([1, 2, 3]))
    socket.send(JSON.stringify({ type: 'event', event }))
    expect(await closed).toBe(1008)
    expect(heard).toEqual([verdict(1n)])
    expect(lines.filter(({ message }) => message.includes('malformed'))).toHaveLength(5)
    expect(lines.some(({ fields }) => String(fields?.['reason']).includes('frame.event.height') || String(fields?.['reason']).includes('event.height'))).toBe(true)
  })

  it('cuts off who sends too much at once or too often', async () => {
    const { server } = await relay({ allowances: { member: { ...ALLOWANCES.member, frames: { perSecond: 20, burst: 20 } } } })
    const large = await raw(server.url)
    large.socket.send('x'.repeat(MAX_MESSAGE_BYTES + 1))
    expect(await large.closed).toBe(1009)
    const fast = await raw(server.url)
    for (let i = 0; i < 1_100; i++) fast.socket.send(eventFrame(encodeJson(verdict(1n))))
    expect(await fast.closed).toBe(1008)
    // Its key has to wait.
    expect(await (await raw(server.url)).closed).toBe(1013)
  })

  it('takes only peers of its protocol', async () => {
    const { server } = await relay()
    expect((await raw(server.url, { protocol: 'something-else' })).socket.readyState).toBe(WebSocket.CLOSED)
    expect((await raw(server.url)).socket.readyState).toBe(WebSocket.OPEN)
  })

  it('relays the canonical form', async () => {
    const { server } = await relay()
    const [a, b] = [await raw(server.url), await raw(server.url)]
    a.socket.send(` { "event": ${encodeJson(verdict(1n))}, "type": "event" } `)
    await until(() => b.received.length === 1)
    expect(b.received).toEqual([`{"type":"event","event":${encodeJson(verdict(1n))}}`])
    expect(a.received).toEqual([])
  })

  it('drops a peer that goes silent and keeps one that answers pings', async () => {
    const { server } = await relay({ heartbeat: 40 })
    const silent = await raw(server.url, { autoPong: false })
    const good = await raw(server.url)
    expect(await silent.closed).toBe(1006)
    await clock.sleep(100)
    expect(good.socket.readyState).toBe(WebSocket.OPEN)
  })

  it('ignores answers to questions it did not ask', async () => {
    const { hub, server } = await relay({ limits: { queryTimeout: 50 } })
    const { socket, received } = await raw(server.url)
    const asked = firstOf(hub.connect('local').query({ kind: 'certificate', chainId: 1n }))
    await until(() => received.length === 1)
    socket.send(encodeJson({ type: 'answer', id: 7, answer: { kind: 'certificate', certificate: null, toBlock: 1n } }))
    expect(await asked).toBe(null)
  })

  it('says how to fix a taken port', async () => {
    const { hub, server } = await relay()
    await expect(serveLink({ hub, clock, port: Number(new URL(server.url).port), ...CAST_RELAY })).rejects.toMatchObject({ code: 'LINK_LISTEN' })
  })
})

describe('a link over WebSocket', () => {
  it('keeps what is published before it is connected, up to a bound', async () => {
    const { hub, server } = await relay()
    const heard = hear(hub.connect('local'))
    const link = connect(server.url, { limits: { queue: { count: 3, size: 1e6 } } })
    expect(link.connected).toBe(false)
    for (let i = 1n; i <= 5n; i++) link.publish(verdict(i))
    await until(() => heard.length >= 3)
    expect(heard).toEqual([verdict(3n), verdict(4n), verdict(5n)])
  })

  it('connects again after the relay was away, and each event still arrives once', async () => {
    const first = await relay()
    const port = Number(new URL(first.server.url).port)
    const [a, b] = [connect(first.server.url), connect(first.server.url)]
    const heard = hear(b)
    await Promise.all([a.ready(), b.ready()])
    a.publish(verdict(1n))
    await until(() => heard.length === 1)
    await first.server.close()
    await until(() => !a.connected && !b.connected)
    expect(await firstOf(a.query({ kind: 'certificate', chainId: 1n }))).toBe(null)
    await relay({ port })
    await Promise.all([b.ready(), a.ready()])
    a.publish(verdict(2n))
    await until(() => heard.length === 2)
    await clock.sleep(50)
    expect(heard).toEqual([verdict(1n), verdict(2n)])
  })

  it('pauses longer and longer between attempts', async () => {
    const { server } = await relay()
    const { url } = server
    await server.close()
    const pauses: number[] = []
    const watched = { now: clock.now, sleep: (ms: number, signal?: AbortSignal) => (pauses.push(ms), clock.sleep(1, signal)) }
    connect(url, { clock: watched, backoff: { first: 10, longest: 60 } })
    await until(() => pauses.length >= 5)
    expect(pauses.slice(0, 5)).toEqual([10, 20, 40, 60, 60])
  })

  it('gives up on a query after its timeout, and close ends everything', async () => {
    const { hub, server } = await relay()
    const never = hub.connect('never answers')
    never.serve(() => new Promise(() => undefined))
    const link = connect(server.url, { limits: { queryTimeout: 30 } })
    await link.ready()
    expect(await firstOf(link.query({ kind: 'certificate', chainId: 1n }))).toBe(null)
    const open = firstOf(link.query({ kind: 'certificate', chainId: 1n }))
    await link.close()
    expect(await open).toBe(null)
    expect(link.connected).toBe(false)
    link.publish(verdict(1n))
    await link.ready()
  })
})
