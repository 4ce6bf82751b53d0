import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { rpcHarness } from '../harness.test-helper.js'
import type { RpcHandler } from '@causeway/core'
import { serveRpc, type RpcServer } from './serve.js'

const open: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function served(options: Partial<Parameters<typeof serveRpc>[0]> = {}, extensions: Record<string, RpcHandler> = {}) {
  const harness = await rpcHarness({ extensions })
  const server = await serveRpc({ rpc: harness.rpc, port: 0, ...options })
  open.push(() => server.close())
  return server
}

/** A client that only writes: what it is sent waits in the kernel. */
async function dial(server: RpcServer, localAddress: string): Promise<{ socket: Socket; isOpen(): boolean; text(): string }> {
  const socket = connect({ port: server.port, host: '127.0.0.1', localAddress })
  let [closed, text] = [false, '']
  socket.on('error', () => undefined)
  socket.on('close', () => (closed = true))
  socket.on('data', (chunk: Buffer) => (text = (text + chunk.toString('latin1')).slice(-2_000)))
  open.push(() => socket.destroy())
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
  return { socket, isOpen: () => !closed, text: () => text }
}
async function dialWebSocket(server: RpcServer, localAddress: string) {
  const client = await dial(server, localAddress)
  client.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n')
  await expect.poll(() => client.text().includes('101') || !client.isOpen(), { timeout: 8_000 }).toBe(true)
  return client
}
/** The start of a frame with `length` bytes of text, masked with zeros. */
function frameHead(length: number): Buffer {
  const head = Buffer.alloc(14)
  head.set([0x81, 0xff])
  head.writeBigUInt64BE(BigInt(length), 2)
  return head
}
const message = (text: string) => Buffer.concat([frameHead(text.length), Buffer.from(text)])
/** Everything this process holds, MB; the clients' bytes are one buffer each test. */
const memory = () => {
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 1e6
}
const isAnswered = async (server: RpcServer) => {
  const { socket, text } = await dial(server, '127.0.0.9')
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId' })
  socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  await expect.poll(text, { timeout: 5_000 }).toContain('0x1092')
  socket.destroy()
}

// 127.0.0.x are addresses of their own on Linux; macOS has only one of them until told.
describe.runIf(process.platform === 'linux')('what a crowd of clients can make a server hold', () => {
  it('576 MB of messages that never become whole', async () => {
    const server = await served()
    const piece = Buffer.alloc(4_500_000, ' ')
    const before = memory()
    const clients = await Promise.all(Array.from({ length: 128 }, (_, i) => dialWebSocket(server, `127.0.1.${i % 4}`)))
    for (const { socket } of clients) {
      socket.write(frameHead(5_000_000))
      socket.write(piece)
    }
    let most = 0
    await expect.poll(() => ((most = Math.max(most, memory() - before)), clients.filter(({ isOpen }) => isOpen()).length), { timeout: 8_000 }).toBeLessThan(16)
    expect(most).toBeLessThan(150)
    await isAnswered(server)
  })

  it('576 MB of requests by clients that read no answer', async () => {
    const server = await served()
    const asks = Buffer.concat(Array.from({ length: 300 }, () => message(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'nothing', params: ['x'.repeat(15_000)] }))))
    const before = memory()
    const clients = await Promise.all(Array.from({ length: 128 }, (_, i) => dialWebSocket(server, `127.0.1.${i % 4}`)))
    for (const { socket } of clients) {
      socket.pause()
      socket.write(asks)
    }
    let most = 0
    for (let i = 0; i < 15; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      most = Math.max(most, memory() - before)
    }
    expect(most).toBeLessThan(150)
    await isAnswered(server)
  })

  it('1.2 GB of answers that wait for the rest of their batch', async () => {
    const started: string[] = []
    const server = await served({}, { causeway_long: () => (started.push('long'), 'x'.repeat(1_000_000)), causeway_wait: () => new Promise(() => undefined) })
    const ask = message(JSON.stringify([...Array.from({ length: 20 }, () => 'causeway_long'), 'causeway_wait'].map((method, id) => ({ jsonrpc: '2.0', id, method }))))
    const before = memory()
    const clients = await Promise.all(Array.from({ length: 64 }, (_, i) => dialWebSocket(server, `127.0.1.${i % 4}`)))
    for (const { socket } of clients) socket.write(ask)
    let most = 0
    for (let i = 0; i < 30; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      most = Math.max(most, memory() - before)
    }
    expect(most).toBeLessThan(400)
    // What does not fit is not even begun.
    expect(started.length).toBeGreaterThan(60)
    expect(started.length).toBeLessThan(64 * 3)
    await isAnswered(server)
  })

  it('a client that reads nothing is cut off', async () => {
    const server = await served({ limits: { unreadMs: 500, socketUnreadBytes: 8_000_000 } })
    const client = await dialWebSocket(server, '127.0.0.1')
    client.socket.pause()
    // Each answer is a megabyte, which is what its batch asks for.
    const ask = JSON.stringify(Array.from({ length: 999 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'x'.repeat(1_000) })))
    for (let i = 0; i < 40; i++) client.socket.write(message(ask))
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    client.socket.resume()
    await expect.poll(client.isOpen, { timeout: 5_000 }).toBe(false)
  })

  it('1,000 connections of one address leave room for others', async () => {
    const server = await served()
    const clients = await Promise.all(Array.from({ length: 1_000 }, () => dial(server, '127.0.0.1')))
    await expect.poll(() => clients.filter(({ isOpen }) => isOpen()).length, { timeout: 5_000 }).toBe(512)
    await isAnswered(server)
  })

  it('requests that never end are ended', async () => {
    const server = await served({ limits: { headersMs: 300, requestMs: 600 } })
    const clients = await Promise.all(['', 'POST / HTTP/1.1\r\nHost: local', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{'].map(async (text) => {
      const client = await dial(server, '127.0.0.1')
      client.socket.write(text)
      return client
    }))
    await expect.poll(() => clients.map(({ isOpen }) => isOpen()), { timeout: 5_000 }).toEqual([false, false, false])
  })

  it('requests sent on before one is answered are bounded', async () => {
    const server = await served()
    const client = await dial(server, '127.0.0.1')
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId' })
    client.socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`.repeat(1_000))
    await expect.poll(client.isOpen).toBe(false)
  })

  it('a request of many empty values is refused before it is parsed', async () => {
    const server = await served()
    const response = await fetch(server.http, { method: 'POST', headers: { 'content-type': 'application/json' }, body: `[${'{},'.repeat(1_700_000)}{}]` })
    expect(await response.json()).toMatchObject({ id: null, error: { code: -32005 } })
    const deep = await fetch(server.http, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '['.repeat(90_000) })
    expect(await deep.json()).toMatchObject({ id: null, error: { code: -32005 } })
  })
})
