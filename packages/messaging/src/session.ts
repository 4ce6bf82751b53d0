import { encodeJson, errorCode, type Clock, type LinkAnswer, type LinkEvent, type LinkQuery, type Log } from '@causeway/core'
import type { RawData, WebSocket } from 'ws'
import { createAnswers, type Answers } from './answers.js'
import { createBoundedQueue } from './bounded-queue.js'
import { encodeFrame, parseFrame, type ControlFrame } from './frame.js'
import type { SessionLimits } from './session-limits.js'

/** Code of a close for breaking the rules (RFC 6455, section 7.4.1: policy violation). */
const POLICY_VIOLATION = 1008
/** How an answer begins, as {@link encodeFrame} writes it. */
const ANSWER = /^\{"type":"answer","id":(\d{1,16}),/

/** What is done with what a peer sends. */
export type SessionHandlers = {
  /** Before a frame is read: false leaves it unread. `asked`: it may be an answer to a question of ours, and at most one for each. */
  admits?(bytes: number, asked: boolean): boolean
  /** Gets an event and its canonical text. */
  event(event: LinkEvent, text: string): void
  control(frame: ControlFrame): void
  /** The peer has broken the rules and is cut off. */
  cutOff?(): void
  /** What the peer asks; all of it is sent. */
  query(query: LinkQuery): AsyncIterable<LinkAnswer>
}

/** One open WebSocket, the same at both ends. */
export type Session = {
  /** Sends a frame, now or when the peer has caught up. */
  send(frame: string): void
  /** Asks the peer; its answers end after the timeout or when the socket closes. */
  ask(query: LinkQuery): AsyncIterable<LinkAnswer>
  /** Ends the connection, because the peer has broken the rules. */
  cutOff(reason: string): void
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
  /** Questions that are open, and the frames that have come in answer. */
  const pending = new Map<number, { answers: Answers; frames: number }>()
  let nextId = 0
  let strikes = 0
  let working = 0
  let alive = true

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
    if (strikes >= limits.strikes) cutOff('too many malformed frames')
  }
  const cutOff = (reason: string) => {
    if (socket.readyState !== socket.OPEN) return
    log.warn('a link peer was cut off', { peer, reason })
    handlers.cutOff?.()
    socket.close(POLICY_VIOLATION, reason)
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
    const text = isBinary ? '' : data.toString()
    const question = pending.get(Number(ANSWER.exec(text)?.[1] ?? -1))
    // One answer, and the end.
    const asked = question !== undefined && question.frames++ < 2
    if (handlers.admits?.(isBinary ? sizeOf(data) : text.length, asked) === false) return
    if (isBinary) return strike('a binary frame')
    let frame
    try {
      frame = parseFrame(text)
    } catch (error) {
      if (errorCode(error) === undefined) throw error
      return strike((error as Error).message.split('\n')[0] as string)
    }
    // Encoded again, so that others get the canonical form and nothing else.
    if (frame.type === 'event') return handlers.event(frame.event, encodeJson(frame.event))
    if (frame.type === 'answer') {
      const answers = pending.get(frame.id)?.answers
      return frame.answer ? answers?.push(frame.answer) : answers?.end()
    }
    if (frame.type !== 'query') return handlers.control(frame)
    answer(frame.id, frame.query).catch((error: unknown) => log.error('a link query failed', { peer, error }))
  }

  /** Sends a question and lets its answers come in until its time is over. */
  const collect = async (query: LinkQuery, answers: Answers): Promise<void> => {
    const id = nextId++
    const done = new AbortController()
    pending.set(id, { answers: { ...answers, end: () => done.abort() }, frames: 0 })
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
    for (const { answers } of pending.values()) answers.end()
  })

  return {
    send,
    cutOff,
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

function sizeOf(data: RawData): number {
  if (Array.isArray(data)) return data.reduce((sum, part) => sum + part.length, 0)
  return data.byteLength
}
