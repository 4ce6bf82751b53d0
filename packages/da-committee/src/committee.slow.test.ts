import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { causewayHubAbi, committeeAvailabilityAbi, committeeAvailabilityBytecode } from '@causeway/contracts'
import { mockVerifier } from '@causeway/contracts/testing'
import { DA_KINDS, systemClock as clock, toBytes32, ZERO_HASH, type DataAvailability } from '@causeway/core'
import { createL1Sender, deployCluster, registerChain, startAnvil, type L1Sender } from '@causeway/l1'
import { memoryStore } from '@causeway/testing'
import { daConformance } from '@causeway/testing/conformance'
import { createPublicClient, createTestClient, createWalletClient, http, keccak256, toHex, type Address, type Hex, type PublicClient } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { batchTypedData, MAX_COMMITTEE_BATCH, submissionTypedData } from './batch.js'
import { committee, type CommitteeMember } from './committee.js'
import { fetchBatch, submitBatch } from './member-client.js'
import { serveCommitteeMember, type CommitteeMemberOptions, type CommitteeMemberServer } from './serve.js'

const CHAIN = 1001n
const OTHER = 1002n
const POLICY: Hex = `0x0101${toBytes32(1n).slice(2)}${toBytes32(17631683881184975370165255887551781615748388533673675138860n).slice(2)}`
const noise = (length: number, seed = 1) => Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17) % 251)

let l1: Awaited<ReturnType<typeof start>>
/** An anvil, a committee of which two of three have to sign, and two chains that are registered with it. */
async function start() {
  const anvil = await startAnvil({ blockTime: 'manual' })
  const transport = { transport: http(anvil.url, { retryCount: 0 }), pollingInterval: 10, cacheTime: 0 }
  const client: PublicClient = createPublicClient(transport)
  await createTestClient({ ...transport, mode: 'anvil' }).setAutomine(true)
  const account = (index: number) => privateKeyToAccount((anvil.accounts[index] as { privateKey: Hex }).privateKey)
  const wallet = createWalletClient({ ...transport, account: account(0) })
  const contracts = await deployCluster({ client, wallet, clusterId: keccak256(toHex('committee')), verifier: mockVerifier })
  const accounts = [4, 5, 6].map(account).toSorted((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1))
  const { contractAddress } = await client.waitForTransactionReceipt({ hash: await wallet.deployContract({ chain: null, abi: committeeAvailabilityAbi, bytecode: committeeAvailabilityBytecode, args: [accounts.map(({ address }) => address), 2n] }) })
  const adapter = contractAddress as Address
  for (const [i, chainId] of [CHAIN, OTHER].entries())
    await registerChain({ client, wallet, hub: contracts.hub, registration: { chainId, stateRoot: ZERO_HASH, policy: POLICY, batcher: account(1 + i).address, owner: account(0).address, daKind: DA_KINDS.adapter, daAdapter: adapter, spec: '' } })
  const serve = (i: number, change: Partial<CommitteeMemberOptions> = {}) => serveCommitteeMember({ account: accounts[i] as (typeof accounts)[0], store: memoryStore(), port: 0, client, contracts, adapter, clock, ...change })
  return { anvil, client, account, wallet, contracts, accounts, adapter, serve }
}

const servers: CommitteeMemberServer[] = []
const senders: L1Sender[] = []
beforeAll(async () => {
  l1 = await start()
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
  await Promise.all(senders.splice(0).map((sender) => sender.close()))
})
afterAll(() => l1?.anvil.stop())

