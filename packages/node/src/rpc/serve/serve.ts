import { CausewayError, silentLog, urlAuthority, webGate, type Log, type WebAccess } from '@causeway/core'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { WebSocketServer } from 'ws'
import type { Rpc } from '../rpc.js'
import { addressKey, createBudget, createUnread } from './client-memory.js'
import { httpHandler } from './http.js'
import { serveLimits, type ServeLimits } from './limits.js'
import { serveSocket } from './socket.js'

/** Options of {@link serveRpc}. `hosts` and `origins` say which web pages may ask: docs/rpc.md. */
export type ServeRpcOptions = WebAccess & {
  rpc: Rpc
  /** 0 picks a free one. */
  port: number
  /** Default 127.0.0.1: only this machine. A name is one of `hosts` too. */
  host?: string
  limits?: Partial<ServeLimits>
  /** Answers what is not JSON-RPC, e.g. a page of one's own; returns whether it did. */
  onRequest?: (request: IncomingMessage, response: ServerResponse) => boolean
  log?: Log
}

/** A running server. */
export type RpcServer = { port: number; http: string; webSocket: string; close(): Promise<void> }

/** Serves JSON-RPC over HTTP (POST) and WebSocket, and health checks, on one port. @throws `PORT_IN_USE` */
export async function serveRpc(options: ServeRpcOptions): Promise<RpcServer> {
  const { rpc, host = '127.0.0.1', log = silentLog } = options
  const limits = serveLimits(options.limits)
  const access: WebAccess = { hosts: options.hosts === '*' ? '*' : [...(options.hosts ?? []), host], ...(options.origins && { origins: options.origins }) }
  const gate = webGate(access)
  const requests = createBudget(limits.requestsBytes, 1 / 4)
  const answers = createBudget(limits.answersBytes, 1 / 2)
  const unread = createUnread(limits.unreadBytes)
  const answerHttp = httpHandler({ rpc, access, limits, requests, answers, unread, onRequest: options.onRequest })

  const server = createServer(
    { headersTimeout: limits.headersMs, requestTimeout: limits.requestMs, keepAliveTimeout: limits.idleMs, connectionsCheckingInterval: Math.min(limits.headersMs, 5_000) },
    (request, response) => {
      answerHttp(request, response).catch((error: unknown) => {
        log.debug('rpc connection failed', { error })
        response.destroy()
      })
    },
  )
  server.maxConnections = limits.connections

  const connections = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = addressKey(socket.remoteAddress)
    const count = (connections.get(address) ?? 0) + 1
    if (count > limits.addressConnections) return void socket.destroy()
    connections.set(address, count)
    socket.once('close', () => {
      const left = (connections.get(address) ?? 1) - 1
      if (left > 0) connections.set(address, left)
      else connections.delete(address)
    })
  })

  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.messageBytes, perMessageDeflate: false })
  server.on('upgrade', (request, duplex, head) => {
    const connection = duplex as Socket
    connection.on('error', (error: Error) => log.debug('rpc connection failed', { error: error.message }))
    const { origin, host: name } = request.headers
    const refused = gate({ origin, host: name })
    if (refused) return void connection.end(`HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: ${refused.reason.length + 1}\r\n\r\n${refused.reason}\n`)
    sockets.handleUpgrade(request, connection, head, (socket) => serveSocket({ socket, connection, address: addressKey(connection.remoteAddress), rpc, limits, requests, answers, unread, log }))
  })

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
    server.listen(options.port, host, 511, resolve)
  })
  rpc.warm()
  const { port } = server.address() as AddressInfo
  const authority = urlAuthority(host, port)
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
