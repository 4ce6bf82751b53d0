import { encodeJson, errorCode, type Clock, type LinkAnswer, type LinkQuery, type Log } from '@causeway/core'
import type { RawData, WebSocket } from 'ws'
import { createBoundedQueue } from './bounded-queue.js'
import { encodeFrame, parseFrame } from './frame.js'
import type { SessionLimits } from './session-limits.js'

/** Code of a close for breaking the rules (RFC 6455, section 7.4.1: policy violation). */
const POLICY_VIOLATION = 1008

/** What is done with what a peer sends. */
export type SessionHandlers = {
  /** Gets the canonical text of an event. */
  event(text: string): void
  query(query: LinkQuery): Promise<LinkAnswer | null>
}

/** One open WebSocket, the same at both ends. */
export type Session = {
  /** Sends a frame, now or when the peer has caught up. */
  send(frame: string): void
  /** Asks the peer; null after the timeout or when the socket closes. */
  ask(query: LinkQuery): Promise<LinkAnswer | null>
  /** Pings; cuts the peer off if it has said nothing since the last time. */
  heartbeat(): void
}

/** Starts a {@link Session} on an open socket. It ends with the socket. */
export function openSession({
  socket,
  peer,
  clock,
  log,
  limits,
  handlers,
}: {
  socket: WebSocket
  peer: string
  clock: Clock
  log: Log
  limits: SessionLimits
  handlers: SessionHandlers
}): Session {
  const waiting = createBoundedQueue(limits.queue)
  const pending = new Map<number, (answer: LinkAnswer | null) => void>()
  let nextId = 0
  let strikes = 0
  let working = 0
  let alive = true
  let second = 0n
  let frames = 0

  const pump = () => {
    while (waiting.length > 0 && socket.readyState === socket.OPEN && socket.bufferedAmount < limits.buffered) {
      socket.send(waiting.shift() as string, (error) => (error ? log.debug('a frame was not sent', { peer, error: error.message }) : pump()))
    }
    const lost = waiting.length === 0 ? waiting.takeLost() : 0
    if (lost > 0) log.warn('a link peer was too slow; frames were lost', { peer, lost })
  }
  const send = (frame: string) => {
    waiting.push(frame)
    pump()
  }
  const strike = (reason: string) => {
    strikes++
    log.warn('a link peer sent a malformed frame; it was dropped', { peer, strikes, reason })
    if (strikes >= limits.strikes) {
      log.warn('a link peer was cut off', { peer, reason: 'too many malformed frames' })
      socket.close(POLICY_VIOLATION, 'too many malformed frames')
    }
  }
  const tooFast = () => {
    const now = clock.now() / 1_000n
    if (now !== second) frames = 0
    second = now
    return ++frames > limits.framesPerSecond
  }
  const answer = async (id: number, query: LinkQuery) => {
    if (working >= limits.inFlight) return send(encodeFrame({ type: 'answer', id, answer: null }))
    working++
    try {
      send(encodeFrame({ type: 'answer', id, answer: await handlers.query(query) }))
    } finally {
      working--
    }
  }
  const receive = (data: RawData, isBinary: boolean) => {
    if (socket.readyState !== socket.OPEN) return
    alive = true
    if (tooFast()) {
      log.warn('a link peer was cut off', { peer, reason: `more than ${limits.framesPerSecond} frames in a second` })
      return socket.close(POLICY_VIOLATION, 'too many frames')
    }
    if (isBinary) return strike('a binary frame')
    let frame
    try {
      frame = parseFrame(data.toString())
    } catch (error) {
      if (errorCode(error) === undefined) throw error
      return strike((error as Error).message.split('\n')[0] as string)
    }
    // Encoded again, so that others get the canonical form and nothing else.
    if (frame.type === 'event') return handlers.event(encodeJson(frame.event))
    if (frame.type === 'answer') return pending.get(frame.id)?.(frame.answer)
    answer(frame.id, frame.query).catch((error: unknown) => log.error('a link query failed', { peer, error }))
  }

  socket.on('message', receive)
  socket.on('pong', () => (alive = true))
  socket.on('ping', () => (alive = true))
  socket.on('close', () => {
    waiting.drain()
    for (const resolve of pending.values()) resolve(null)
  })

  return {
    send,
    async ask(query) {
      if (socket.readyState !== socket.OPEN) return null
      const id = nextId++
      const done = new AbortController()
      const answered = new Promise<LinkAnswer | null>((resolve) => pending.set(id, resolve))
      send(encodeFrame({ type: 'query', id, query }))
      try {
        return await Promise.race([answered, clock.sleep(limits.queryTimeout, done.signal).then(() => null)])
      } finally {
        pending.delete(id)
        done.abort()
      }
    },
    heartbeat() {
      if (!alive) {
        log.info('a link peer went silent and was dropped', { peer })
        return socket.terminate()
      }
      alive = false
      if (socket.readyState === socket.OPEN) socket.ping()
    },
  }
}
