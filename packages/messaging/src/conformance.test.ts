import { type Clock, type ClusterLink, type LinkEvent, systemClock as testClock } from '@causeway/core'
import { describe, expect, it } from 'vitest'
import { linkConformance, type LinkGroup } from './conformance.js'
import { CAST_KEYS, CAST_RELAY } from './cast.js'
import { connectLink } from './connect.js'
import { createLinkHub } from './hub.js'
import { serveLink } from './serve.js'
import { faultyLink } from './faulty.js'

const clock: Clock = testClock

async function inProcess(count: number): Promise<LinkGroup> {
  const hub = createLinkHub()
  return { links: Array.from({ length: count }, (_, i) => hub.connect(`chain ${i}`)), clock, close: hub.close }
}

async function overWebSocket(count: number): Promise<LinkGroup> {
  const hub = createLinkHub()
  const server = await serveLink({ hub, clock, ...CAST_RELAY })
  const links = Array.from({ length: count }, () => connectLink({ url: server.url, clock, keys: CAST_KEYS }))
  await Promise.all(links.map((link) => link.ready()))
  return {
    links,
    clock,
    async close() {
      await Promise.all(links.map((link) => link.close()))
      await server.close()
    },
  }
}

/** One link in the relay's process, the others remote. */
async function mixed(count: number): Promise<LinkGroup> {
  const hub = createLinkHub()
  const server = await serveLink({ hub, clock, ...CAST_RELAY })
  const remote = Array.from({ length: count - 1 }, () => connectLink({ url: server.url, clock, keys: CAST_KEYS }))
  await Promise.all(remote.map((link) => link.ready()))
  return {
    links: [hub.connect('local'), ...remote],
    clock,
    async close() {
      await Promise.all(remote.map((link) => link.close()))
      await server.close()
    },
  }
}

describe('in process', () => linkConformance({ it, expect }, inProcess))
describe('over WebSocket', () => linkConformance({ it, expect }, overWebSocket))
describe('in process and over WebSocket', () => linkConformance({ it, expect }, mixed))
describe('faulty, without faults', () =>
  linkConformance({ it, expect }, async (count) => {
    const group = await inProcess(count)
    return { ...group, links: group.links.map((link) => faultyLink(link, { seed: 1 })) }
  }))

describe('the suite finds a link that', () => {
  const broken: Record<string, (link: ClusterLink) => ClusterLink> = {
    'loses every tenth of its events': (link) => faultyLink(link, { seed: 3, drop: 0.1 }),
    'delivers twice': (link) => faultyLink(link, { seed: 3, duplicate: 1 }),
    'lets events overtake one another': (link) => faultyLink(link, { seed: 3, delay: { clock, longest: 20 } }),
    'never answers': (link) => ({ ...link, query: async function* () {} }),
    'gives one answer only': (link) => ({
      ...link,
      query: async function* (query) {
        for await (const answer of link.query(query)) return yield answer
      },
    }),
    'asks itself': (link) => {
      const handlers: Parameters<ClusterLink['serve']>[0][] = []
      return {
        ...link,
        serve: (handler) => (handlers.push(handler), link.serve(handler)),
        query: async function* (query) {
          const own = await handlers[0]?.(query)
          if (own) yield own
          yield* link.query(query)
        },
      }
    },
    'delivers to its publisher': (link) => {
      const own = new Set<(event: LinkEvent) => void>()
      return {
        ...link,
        subscribe: (handler) => (own.add(handler), link.subscribe(handler)),
        publish: (event) => {
          link.publish(event)
          for (const handler of own) handler(event)
        },
      }
    },
    'cannot unsubscribe': (link) => ({ ...link, subscribe: (handler) => (link.subscribe(handler), () => undefined) }),
  }
  it.each(Object.entries(broken))('%s', async (_name, breakIt) => {
    expect(await failures((count) => inProcess(count).then((group) => ({ ...group, links: group.links.map(breakIt) })))).toBeGreaterThan(0)
  })

  it('passes objects of one chain to another', async () => {
    const shared = async (count: number): Promise<LinkGroup> => {
      const handlers: Set<(event: LinkEvent) => void>[] = Array.from({ length: count }, () => new Set())
      const links = handlers.map(
        (own): ClusterLink => ({
          publish: (event) => handlers.forEach((set) => set !== own && set.forEach((handler) => handler(event))),
          subscribe: (handler) => (own.add(handler), () => void own.delete(handler)),
          query: async function* () {},
          serve: () => () => undefined,
          close: async () => own.clear(),
        }),
      )
      return { links, clock, close: async () => undefined }
    }
    expect(await failures(shared)).toBeGreaterThan(0)
  })
})

/** Runs the suite as a framework would and counts its failures. */
async function failures(makeLinks: (count: number) => Promise<LinkGroup>): Promise<number> {
  const tests: (() => Promise<void>)[] = []
  const quick: typeof makeLinks = async (count) => ({ ...(await makeLinks(count)), clock: impatient })
  linkConformance({ it: (_name, test) => void tests.push(test), expect }, quick)
  const results = await Promise.allSettled(tests.map((test) => test()))
  return results.filter(({ status }) => status === 'rejected').length
}

/** A clock on which waiting for what never comes takes a fiftieth of the time. */
const impatient: Clock = { now: () => clock.now() * 50n, sleep: clock.sleep }
