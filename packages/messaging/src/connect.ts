import { decodeJson, encodeJson, parseLinkQuery, silentLog, type Clock, type ClusterLink, type LinkQuery, type Log } from '@causeway/core'
import type { Hex } from 'viem'
import { WebSocket } from 'ws'
import { asTheyCome, fitting } from './answers.js'
import { createBoundedQueue } from './bounded-queue.js'
import { encodeFrame, eventFrame, SUBPROTOCOL } from './frame.js'
import { proveKeys, type LinkKeys } from './identity.js'
import { createLocalSide, eventText, MAX_MESSAGE_BYTES } from './local.js'
import { openSession, type Session } from './session.js'
import { SESSION_LIMITS, type SessionLimits } from './session-limits.js'

/** Parameters of {@link connectLink}. Times in ms. */
export type ConnectLinkParameters = {
  /** Of a relay: `ws://…` or `wss://…`. */
  url: string
  clock: Clock
  log?: Log
  /** What this node proves to the relay, so that it may publish. Without keys it hears, and asks a little. */
  keys?: LinkKeys
  /** First and longest pause before connecting again; it doubles in between. */
  backoff?: { first: number; longest: number }
  heartbeat?: number
  limits?: Partial<SessionLimits>
}

/** A {@link ClusterLink} to a relay, with the state of the connection. */
export type WebSocketLink = ClusterLink & {
  readonly connected: boolean
  /** Resolves at the next moment at which the relay has taken the link, or it is closed. */
  ready(): Promise<void>
}

/**
 * A link through a relay (`serveLink`). Returns at once and connects, again and again, in the background; what is published meanwhile
 * waits in a bounded queue, the oldest lost first. What was sent just before a connection broke may be lost and is not sent twice.
 */
export function connectLink({ url, clock, log = silentLog, keys, backoff = { first: 100, longest: 10_000 }, heartbeat = 15_000, limits: given }: ConnectLinkParameters): WebSocketLink {
  const limits = { ...SESSION_LIMITS, ...given }
  const local = createLocalSide({ name: url, log })
  const closing = new AbortController()
  const waiting = createBoundedQueue(limits.queue)
  const onReady = new Set<() => void>()
  let session: Session | null = null
  let socket: WebSocket | null = null

  /** Says hello on a connection; it counts once the relay has bid welcome. */
  const greet = (open: WebSocket): Session => {
    const greeted = openSession({
      ...{ socket: open, peer: url, clock, log, limits },
      handlers: {
        event: (_event, text) => local.deliver(text),
        query: (query) => asTheyCome(query, [local.answer(query)]),
        control(frame) {
          if (frame.type === 'challenge') prove(frame.nonce).catch((error: unknown) => log.error('the keys of a link could not be proven', { url, error }))
          if (frame.type === 'welcome') welcomed(greeted, frame.may)
          if (frame.type === 'notice') log.warn(`the relay says: ${frame.text}`, { url })
        },
      },
    })
    let proven = false
    const prove = async (nonce: Hex): Promise<void> => {
      // Once a connection: a relay gets no more signatures than it needs.
      if (proven) return
      proven = true
      const { host } = new URL(url)
      greeted.send(encodeFrame({ type: 'hello', host, proofs: keys ? await proveKeys(keys, { nonce, host }) : [] }))
    }
    return greeted
  }
  const welcomed = (greeted: Session, may: 'publish' | 'read') => {
    session = greeted
    log.info('link connected', { url })
    if (keys && may === 'read') log.warn('the relay knows none of the keys of this link yet: it reads only', { url })
    for (const frame of waiting.drain()) greeted.send(frame)
    wake()
  }
  const wake = () => {
    for (const resolve of [...onReady]) resolve()
    onReady.clear()
  }

  /** One connection, from the attempt to its end. */
  const connection = () =>
    new Promise<void>((resolve) => {
      const ended = new AbortController()
      const own = new WebSocket(url, SUBPROTOCOL, { maxPayload: MAX_MESSAGE_BYTES, handshakeTimeout: 10_000 })
      socket = own
      own.on('open', () => {
        const current = greet(own)
        const beat = async () => {
          while (!ended.signal.aborted) {
            await clock.sleep(heartbeat, ended.signal)
            if (!ended.signal.aborted) current.heartbeat()
          }
        }
        beat().catch((error: unknown) => log.error('the heartbeat of a link stopped', { url, error }))
      })
      own.on('error', (error) => log.debug('link failed', { url, error: error.message }))
      own.on('close', (code, reason) => {
        ended.abort()
        if (session) log.info('link lost', { url, code, reason: reason.toString() })
        session = null
        resolve()
      })
    })

  const run = async () => {
    let failures = 0
    while (!closing.signal.aborted) {
      const start = clock.now()
      await connection()
      // A relay that takes the connection and cuts it off at once must not be asked again at once.
      failures = clock.now() - start >= BigInt(backoff.longest) ? 0 : failures + 1
      const pause = Math.min(backoff.longest, backoff.first * 2 ** Math.min(Math.max(failures - 1, 0), 20))
      if (!closing.signal.aborted) await clock.sleep(pause, closing.signal)
    }
  }
  const running = run()
  running.catch((error: unknown) => log.error('the link stopped', { url, error }))

  return {
    get connected() {
      return session !== null
    },
    ready: () => (session || closing.signal.aborted ? Promise.resolve() : new Promise((resolve) => onReady.add(resolve))),
    publish(event) {
      if (closing.signal.aborted) return
      const frame = eventFrame(eventText(event))
      if (session) return session.send(frame)
      waiting.push(frame)
    },
    subscribe: local.subscribe,
    serve: local.serve,
    query(query) {
      const asked: LinkQuery = parseLinkQuery(decodeJson(encodeJson(query)))
      return fitting(asked, session ? session.ask(asked) : asTheyCome(asked, []))
    },
    async close() {
      closing.abort()
      local.clear()
      wake()
      socket?.terminate()
      await running
    },
  }
}
