import { request, type IncomingHttpHeaders } from 'node:http'
import { createPublicClient, http, numberToHex, webSocket, type Hex } from 'viem'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { alice, bob, CHAIN_ID, rpcHarness, testChain } from '../harness.test-helper.js'
import { serveRpc, type RpcServer } from './serve.js'

const open: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function served(options: Partial<Parameters<typeof serveRpc>[0]> = {}) {
  const harness = await rpcHarness()
  const server: RpcServer = await serveRpc({ rpc: harness.rpc, port: 0, ...options })
  open.push(() => server.close())
  return { ...harness, server }
}
const post = (url: string, body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) => fetch(url, { method: 'POST', headers, body })

async function connected(server: RpcServer) {
  const socket = new WebSocket(server.webSocket)
  const messages: unknown[] = []
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString('utf8'))))
  await new Promise((resolve) => socket.once('open', resolve))
  open.push(() => socket.terminate())
  return { socket, messages }
}

describe('serveRpc', () => {
  it('HTTP with viem, batches included', async () => {
    const { server, mine } = await served()
    const client = createPublicClient({ chain: testChain, transport: http(server.http, { batch: true, retryCount: 0 }) })
    await mine()
    expect(await Promise.all([client.getChainId(), client.getBlockNumber(), client.getBalance({ address: bob.address })])).toEqual([CHAIN_ID, 1n, 10n ** 20n])
    await expect(client.call({ to: bob.address, stateOverride: [{ address: bob.address, code: '0x5f5ffd' }] })).rejects.toThrow('Execution reverted')
  })

  it('refuses what is not JSON-RPC', async () => {
    const { server } = await served({ limits: { messageBytes: 100 } })
    expect(await (await post(server.http, '{')).json()).toMatchObject({ id: null, error: { code: -32700 } })
    expect((await post(server.http, ' '.repeat(101))).status).toBe(413)
    expect((await post(server.http, '{}', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await fetch(server.http, { method: 'PUT' })).status).toBe(405)
    expect((await post(server.http, JSON.stringify({ jsonrpc: '2.0', method: 'eth_chainId' }))).status).toBe(204)
    await expect(serveRpc({ rpc: (await rpcHarness()).rpc, port: server.port })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  })

  it('lets the host answer other requests', async () => {
    const { server } = await served({ onRequest: (request, response) => request.url === '/health' && Boolean(response.writeHead(200).end('ok')) })
    expect(await (await fetch(`${server.http}/health`)).text()).toBe('ok')
  })

  it('WebSocket with viem: blocks, logs and pending transactions as they come', async () => {
    const { server, mine, wallet, listeners } = await served()
    const transport = webSocket(server.webSocket, { retryCount: 0, reconnect: false })
    const client = createPublicClient({ chain: testChain, transport })
    const [blocks, pending, logs]: [bigint[], Hex[], string[]] = [[], [], []]
    const stops = [
      client.watchBlocks({ onBlock: (block) => void blocks.push(block.number) }),
      client.watchPendingTransactions({ onTransactions: (hashes) => void pending.push(...hashes) }),
      client.watchEvent({ address: '0xca5E000000000000000000000000000000000001', onLogs: (found) => void logs.push(...found.map(({ data }) => data)) }),
    ]
    await expect.poll(() => listeners.heads.size).toBe(3)
    const hash = await wallet.sendTransaction({ to: bob.address })
    await mine()
    await mine({ l1Entries: [{ kind: 'deposit', index: 0n, message: { source: 900n, nonce: 0n, timestamp: 0n, destination: BigInt(CHAIN_ID), sender: alice.address, recipient: bob.address, refundTo: bob.address, token: { chain: 900n, address: `0x${'00'.repeat(20)}` }, amount: 5n, fee: 0n, gasLimit: 0n, expiry: 0n, payload: '0x' } }] })
    await expect.poll(() => blocks).toEqual([1n, 2n])
    await expect.poll(() => pending).toEqual([hash])
    await expect.poll(() => logs).toEqual([numberToHex(1, { size: 32 })])
    for (const stop of stops) stop()
    await expect.poll(() => listeners.heads.size).toBe(1)
    const rpcClient = await client.transport.getRpcClient()
    rpcClient.close()
  })

  it('forgets the subscriptions of a client that left, and bounds them', async () => {
    const { server, listeners } = await served()
    const before = listeners.heads.size
    const socket = new WebSocket(server.webSocket)
    const answers: { id: number; result?: Hex; error?: { code: number } }[] = []
    socket.on('message', (data) => answers.push(JSON.parse(String(data)) as (typeof answers)[number]))
    await new Promise((resolve) => socket.once('open', resolve))
    for (let id = 0; id < 130; id++) socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'eth_subscribe', params: ['newHeads'] }))
    await expect.poll(() => answers.length).toBe(130)
    expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: 130 }, (_, i) => i))
    expect(answers.filter(({ error }) => error?.code === -32005)).toHaveLength(2)
    expect(listeners.heads.size).toBe(before + 128)
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 200, method: 'eth_unsubscribe', params: [answers[0]?.result] }))
    await expect.poll(() => answers.at(-1)).toMatchObject({ id: 200, result: true })
    socket.terminate()
    await expect.poll(() => listeners.heads.size).toBe(before)
  })
})

