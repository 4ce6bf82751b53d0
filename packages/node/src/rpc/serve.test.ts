import { createPublicClient, http, numberToHex, webSocket, type Hex } from 'viem'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { alice, bob, CHAIN_ID, rpcHarness, testChain } from './harness.test-helper.js'
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

describe('serveRpc', () => {
  it('HTTP with viem, batches included', async () => {
    const { server, mine } = await served()
    const client = createPublicClient({ chain: testChain, transport: http(server.http, { batch: true, retryCount: 0 }) })
    await mine()
    expect(await Promise.all([client.getChainId(), client.getBlockNumber(), client.getBalance({ address: bob.address })])).toEqual([CHAIN_ID, 1n, 10n ** 20n])
    await expect(client.call({ to: bob.address, stateOverride: [{ address: bob.address, code: '0x5f5ffd' }] })).rejects.toThrow('Execution reverted')
  })

  it('refuses what is not JSON-RPC', async () => {
    const { server } = await served({ maxBytes: 100 })
    expect(await (await post(server.http, '{')).json()).toMatchObject({ id: null, error: { code: -32700 } })
    expect((await post(server.http, ' '.repeat(101))).status).toBe(413)
    expect((await post(server.http, '{}', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await fetch(server.http)).status).toBe(405)
    expect((await post(server.http, JSON.stringify({ jsonrpc: '2.0', method: 'eth_chainId' }))).status).toBe(204)
    const preflight = await fetch(server.http, { method: 'OPTIONS' })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
    const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-api-key', 'access-control-request-private-network': 'true' }
    const allowed = (await fetch(server.http, { method: 'OPTIONS', headers: { origin: 'https://dapp.example', ...asked } })).headers
    expect(['headers', 'private-network', 'methods'].map((what) => allowed.get(`access-control-allow-${what}`))).toEqual(['content-type,x-api-key', 'true', 'POST, OPTIONS'])
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
