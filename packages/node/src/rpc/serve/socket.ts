import type { Log } from '@causeway/core'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Rpc } from '../rpc.js'
import type { RpcSession } from '@causeway/core'
import { createHold, type Budget, type Unread } from './client-memory.js'
import type { ServeLimits } from './limits.js'
import { answerMessage } from './message.js'

/** One WebSocket, and what all of them share. */
export type SocketOptions = { socket: WebSocket; connection: Socket; address: string; rpc: Rpc; limits: ServeLimits; requests: Budget; answers: Budget; unread: Unread; log: Log }

/**
 * Answers one WebSocket: its requests side by side, and no more of them read while as many as it may have are under way or their answers wait
 * to be read. Bytes that arrive count from the first on: a message is held before it is whole.
 */
export function serveSocket({ socket, connection, address, rpc, limits, requests, answers, unread, log }: SocketOptions): void {
  const closed: (() => void)[] = []
  const waiting: { text: string; bytes: number }[] = []
  let running = 0
  /** Bytes of a message that is not whole yet, and of the last piece that arrived. */
  let [partial, piece] = [0, 0]

  const reserve = (bytes: number): boolean => requests.take(address, bytes)
  const give = (bytes: number) => requests.give(address, bytes)
  const drop = (reason: string) => {
    log.debug('rpc socket cut off', { address, reason })
    socket.terminate()
  }

  function send(text: string): void {
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > limits.socketUnreadBytes) return drop('it does not read')
    const read = unread.hold(Buffer.byteLength(text), () => drop('it has not read for longest'))
    connection.setTimeout(limits.unreadMs)
    socket.send(text, () => {
      read()
      if (socket.bufferedAmount === 0) connection.setTimeout(0)
      pump()
    })
  }

  async function answer({ text, bytes }: { text: string; bytes: number }): Promise<void> {
    const parsed = createHold(requests, address)
    const made = createHold(answers, address)
    const told: string[] = []
    let answered = false
    let size = 0
    const session: RpcSession = {
      connection,
      // A client knows a subscription once it has the answer that names it: what comes before that waits, in a batch too.
      notify(method, params) {
        const note = JSON.stringify({ jsonrpc: '2.0', method, params })
        if (answered) return send(note)
        told.push(note)
        size += note.length
        if (size > limits.socketUnreadBytes) drop('more came for it than it may have unread')
      },
      drop,
      onClose: (listener) => void (socket.readyState === socket.OPEN ? closed.push(listener) : listener()),
    }
    try {
      const reply = await answerMessage(text, {
        rpc,
        maxValues: limits.messageValues,
        reserve: parsed.take,
        caller: { client: connection, session, address, hold: made.take },
      })
      if (reply !== undefined) send(reply)
    } finally {
      give(bytes)
      parsed.giveBack()
      made.giveBack()
      answered = true
      told.forEach(send)
    }
  }

  function pump(): void {
    const isFull = () => running >= limits.connectionRequests || socket.bufferedAmount > limits.socketUnreadBytes / 4
    while (!isFull()) {
      const next = waiting.shift()
      if (!next) break
      running++
      answer(next)
        .catch((error: unknown) => log.warn('rpc socket failed', { address, error }))
        .finally(() => {
          running--
          pump()
        })
    }
    if (isFull() || waiting.length > 0) socket.pause()
    else if (socket.isPaused) socket.resume()
  }

  connection.setKeepAlive(true, 60_000)
  connection.on('timeout', () => socket.bufferedAmount > 0 && drop('it does not read'))
  // Before the socket's own listener, which reads frames of the piece at once.
  connection.prependListener('data', (chunk: Buffer) => {
    if (!reserve(chunk.length)) return drop('too many requests are under way')
    partial += chunk.length
    piece = chunk.length
    // Answers to its pings wait as well.
    if (socket.bufferedAmount > limits.socketUnreadBytes) drop('it does not read')
  })
  const took = (bytes: number) => {
    // Once a frame is whole, at most the rest of the last piece is left over.
    const rest = Math.min(Math.max(0, partial - bytes), piece)
    give(partial - rest)
    partial = rest
  }
  socket.on('ping', (data: Buffer) => took(data.length + 6))
  socket.on('pong', (data: Buffer) => took(data.length + 6))
  socket.on('message', (data: Buffer) => {
    const bytes = data.length
    took(bytes + (bytes < 126 ? 6 : bytes < 65_536 ? 8 : 14))
    if (!reserve(bytes)) return drop('too many requests are under way')
    waiting.push({ text: data.toString('utf8'), bytes })
    pump()
  })
  socket.on('close', () => {
    for (const { bytes } of waiting.splice(0)) give(bytes)
    give(partial)
    partial = 0
    closed.splice(0).forEach((listener) => listener())
  })
  socket.on('error', (error) => log.warn('rpc socket failed', { address, error: error.message }))
}
