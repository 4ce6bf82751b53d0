import { CausewayError, silentLog, type Log } from '@causeway/core'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import { RPC_CODE } from './errors.js'
import type { Rpc } from './rpc.js'
import type { RpcSession } from './types.js'

/** Options of {@link serveRpc}. */
export type ServeRpcOptions = {
  rpc: Rpc
  /** 0 picks a free one. */
  port: number
  /** Default 127.0.0.1: only this machine. */
  host?: string
  /** Largest request, bytes. Default 5 MB. */
  maxBytes?: number
  /** `Access-Control-Allow-Origin`. Default `*`: the node holds no accounts, so there is nothing a web page could spend. */
  origin?: string
  /** Answers what is not JSON-RPC, e.g. a health check; returns whether it did. */
  onRequest?: (request: IncomingMessage, response: ServerResponse) => boolean
  log?: Log
}

/** A running server. */
export type RpcServer = { port: number; http: string; webSocket: string; close(): Promise<void> }

/** Most bytes that wait for a slow WebSocket client before it is dropped. */
const MAX_BUFFERED = 16_777_216

/** Serves JSON-RPC over HTTP (POST) and WebSocket on one port. @throws `PORT_IN_USE` */
export async function serveRpc(options: ServeRpcOptions): Promise<RpcServer> {
  const { rpc, host = '127.0.0.1', maxBytes = 5_242_880, origin = '*', onRequest, log = silentLog } = options

  const server = createServer((request, response) => {
    if (onRequest?.(request, response)) return
    answerHttp(request, response).catch((error: unknown) => {
      log.warn('rpc connection failed', { error })
      response.destroy()
    })
  })
  const sockets = new WebSocketServer({ server, maxPayload: maxBytes, perMessageDeflate: false })
  sockets.on('connection', (socket) => attach(socket, rpc, log))
  // Errors of the shared HTTP server arrive here too; listen() reports them.
  sockets.on('error', () => undefined)

  async function answerHttp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('access-control-allow-origin', origin)
    response.setHeader('vary', 'origin')
    if (request.method === 'OPTIONS') {
      response.setHeader('access-control-allow-methods', 'POST, OPTIONS')
      // Whatever the page wants to send (keys, trace ids): no header means anything here.
      response.setHeader('access-control-allow-headers', request.headers['access-control-request-headers'] ?? 'content-type')
      // Chromium asks before a public page may reach a node on this machine or network.
      if (request.headers['access-control-request-private-network'] === 'true') response.setHeader('access-control-allow-private-network', 'true')
      response.setHeader('access-control-max-age', '600')
      return void response.writeHead(204).end()
    }
    if (request.method !== 'POST') return void response.writeHead(405, { allow: 'POST, OPTIONS' }).end('JSON-RPC: POST only\n')
    if (!/^application\/json/i.test(request.headers['content-type'] ?? '')) return void response.writeHead(415).end('content type must be application/json\n')
    const text = await readBody(request, maxBytes)
    if (text === undefined) return void response.writeHead(413, { connection: 'close' }).end('request too large\n')
    const answer = await handleText(rpc, text)
    if (answer === undefined) return void response.writeHead(204).end()
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
  }

  rpc.warm()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new CausewayError(`Cannot listen on ${host}:${options.port}: ${cause.message}`, {
          code: cause.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'LISTEN_FAILED',
          fix: 'Choose another port, or stop what uses it.',
          cause,
        }),
      ),
    )
    server.listen(options.port, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  log.info('rpc listening', { http: `http://${authority}` })
  return {
    port,
    http: `http://${authority}`,
    webSocket: `ws://${authority}`,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate()
        sockets.close()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The body as text; undefined if it is larger than `limit`. */
async function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function handleText(rpc: Rpc, text: string, session?: RpcSession): Promise<string | undefined> {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: RPC_CODE.parse, message: 'parse error' } })
  }
  const answer = await rpc.handle(body, session)
  return answer === undefined ? undefined : JSON.stringify(answer)
}

function attach(socket: WebSocket, rpc: Rpc, log: Log): void {
  const closed: (() => void)[] = []
  const send = (text: string) => {
    if (socket.bufferedAmount > MAX_BUFFERED) return socket.terminate()
    if (socket.readyState === socket.OPEN) socket.send(text)
  }
  const session: RpcSession = {
    notify: (method, params) => send(JSON.stringify({ jsonrpc: '2.0', method, params })),
    onClose: (listener) => void closed.push(listener),
  }
  socket.on('close', () => closed.forEach((listener) => listener()))
  socket.on('error', (error) => log.warn('rpc socket failed', { error: error.message }))
  // One after the other, so that a client cannot run many calls at once and gets its answers in order.
  let turn = Promise.resolve()
  socket.on('message', (data) => {
    turn = turn.then(async () => {
      const answer = await handleText(rpc, String(data), session)
      if (answer !== undefined) send(answer)
    })
  })
}
