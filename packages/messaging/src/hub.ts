import { decodeJson, encodeJson, parseLinkQuery, silentLog, type ClusterLink, type LinkAnswer, type LinkQuery, type Log } from '@causeway/core'
import { asTheyCome } from './answers.js'
import { createLocalSide, eventText } from './local.js'

/** One participant as the hub sees it. */
export type HubEndpoint = {
  name: string
  /** Takes the canonical text of another's event. */
  deliver(text: string): void
  /** Whether it speaks for a chain: only then it is asked about it. A participant of this process always may. */
  speaksFor?(chainId: bigint): boolean
  /** Asks this participant. Null: it has no answer. Must not reject. */
  ask(query: LinkQuery): Promise<LinkAnswer | null>
}

/** What an attached endpoint may do. */
export type HubPort = {
  /** Sends the canonical text of an event (see `eventText`) to all others. */
  publish(text: string): void
  /** Asks all others; their answers as they come. */
  ask(query: LinkQuery): AsyncIterable<LinkAnswer>
  detach(): void
}

/** The middle of a star: what one endpoint publishes reaches every other, once. It has no authority and checks only form. */
export type LinkHub = {
  /** A link for a node of this process. Nothing but text crosses the hub. */
  connect(name: string): ClusterLink
  /** Adds a participant that is reached some other way, e.g. over WebSocket. */
  attach(endpoint: HubEndpoint): HubPort
  /** Detaches everybody. */
  close(): Promise<void>
}

/** Makes a {@link LinkHub}. In-process handlers are awaited as long as they take. */
export function createLinkHub({ log = silentLog }: { log?: Log } = {}): LinkHub {
  const endpoints = new Set<HubEndpoint>()
  const others = (self: HubEndpoint) => (endpoints.has(self) ? [...endpoints].filter((endpoint) => endpoint !== self) : [])

  const attach = (endpoint: HubEndpoint): HubPort => {
    endpoints.add(endpoint)
    return {
      publish: (text) => others(endpoint).forEach((other) => other.deliver(text)),
      ask: (query) => asTheyCome(query, others(endpoint).flatMap((other) => (other.speaksFor?.(query.chainId) === false ? [] : [other.ask({ ...query })]))),
      detach: () => void endpoints.delete(endpoint),
    }
  }

  return {
    attach,
    connect(name) {
      const local = createLocalSide({ name, log })
      const port = attach({ name, deliver: local.deliver, ask: local.answer })
      return {
        publish: (event) => port.publish(eventText(event)),
        subscribe: local.subscribe,
        serve: local.serve,
        query: (query) => port.ask(parseLinkQuery(decodeJson(encodeJson(query)))),
        async close() {
          port.detach()
          local.clear()
        },
      }
    },
    async close() {
      endpoints.clear()
    },
  }
}