describe('what came is what is answered', () => {
  it('ids as they came, in batches too', async () => {
    const { server } = await served()
    const answered = async (id: string) => (await post(server.http, `{"jsonrpc":"2.0","params":[{"id":7}],"id": ${id},"method":"eth_chainId"}`)).text()
    for (const id of ['9007199254740993', '18446744073709551615', '1e3', '1.0', '-0', '1e400', '7', '"1e3"', 'null']) expect(await answered(id), id).toContain(`"id":${id},`)
    const batch = await (await post(server.http, '[{"id":1,"\\u0069d":1.0,"jsonrpc":"2.0","method":"eth_chainId"},5,{"jsonrpc":"2.0","method":"web3_sha3","params":["0x","\\"}]"],"id":9007199254740993}]')).text()
    expect(batch.match(/"id":([^,]+)/g)).toEqual(['"id":1.0', '"id":null', '"id":9007199254740993'])
  })

  it('a notification comes after the answer that names its subscription, in a batch too', async () => {
    const { server } = await served()
    const raw = await alice.signTransaction({ chainId: CHAIN_ID, type: 'eip1559', gas: 21_000n, nonce: 0, to: bob.address, maxFeePerGas: 5_000_000_000n, maxPriorityFeePerGas: 1_000_000n })
    const { socket, messages } = await connected(server)
    socket.send(JSON.stringify([{ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newPendingTransactions'] }, { jsonrpc: '2.0', id: 2, method: 'eth_sendRawTransaction', params: [raw] }]))
    await expect.poll(() => messages.length).toBe(2)
    expect(messages[0]).toMatchObject([{ id: 1 }, { id: 2 }])
    expect(messages[1]).toMatchObject({ method: 'eth_subscription' })
  })

  it('pending transactions in full, to who asks for them', async () => {
    const { server, wallet } = await served()
    const { socket, messages } = await connected(server)
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newPendingTransactions', true] }))
    await expect.poll(() => messages.length).toBe(1)
    const hash = await wallet.sendTransaction({ to: bob.address })
    await expect.poll(() => messages.length).toBe(2)
    expect(messages[1]).toMatchObject({ params: { result: { hash, from: alice.address.toLowerCase(), blockHash: null } } })
  })

  it('a request that waits holds up none of the same socket', async () => {
    const { server } = await served()
    const raw = await alice.signTransaction({ chainId: CHAIN_ID, type: 'eip1559', gas: 21_000n, nonce: 50, to: bob.address, maxFeePerGas: 5_000_000_000n, maxPriorityFeePerGas: 1_000_000n })
    const { socket, messages } = await connected(server)
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_sendRawTransactionSync', params: [raw, 2_000] }))
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'eth_blockNumber', params: [] }))
    await expect.poll(() => messages.length).toBe(1)
    expect(messages[0]).toMatchObject({ id: 2, result: '0x0' })
  })
})

describe('web pages', () => {
  const ask = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId' })
  /** fetch sets Host itself. */
  const withHeaders = (port: number, method: string, headers: Record<string, string>) =>
    new Promise<{ status: number; headers: IncomingHttpHeaders }>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, method, headers: { 'content-type': 'application/json', ...headers } }, (response) => {
        response.resume()
        resolve({ status: response.statusCode ?? 0, headers: response.headers })
      })
      sent.on('error', reject)
      sent.end(method === 'POST' ? ask : undefined)
    })

  it('HTTP: a page of elsewhere and a rebound name reach nothing', async () => {
    const { server } = await served()
    const status = async (method: string, headers: Record<string, string>) => (await withHeaders(server.port, method, headers)).status
    for (const method of ['POST', 'OPTIONS', 'GET']) {
      expect(await status(method, { origin: 'https://evil.example' })).toBe(403)
      expect(await status(method, { host: 'evil.example', origin: 'http://evil.example' })).toBe(403)
      expect(await status(method, { host: 'evil.example' })).toBe(403)
    }
    expect(await status('POST', {})).toBe(200)
    for (const origin of ['http://localhost:5173', 'chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn']) {
      const { status: ok, headers } = await withHeaders(server.port, 'POST', { origin })
      expect([ok, headers['access-control-allow-origin'], headers.vary]).toEqual([200, origin, 'origin'])
    }
  })

  it('WebSocket: neither', async () => {
    const { server } = await served()
    const opens = (headers: Record<string, string>) =>
      new Promise<boolean>((resolve) => {
        const socket = new WebSocket(server.webSocket, { headers })
        socket.on('open', () => (socket.terminate(), resolve(true)))
        socket.on('error', () => resolve(false))
      })
    expect(await opens({ origin: 'https://evil.example' })).toBe(false)
    expect(await opens({ host: 'evil.example' })).toBe(false)
    expect(await opens({ origin: 'http://localhost:5173' })).toBe(true)
    expect(await opens({})).toBe(true)
  })

  it('who the operator names is let in, over a private network too', async () => {
    const { server } = await served({ hosts: ['node.example'], origins: ['https://dapp.example'] })
    const asked = { origin: 'https://dapp.example', host: 'node.example', 'access-control-request-headers': 'content-type,x-api-key', 'access-control-request-private-network': 'true' }
    const { status, headers } = await withHeaders(server.port, 'OPTIONS', asked)
    expect([status, ...['origin', 'headers', 'private-network'].map((what) => headers[`access-control-allow-${what}`])]).toEqual([204, 'https://dapp.example', 'content-type,x-api-key', 'true'])
    const anybody = await served({ hosts: '*', origins: '*' })
    const open = await withHeaders(anybody.server.port, 'OPTIONS', { ...asked, origin: 'https://other.example' })
    expect([open.headers['access-control-allow-origin'], open.headers['access-control-allow-private-network']]).toEqual(['*', undefined])
  })
})

describe('health', () => {
  it('is asked by GET', async () => {
    const { server, chain } = await served()
    for (const path of ['/', '/health', '/health/live', '/health/ready']) expect((await fetch(server.http + path)).status).toBe(200)
    expect((await fetch(`${server.http}/other`)).status).toBe(404)
    chain.readiness = () => ({ ready: false, reasons: ['no block was built for 20 s'] })
    const response = await fetch(`${server.http}/health/ready`)
    expect([response.status, await response.json()]).toEqual([503, { ready: false, reasons: ['no block was built for 20 s'] }])
    expect((await fetch(`${server.http}/health/live`)).status).toBe(200)
  })

  it('and so are the numbers of plugins', async () => {
    const { server, chain } = await served()
    expect(await (await fetch(`${server.http}/metrics`)).text()).toBe('')
    chain.metrics = () => 'rows_total{plugin="a"} 1\n'
    const response = await fetch(`${server.http}/metrics`)
    expect([response.headers.get('content-type'), await response.text()]).toEqual(['text/plain; version=0.0.4; charset=utf-8', 'rows_total{plugin="a"} 1\n'])
  })
})
