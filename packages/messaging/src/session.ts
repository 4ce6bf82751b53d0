import { encodeJson, errorCode, type Clock, type LinkAnswer, type LinkQuery, type Log } from '@causeway/core'
import type { RawData, WebSocket } from 'ws'
import { createAnswers, type Answers } from './answers.js'
import { createBoundedQueue } from './bounded-queue.js'
import { encodeFrame, parseFrame } from './frame.js'
import type { SessionLimits } from './session-limits.js'

/** Code of a close for breaking the rules (RFC 6455, section 7.4.1: policy violation). */
const POLICY_VIOLATION = 1008

/** What is done with what a peer sends. */
export type SessionHandlers = {
  /** Gets the canonical text of an event. */
  event(text: string): void
  /** What the peer asks; all of it is sent. */
  query(query: LinkQuery): AsyncIterable<LinkAnswer>
}

/** One open WebSocket, the same at both ends. */
export type Session = {
  /** Sends a frame, now or when the peer has caught up. */
  send(frame: string): void
  /** Asks the peer; its answers end after the timeout or when the socket closes. */
  ask(query: LinkQuery): AsyncIterable<LinkAnswer>
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
  const pending = new Map<number, Answers>()
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
    const end = () => send(encodeFrame({ type: 'answer', id, answer: null }))
    if (working >= limits.inFlight) return end()
    working++
    try {
      for await (const answer of handlers.query(query)) send(encodeFrame({ type: 'answer', id, answer }))
    } finally {
      working--
      end()
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
    if (frame.type === 'answer') {
      const answers = pending.get(frame.id)
      return frame.answer ? answers?.push(frame.answer) : answers?.end()
    }
    answer(frame.id, frame.query).catch((error: unknown) => log.error('a link query failed', { peer, error }))
  }

  /** Sends a question and lets its answers come in until its time is over. */
  const collect = async (query: LinkQuery, answers: Answers): Promise<void> => {
    const id = nextId++
    const done = new AbortController()
    pending.set(id, { ...answers, end: () => done.abort() })
    send(encodeFrame({ type: 'query', id, query }))
    await clock.sleep(limits.queryTimeout, done.signal)
    pending.delete(id)
    answers.end()
  }

  socket.on('message', receive)
  socket.on('pong', () => (alive = true))
  socket.on('ping', () => (alive = true))
  socket.on('close', () => {
    waiting.drain()
    for (const answers of pending.values()) answers.end()
  })

  return {
    send,
    ask(query) {
      const answers = createAnswers()
      if (socket.readyState !== socket.OPEN) answers.end()
      else void collect(query, answers)
      return answers
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
