import { webGate, type WebAccess } from '@causeway/core'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Rpc } from '../rpc.js'
import { answerHealth } from './health.js'
import { addressKey, createHold, type Budget, type Unread } from './client-memory.js'
import type { ServeLimits } from './limits.js'
import { answerMessage } from './message.js'

/** What HTTP requests are answered with. */
export type HttpOptions = {
  rpc: Rpc
  access: WebAccess
  limits: ServeLimits
  requests: Budget
  answers: Budget
  unread: Unread
  /** The server's own pages; returns whether it answered. */
  onRequest?: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
}

/** Answers HTTP: JSON-RPC by POST, what a browser asks before it, and health checks by GET. */
export function httpHandler({ rpc, access, limits, requests, answers, unread, onRequest }: HttpOptions) {
  const gate = webGate(access)
  const underWay = new WeakMap<object, number>()

  return async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin, host } = request.headers
    const refused = gate({ origin, host })
    if (refused) return end(response, 403, `${refused.reason}\n`)
    if (origin !== undefined) response.setHeader('access-control-allow-origin', access.origins === '*' ? '*' : origin)
    response.setHeader('vary', 'origin')
    if (request.method === 'OPTIONS') return answerPreflight(request, response)
    if (onRequest?.(request, response)) return
    if (request.method === 'GET' || request.method === 'HEAD') return answerHealth(rpc, request, response)
    if (request.method !== 'POST') return end(response, 405, 'JSON-RPC: POST only\n', { allow: 'POST, GET, HEAD, OPTIONS' })
    if (!/^application\/json/i.test(request.headers['content-type'] ?? '')) return end(response, 415, 'content type must be application/json\n')
    await one(request.socket, () => answerPost(request, response))
  }

  /** A client may send its next requests before it has an answer; not without end. */
  async function one(connection: object & { destroy(): void }, run: () => Promise<void>): Promise<void> {
    const count = (underWay.get(connection) ?? 0) + 1
    if (count > limits.connectionRequests) return connection.destroy()
    underWay.set(connection, count)
    try {
      await run()
    } finally {
      underWay.set(connection, (underWay.get(connection) ?? 1) - 1)
    }
  }

  async function answerPost(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = addressKey(request.socket.remoteAddress)
    const asked = createHold(requests, address)
    const answered = createHold(answers, address)
    try {
      const text = await readBody(request, limits.messageBytes, asked.take)
      if (text === 'too large') return end(response, 413, 'request too large\n', { connection: 'close' })
      if (text === 'busy') return end(response, 503, 'too many requests are under way\n', { connection: 'close', 'retry-after': '1' })
      const answer = await answerMessage(text.body, { rpc, maxValues: limits.messageValues, reserve: asked.take, caller: { client: request.socket, address, hold: answered.take } })
      if (answer === undefined) return end(response, 204)
      const read = unread.hold(Buffer.byteLength(answer), () => response.destroy())
      response.once('close', read)
      response.setTimeout(limits.unreadMs, () => response.destroy())
      end(response, 200, answer, { 'content-type': 'application/json' })
    } finally {
      asked.giveBack()
      answered.giveBack()
    }
  }

  function answerPreflight(request: IncomingMessage, response: ServerResponse): void {
    const { origin } = request.headers
    response.setHeader('access-control-allow-methods', 'POST, GET, HEAD, OPTIONS')
    // Whatever the page wants to send (keys, trace ids): no header means anything here.
    response.setHeader('access-control-allow-headers', request.headers['access-control-request-headers'] ?? 'content-type')
    // Chromium asks before a public page may reach a node on this machine or network: only one that is named.
    const named = Array.isArray(access.origins) && origin !== undefined && access.origins.includes(origin)
    if (named && request.headers['access-control-request-private-network'] === 'true') response.setHeader('access-control-allow-private-network', 'true')
    response.setHeader('access-control-max-age', '600')
    end(response, 204)
  }
}

function end(response: ServerResponse, status: number, body?: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end(body)
}

/** The body as text, or why it is not read to its end. */
async function readBody(request: IncomingMessage, limit: number, reserve: (bytes: number) => boolean): Promise<{ body: string } | 'too large' | 'busy'> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) return 'too large'
    if (!reserve(chunk.length)) return 'busy'
    chunks.push(chunk)
  }
  return { body: Buffer.concat(chunks).toString('utf8') }
}
