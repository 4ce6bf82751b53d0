import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { CausewayError, silentLog, urlAuthority, webGate, type Clock, type ClusterDomain, type Log, type WebAccess } from '@causeway/core'
import { WebSocketServer } from 'ws'
import { bytesToHex, type Address } from 'viem'
import { createAdmission, type LinkMembers } from './admission.js'
import { createBudgets } from './budgets.js'
import { SUBPROTOCOL } from './frame.js'
import type { LinkHub } from './hub.js'
import { MAX_MESSAGE_BYTES } from './local.js'
import { ALLOWANCES, openPeer, type PeerAllowances } from './peer.js'
import { createPlaces, PLACES, type Places } from './places.js'
import type { Session } from './session.js'
import { SESSION_LIMITS, type SessionLimits } from './session-limits.js'

/** Above all places together, so that they are what decides. */
const MOST_CONNECTIONS = 1_024

/** Parameters of {@link serveLink}. */
export type ServeLinkParameters = {
  hub: LinkHub
  /** Of the cluster: keys are proven for it. */
  domain: ClusterDomain
  /** Who is registered on L1, as it is now. */
  members: LinkMembers
  /** The account whose verdicts are passed on. Without it, none come over the relay. */
  aggregator?: Address
  clock: Clock
  /** 0 takes a free one. */
  port?: number
  /** 127.0.0.1 unless told. */
  host?: string
  /**
   * Names under which peers reach the relay, as in their URL (`relay.example`, with the port unless it is the scheme's), besides `host`, `localhost`
   * and the loopback addresses with the port it listens on. A peer proves its key for one of them.
   */
  names?: readonly string[]
  /** Origins of web pages that may connect; by default none. */
  origins?: WebAccess['origins']
  /** Answers what is no WebSocket, e.g. with what the cluster says of itself; returns whether it did. */
  onRequest?: (request: IncomingMessage, response: ServerResponse) => boolean
  log?: Log
  /** ms between pings; a peer that stays silent for one interval after a ping is dropped. */
  heartbeat?: number
  places?: Partial<Places>
  /** What peers may use. */
  allowances?: Partial<PeerAllowances>
  limits?: Partial<SessionLimits>
}

/** A relay that takes WebSocket peers. */
export type LinkServer = {
  /** Where peers connect to, `ws://…`. */
  url: string
  /** The same, for what is no WebSocket: `http://…`. */
  http: string
  /** Cuts all peers off and frees the port; the hub stays. */
  close(): Promise<void>
}

/**
 * Makes a hub reachable over WebSocket. A peer proves keys that L1 has registered, and may say what these keys may say; every event is checked before
 * it reaches the others, in-process or not, once. Who proves none reads only. What each peer may use is bounded, by its key or else its address.
 * @throws `LINK_LISTEN` if the port cannot be taken
 */
export async function serveLink(parameters: ServeLinkParameters): Promise<LinkServer> {
  const { hub, domain, members, aggregator, clock, port = 0, host = '127.0.0.1', names = [], origins = [], onRequest, log = silentLog, heartbeat = 15_000 } = parameters
  const limits = { ...SESSION_LIMITS, ...parameters.limits }
  const allowances = { ...ALLOWANCES, ...parameters.allowances }
  const admission = createAdmission({ domain, members, ...(aggregator && { aggregator }) })
  const budgetOf = createBudgets(clock)
  const placeOf = createPlaces({ ...PLACES, ...parameters.places })
  const refusal = webGate({ hosts: names.map(withoutPort), origins })
  const web = createServer({ headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000, connectionsCheckingInterval: 5_000 }, (request, response) => {
    const refused = refusal({ host: request.headers.host, origin: request.headers.origin })
    if (refused) return void response.writeHead(403).end(`${refused.reason}\n`)
    if (!onRequest?.(request, response)) response.writeHead(426, { upgrade: 'websocket' }).end(`this is a relay: connect with a WebSocket and ${SUBPROTOCOL}\n`)
  })
  web.maxConnections = MOST_CONNECTIONS
  const server = new WebSocketServer({
    server: web,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    verifyClient: ({ req }, allow) => {
      const refused = refusal({ host: req.headers.host, origin: req.headers.origin })
      if (refused) return allow(false, 403, refused.reason)
      return req.headers['sec-websocket-protocol']?.split(',').some((one) => one.trim() === SUBPROTOCOL) ? allow(true) : allow(false, 400, `speak ${SUBPROTOCOL}`)
    },
  })
  server.on('error', (error) => log.error('the link server failed', { error: error.message }))
  const stop = new AbortController()
  const sessions = new Set<Session>()
  let known: ReadonlySet<string> = new Set()
  let peers = 0

  server.on('connection', (socket, request) => {
    const address = request.socket.remoteAddress ?? 'unknown'
    const name = `${address}#${++peers}`
    socket.on('error', (error) => log.warn('a link peer failed', { peer: name, error: error.message }))
    const place = placeOf(address, () => socket.terminate())
    const nonce = bytesToHex(randomBytes(32))
    const session = openPeer({ ...{ socket, name, address, place, hub, domain, admission, budgetOf, allowances, limits, clock, log }, challenge: { nonce, hosts: known } })
    sessions.add(session)
    socket.on('close', () => {
      place.leave()
      sessions.delete(session)
    })
  })

  try {
    web.listen(port, host)
    await once(web, 'listening')
  } catch (cause) {
    throw new CausewayError(`Cannot listen on ${host}:${port}.`, { code: 'LINK_LISTEN', fix: 'choose another port, or stop what holds this one', cause })
  }

  const beat = async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(heartbeat, stop.signal)
      if (!stop.signal.aborted) for (const session of sessions) session.heartbeat()
    }
  }
  const beating = beat()
  const at = web.address()
  const bound = typeof at === 'object' && at !== null ? at.port : port
  const authority = urlAuthority(host, bound)
  known = new Set([authority, `localhost:${bound}`, `127.0.0.1:${bound}`, `[::1]:${bound}`, ...names].map(authorityOf))

  return {
    url: `ws://${authority}`,
    http: `http://${authority}`,
    async close() {
      stop.abort()
      for (const client of server.clients) client.terminate()
      server.close()
      await new Promise<void>((resolve) => {
        web.close(() => resolve())
        web.closeAllConnections()
      })
      await beating
    },
  }
}

/** A name as a URL has it: lower case, without the port of `ws:`. */
function authorityOf(name: string): string {
  return new URL(`ws://${name}`).host
}

function withoutPort(name: string): string {
  return name.replace(/:\d+$/, '')
}
