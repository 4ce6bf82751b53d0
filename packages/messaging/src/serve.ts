import { once } from 'node:events'
import { CausewayError, silentLog, type Clock, type Log } from '@causeway/core'
import { WebSocketServer, type WebSocket } from 'ws'
import { firstOf } from './answers.js'
import { eventFrame, SUBPROTOCOL } from './frame.js'
import type { LinkHub } from './hub.js'
import { MAX_MESSAGE_BYTES } from './local.js'
import { openSession, type Session } from './session.js'
import { SESSION_LIMITS, type SessionLimits } from './session-limits.js'

/** Parameters of {@link serveLink}. */
export type ServeLinkParameters = {
  hub: LinkHub
  clock: Clock
  /** 0 takes a free one. */
  port?: number
  /** 127.0.0.1 unless told: whoever reaches the port can publish. */
  host?: string
  log?: Log
  /** ms between pings; a peer that stays silent for one interval after a ping is dropped. */
  heartbeat?: number
  /** Open connections at most. */
  maxPeers?: number
  limits?: Partial<SessionLimits>
}

/** A relay that takes WebSocket peers. */
export type LinkServer = {
  /** Where peers connect to, `ws://…`. */
  url: string
  /** Cuts all peers off and frees the port; the hub stays. */
  close(): Promise<void>
}

/**
 * Makes a hub reachable over WebSocket: each peer is an endpoint of the hub, so its events reach all others, in-process or not, once.
 * @throws `LINK_LISTEN` if the port cannot be taken
 */
export async function serveLink({ hub, clock, port = 0, host = '127.0.0.1', log = silentLog, heartbeat = 15_000, maxPeers = 256, limits }: ServeLinkParameters): Promise<LinkServer> {
  const server = new WebSocketServer({
    port,
    host,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    verifyClient: ({ req }, allow) => {
      if (server.clients.size >= maxPeers) return allow(false, 503, 'too many peers')
      return req.headers['sec-websocket-protocol']?.split(',').some((one) => one.trim() === SUBPROTOCOL) ? allow(true) : allow(false, 400, `speak ${SUBPROTOCOL}`)
    },
  })
  const stop = new AbortController()
  const sessions = new Set<Session>()
  let peers = 0

  const accept = (socket: WebSocket, peer: string) => {
    socket.on('error', (error) => log.warn('a link peer failed', { peer, error: error.message }))
    const session = openSession({
      socket,
      peer,
      clock,
      log,
      limits: { ...SESSION_LIMITS, ...limits },
      handlers: { event: (text) => endpoint.publish(text), query: (query) => endpoint.ask(query) },
    })
    const endpoint = hub.attach({ name: peer, deliver: (text) => session.send(eventFrame(text)), ask: (query) => firstOf(session.ask(query)) })
    sessions.add(session)
    log.debug('a link peer connected', { peer })
    socket.on('close', (code) => {
      endpoint.detach()
      sessions.delete(session)
      log.debug('a link peer left', { peer, code })
    })
  }
  server.on('connection', (socket, request) => accept(socket, `${request.socket.remoteAddress ?? 'unknown'}#${++peers}`))

  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new CausewayError(`Cannot listen on ${host}:${port}.`, { code: 'LINK_LISTEN', fix: 'choose another port, or stop what holds this one', cause })
  }
  server.on('error', (error) => log.error('the link server failed', { error: error.message }))

  const beat = async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(heartbeat, stop.signal)
      if (!stop.signal.aborted) for (const session of sessions) session.heartbeat()
    }
  }
  const beating = beat()
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port

  return {
    url: `ws://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    async close() {
      stop.abort()
      for (const client of server.clients) client.terminate()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await beating
    },
  }
}