async function members(count = 3, change: Partial<CommitteeMemberOptions> = {}): Promise<CommitteeMember[]> {
  const started = await Promise.all(l1.accounts.slice(0, count).map((_, i) => l1.serve(i, change)))
  servers.push(...started)
  return l1.accounts.map(({ address }, i) => ({ address, url: started[i]?.url ?? 'http://127.0.0.1:1' }))
}
/** Data availability of a chain; the batcher's, unless it is only to read. */
function daOf(list: readonly CommitteeMember[], chainId = CHAIN, posts = true): DataAvailability {
  const batcher = l1.account(chainId === CHAIN ? 1 : 2)
  const sender = posts ? createL1Sender({ client: l1.client, account: batcher, clock, pollInterval: 20 }) : undefined
  if (sender) senders.push(sender)
  return committee({ adapter: l1.adapter, members: list, threshold: 2 }).create({ chainId, client: l1.client, hub: l1.contracts.hub, ...(sender && { sender, batcher }) })
}
const length = (chainId: bigint) => l1.client.readContract({ address: l1.contracts.hub, abi: causewayHubAbi, functionName: 'daLength', args: [chainId] })
const post = async (da: DataAvailability, batch: Uint8Array) => da.submit(batch, (await length(CHAIN)) + 1n)
/** A server that lies. */
async function liar(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push({ url: '', close: async () => (server.closeAllConnections(), void server.close()) })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('is data availability', () =>
  daConformance({ it, expect }, async () => {
    const list = await members()
    return { kind: DA_KINDS.adapter, da: daOf(list), otherChain: daOf(list, OTHER), reader: daOf(list, CHAIN, false), length: (of) => length(of === 'own' ? CHAIN : OTHER), close: async () => undefined }
  }))

describe('a committee', () => {
  it('goes on with as many members as it takes, and waits for one more otherwise, naming those that are away', async () => {
    const reference = await post(daOf(await members(2)), noise(500))
    expect(reference).toMatchObject({ kind: DA_KINDS.adapter })
    const before = await length(CHAIN)
    await expect(post(daOf(await members(1)), noise(500, 2))).rejects.toMatchObject({ code: 'DA_TRANSIENT', shortMessage: expect.stringMatching(/^1 members keep the batch, of the 2 that it takes: http.*127\.0\.0\.1:1/) as string })
    expect(await length(CHAIN)).toBe(before)
  })

  it('believes no member what it signs or gives', async () => {
    const list = await members()
    const elsewhere = await liar((_, response) => response.end(`0x${'11'.repeat(64)}1b`))
    const [a, b, c] = list as [CommitteeMember, CommitteeMember, CommitteeMember]
    // One that signs rubbish, one that signs as somebody else, and one that answers in another's place, count for nothing.
    const stranger = await liar((request, response) => void request.resume().on('end', () => void l1.account(9).signTypedData(batchTypedData({ l1ChainId: 31337n, adapter: l1.adapter }, { hub: l1.contracts.hub, chainId: CHAIN, batchHash: keccak256(noise(300)), length: 300, expiry: BigInt(String(request.headers['x-causeway-expiry'])) })).then((signature) => response.end(signature))))
    await expect(post(daOf([a, { ...b, url: elsewhere }, { ...c, url: stranger }]), noise(300))).rejects.toMatchObject({ code: 'DA_TRANSIENT', shortMessage: expect.stringContaining(`it signs as ${l1.account(9).address}`) as string })
    await expect(post(daOf([a, { ...b, url: a.url }, { ...c, url: a.url }]), noise(300))).rejects.toMatchObject({ code: 'DA_TRANSIENT', shortMessage: expect.stringMatching(/401 signed by .*401 signed by/) as string })
    const reference = await post(daOf(list), noise(300))
    const other = await liar((_, response) => response.end(Buffer.from(noise(300, 9))))
    const endless = await liar((_, response) => {
      const more = () => void (response.write(Buffer.alloc(65_536)) ? setImmediate(more) : response.once('drain', more))
      more()
    })
    const silent = await liar((_, response) => response.writeHead(404).end('none'))
    const urls = (...of: string[]) => list.map((member, i) => ({ ...member, url: of[i] as string }))
    expect(await daOf(urls(other, endless, a.url), CHAIN, false).retrieve(reference)).toEqual(noise(300))
    // Who gave nothing is asked last from then on.
    let asked = 0
    const counting = await liar((_, response) => {
      asked++
      response.end('nothing')
    })
    const reader = daOf(urls(counting, a.url, c.url), CHAIN, false)
    for (let i = 0; i < 3; i++) expect(await reader.retrieve(reference)).toEqual(noise(300))
    expect(asked).toBe(1)
    await expect(daOf(urls(other, endless, silent), CHAIN, false).retrieve(reference)).rejects.toMatchObject({ code: 'DA_TRANSIENT', shortMessage: expect.stringMatching(/gave other bytes.*more than 300 bytes.*404 none/) as string })
  })

  it('does not post what is too large, or nothing', async () => {
    const da = daOf(await members())
    for (const size of [0, MAX_COMMITTEE_BATCH + 1]) await expect(post(da, new Uint8Array(size))).rejects.toMatchObject({ code: 'DA_PERMANENT' })
  })

  it('tells mistakes in its options', () => {
    expect(committee({ adapter: '0x12', members: [{ address: '0x', url: 'nowhere' }], threshold: 2 } as never).issues?.map(({ path }) => path)).toEqual(['adapter', 'members[0].address', 'members[0].url', 'threshold'])
  })
})

describe('a member', () => {
  const place = () => ({ l1ChainId: 31337n, adapter: l1.adapter })
  const submission = async (batch: Uint8Array, change: Partial<{ chainId: bigint; expiry: bigint; hub: Address; as: number; to: number }> = {}) => {
    const { timestamp } = await l1.client.getBlock()
    const signed = { hub: change.hub ?? l1.contracts.hub, chainId: change.chainId ?? CHAIN, batchHash: keccak256(batch), length: batch.length, expiry: change.expiry ?? timestamp + 3_600n }
    return { signed, authorization: await l1.account(change.as ?? 1).signTypedData(submissionTypedData(place(), { ...signed, member: (l1.accounts[change.to ?? 0] as (typeof l1.accounts)[0]).address })) }
  }
  async function send(url: string, batch: Uint8Array, change: Parameters<typeof submission>[1] = {}, body = batch): Promise<string> {
    const { signed, authorization } = await submission(batch, change)
    return submitBatch(url, body, { ...signed, length: body.length }, authorization).then(() => 'kept', (error: Error) => error.message)
  }
  const one = async (change: Partial<CommitteeMemberOptions> = {}) => ((await members(1, change))[0] as CommitteeMember).url

  it('keeps only what the batcher of a chain of its committee has signed, as it was signed', async () => {
    const url = await one()
    const batch = noise(400)
    expect(await send(url, batch, { as: 2 })).toMatch(/^401 signed by .*; the batcher of chain 1001 is/)
    expect(await send(url, batch, { as: 9 })).toMatch(/^401/)
    // What another member was sent, and sends on.
    expect(await send(url, batch, { to: 1 })).toMatch(/^401/)
    expect(await send(url, batch, { chainId: 7n })).toMatch(/^403 chain 7 is not registered/)
    expect(await send(url, batch, { hub: l1.adapter })).toMatch(/^401/)
    expect(await send(url, batch, { expiry: 5n })).toMatch(/^400 x-causeway-expiry/)
    expect(await send(url, batch, { expiry: (await l1.client.getBlock()).timestamp + 10_000n })).toMatch(/^400 x-causeway-expiry/)
    expect(await send(url, batch, {}, noise(399))).toMatch(/^401/)
    expect(await send(url, batch, {}, noise(400, 2))).toMatch(/^400 the body does not hash/)
    // A signature for the committee is none for a member.
    const { signed } = await submission(batch)
    const asMember = await l1.account(1).signTypedData(batchTypedData(place(), signed))
    expect(await submitBatch(url, batch, signed, asMember).catch((error: Error) => error.message)).toMatch(/^401/)
    await expect(fetchBatch(url, CHAIN, signed)).rejects.toThrow(/^404/)
    expect(await send(url, batch)).toBe('kept')
    expect(await send(url, batch)).toBe('kept')
    expect(await fetchBatch(url, CHAIN, signed)).toEqual(batch)
    await expect(fetchBatch(url, OTHER, signed)).rejects.toThrow(/^404/)
  })

  it('answers whatever it is asked, and reads no more of a body than was signed', async () => {
    const url = await one()
    const status = async (path: string, init: RequestInit = {}) => (await fetch(new URL(path, url), init)).status
    expect(await status('/health')).toBe(200)
    for (const path of ['/batches', '/batches/1001/0x12', `/batches/${'9'.repeat(30)}/${ZERO_HASH}`, '/../x']) expect(await status(path)).toBe(404)
    expect(await status(`/batches/1001/${ZERO_HASH}`, { method: 'DELETE' })).toBe(405)
    expect(await status(`/batches/1001/${ZERO_HASH}`, { method: 'PUT', body: 'x' })).toBe(400)
    expect(await status(`/batches/1001/${ZERO_HASH}`, { method: 'PUT', body: new Uint8Array(2 * MAX_COMMITTEE_BATCH), headers: { 'x-causeway-expiry': '1', 'x-causeway-signature': `0x${'11'.repeat(65)}` } }).catch(() => 413)).toBe(413)
  })

  it('has what it signed after a restart, forgets it by its rule, and keeps no more than its quota', async () => {
    const [store, time] = [memoryStore(), { now: 1_000_000n }]
    const stepped = { now: () => time.now, sleep: (_: number, signal?: AbortSignal) => new Promise<void>((resolve) => (signal?.aborted ? resolve() : signal?.addEventListener('abort', () => resolve(), { once: true }))) }
    const batch = noise(600)
    const { signed } = await submission(batch)
    const first = await one({ store, clock: stepped, retention: 1_000, quota: 1_000 })
    expect(await send(first, batch)).toBe('kept')
    expect(await send(first, noise(600, 2))).toMatch(/^507 The member keeps 1000 bytes of chain 1001/)
    // What it has counts once.
    expect(await send(first, batch)).toBe('kept')
    await servers.splice(0)[0]?.close()
    time.now += 1_000n
    const again = await one({ store, clock: stepped, retention: 1_000, quota: 1_000 })
    expect(await fetchBatch(again, CHAIN, signed)).toEqual(batch)
    expect(await send(again, noise(600, 2))).toMatch(/^507/)
    await servers.splice(0)[0]?.close()
    time.now += 1n
    const later = await one({ store, clock: stepped, retention: 1_000, quota: 1_000 })
    await expect.poll(() => fetchBatch(later, CHAIN, signed).catch((error: Error) => error.message)).toMatch(/^404/)
    expect(await send(later, noise(600, 2))).toBe('kept')
  })
})
