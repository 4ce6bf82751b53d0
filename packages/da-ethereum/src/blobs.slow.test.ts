import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { causewayHubAbi } from '@causeway/contracts'
import { nextDaHash, ZERO_HASH, type Clock, type DaReference } from '@causeway/core'
import { createL1Reader, createL1Sender, type L1Sender } from '@causeway/l1'
import { bytesToHex, concatHex, encodeFunctionData, hexToBytes, size, type Hex } from 'viem'
import { afterEach, describe, expect, it } from 'vitest'
import { versionedHash } from './beacon.js'
import { blobs, sidecar } from './blobs.js'
import { loadKzg } from './kzg.js'
import { CHAIN, startL1 } from './l1.test-helper.js'
import { capacity, packBlobs } from './packing.js'

const stoppedClock: Clock = {
  now: () => 0n,
  sleep: (_, signal) => new Promise((resolve) => (signal?.aborted ? resolve() : signal?.addEventListener('abort', () => resolve()))),
}
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

async function setup(hardfork: 'osaka' | 'prague' = 'osaka') {
  const { stop, ...l1 } = await startL1('blobs', hardfork)
  undo.push(stop)
  const { client, test, hub, account } = l1
  await test.setAutomine(false)
  const sender = createL1Sender({ client, account: account(1), clock: stoppedClock, blocksBeforeBump: 1n })
  undo.push(() => sender.close())
  /** Posts a batch and mines it. */
  async function post(batch: Uint8Array, from: L1Sender = sender): Promise<DaReference> {
    const posting = blobs().create({ client, sender: from, hub, chainId: CHAIN }).submit(batch, BigInt(posted + 1))
    posting.catch(() => undefined)
    while (!from.attempts().some(({ kind, nonce }) => kind === 'Submitted' && nonce === posted)) await Promise.race([posting, new Promise((resolve) => setTimeout(resolve, 20))])
    posted++
    await test.mine({ blocks: 1 })
    await from.poll()
    return posting
  }
  let posted = 0
  return { ...l1, sender, post, da: blobs().create({ client, hub, chainId: CHAIN }) }
}

/** A beacon API that answers as `handle` says; gives its URL. */
async function beacon(handle: (path: string, response: ServerResponse) => void): Promise<string> {
  const server: Server = createServer((request: IncomingMessage, response) => handle(request.url as string, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  undo.push(() => server.closeAllConnections(), () => server.close())
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}
const json = (response: ServerResponse, data: unknown, status = 200) => response.writeHead(status).end(JSON.stringify({ data }))
const noise = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7919 + (i >> 8)) % 256)

describe('blobs', () => {
  it.each(['osaka', 'prague'] as const)('posts and gives back batches on %s, with the hashes that the hub has', async (hardfork) => {
    const { post, da, client, hub, inbox } = await setup(hardfork)
    const batches = [noise(0), noise(1000), noise(capacity(1) + 1)]
    const references: DaReference[] = []
    for (const batch of batches) references.push(await post(batch))
    expect(references.map(({ index, kind, commitment }) => [index, kind, size(commitment)])).toEqual([[1n, 1, 32], [2n, 1, 32], [3n, 1, 64]])
    for (const [i, reference] of references.entries()) expect(Buffer.compare(await da.retrieve(reference), batches[i] as Uint8Array)).toBe(0)

    const reader = createL1Reader({ client, addresses: { hub, inbox }, clock: stoppedClock })
    await reader.poll()
    expect(reader.postings(CHAIN).map(({ reference }) => reference)).toEqual(references)
    const rolled = references.reduce<Hex>((hash, { commitment }) => nextDaHash(hash, commitment), ZERO_HASH)
    expect(reader.daHash(CHAIN, 3n)).toBe(rolled)
    expect(await client.readContract({ address: hub, abi: causewayHubAbi, functionName: 'daHash', args: [CHAIN, 3n] })).toBe(rolled)
  })

  it('replaces a blob transaction at twice the fees, and finds a batch that a reorganization has moved', async () => {
    const { sender, client, hub, test, da } = await setup()
    const posting = blobs().create({ client, sender, hub, chainId: CHAIN }).submit(noise(100), 1n)
    while (sender.attempts().length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    await test.dropTransaction({ hash: sender.attempts()[0]?.hash as Hex })
    await test.mine({ blocks: 1 })
    await sender.poll()
    const [a, b] = sender.attempts()
    expect(b?.kind).toBe('Replaced')
    for (const fee of ['maxFeePerGas', 'maxPriorityFeePerGas', 'maxFeePerBlobGas'] as const) expect(b?.fees[fee]).toBeGreaterThanOrEqual((a?.fees[fee] ?? 0n) * 2n)
    await test.mine({ blocks: 1 })
    await sender.poll()
    const reference = await posting
    expect(Buffer.compare(await da.retrieve(reference), noise(100))).toBe(0)

    await test.request({ method: 'anvil_reorg', params: [1, []] } as never)
    await test.request({ method: 'anvil_dropAllTransactions' } as never)
    await expect(da.retrieve(reference)).rejects.toMatchObject({ code: 'DA_TRANSIENT' })
    await sender.poll()
    await test.mine({ blocks: 2 })
    await sender.poll()
    expect(Buffer.compare(await da.retrieve(reference), noise(100))).toBe(0)
  })

  it('refuses a posting by another key, and one without a key', async () => {
    const { client, hub, account, da } = await setup()
    const other = createL1Sender({ client, account: account(2), clock: stoppedClock })
    undo.push(() => other.close())
    await expect(blobs().create({ client, hub, chainId: CHAIN, sender: other }).submit(noise(1), 1n)).rejects.toMatchObject({
      code: 'DA_PERMANENT',
      shortMessage: expect.stringContaining(`NotBatcher(1001, ${other.address})`),
    })
    await expect(da.submit(noise(1), 1n)).rejects.toMatchObject({ code: 'DA_PERMANENT' })
  })

  it('believes no blob that does not hash to its versioned hash', async () => {
    const { post, client, hub, anvil } = await setup()
    const reference = await post(noise(capacity(1) + 1))
    const { data: good } = (await (await fetch(`${anvil.url}/eth/v1/beacon/blobs/${reference.l1Block}`)).json()) as { data: [Hex, Hex] }
    const from = (handle: (path: string, response: ServerResponse) => void) =>
      beacon((path, response) => (path.startsWith('/eth/v1/config') ? json(response, '', 404) : handle(path, response))).then((beaconUrl) =>
        blobs({ beaconUrl }).create({ client, hub, chainId: CHAIN }).retrieve(reference),
      )
    const transient = expect.objectContaining({ code: 'DA_TRANSIENT' })
    const corrupted = `${good[1].slice(0, 2000)}${good[1][2000] === '0' ? '1' : '0'}${good[1].slice(2001)}` as Hex
    const notCanonical = `0xff${good[1].slice(4)}` as Hex

    // Whatever the order, and with other chains' blobs between.
    const foreign = bytesToHex(packBlobs(noise(5))[0] as Uint8Array)
    expect(Buffer.compare(await from((_, response) => json(response, [good[1], foreign, good[0]])), noise(capacity(1) + 1))).toBe(0)
    for (const answer of [[good[0], corrupted], [good[0], notCanonical], [good[0]], [good[0], good[0]], [], [good[0], good[1].slice(0, -2)], [1, null], {}, 'blobs'])
      await expect(from((_, response) => json(response, answer))).rejects.toEqual(transient)
    await expect(from((_, response) => response.writeHead(200).end(JSON.stringify({ data: good }).slice(0, 300_000)))).rejects.toEqual(transient)
    await expect(
      from((_, response) => {
        response.writeHead(200, { 'content-length': '600000' }).write('{"data":["0x00')
        setTimeout(() => response.destroy(), 20)
      }),
    ).rejects.toEqual(transient)
    await expect(from((_, response) => json(response, [], 503))).rejects.toEqual(transient)
    await expect(blobs({ beaconUrl: 'http://127.0.0.1:9' }).create({ client, hub, chainId: CHAIN }).retrieve(reference)).rejects.toEqual(transient)
  })

  it('asks a real consensus node by slot, and an old one for sidecars', async () => {
    const { post, client, hub, anvil } = await setup()
    const reference = await post(noise(10))
    const { data } = (await (await fetch(`${anvil.url}/eth/v1/beacon/blobs/${reference.l1Block}`)).json()) as { data: Hex[] }
    const { timestamp } = await client.getBlock({ blockNumber: reference.l1Block })
    for (const spec of [{ SECONDS_PER_SLOT: '12' }, { SECONDS_PER_SLOT: '12', SLOT_DURATION_MS: '12000' }]) {
      const asked: string[] = []
      const beaconUrl = await beacon((path, response) => {
        asked.push(path.replace(/\?.*/, ''))
        if (path === '/eth/v1/config/spec') return json(response, spec)
        if (path === '/eth/v1/beacon/genesis') return json(response, { genesis_time: String(timestamp - 12n * 77n) })
        if (path === '/eth/v1/beacon/blob_sidecars/77') return json(response, data.map((blob, index) => ({ index: String(index), blob })))
        return json(response, [], 404)
      })
      const da = blobs({ beaconUrl: `${beaconUrl}/` }).create({ client, hub, chainId: CHAIN })
      expect(Buffer.compare(await da.retrieve(reference), noise(10))).toBe(0)
      expect(asked).toEqual(['/eth/v1/config/spec', '/eth/v1/beacon/genesis', '/eth/v1/beacon/blobs/77', '/eth/v1/beacon/blob_sidecars/77'])
    }
  })

  it('says for good that blobs which a batcher filled with something else hold no batch', async () => {
    const { hub, sender, test, da } = await setup()
    const blob = packBlobs(noise(3))[0] as Uint8Array
    blob[1] = 9
    const request = { to: hub, data: encodeFunctionData({ abi: causewayHubAbi, functionName: 'postBlobs', args: [CHAIN, 1n] }), blobs: await sidecar([blob], 1, loadKzg()) }
    const sending = sender.send(request)
    await sender.poll()
    await test.mine({ blocks: 1 })
    await sender.poll()
    const { blockNumber, transactionHash } = await sending
    const reference = { index: 1n, kind: 1, commitment: concatHex(request.blobs.versionedHashes), l1Block: blockNumber, l1Transaction: transactionHash }
    await expect(da.retrieve(reference)).rejects.toMatchObject({ code: 'DA_PERMANENT', shortMessage: expect.stringContaining('version 9') })
  })

  it('computes the commitment and versioned hash of the zero blob as EIP-4844 defines them', async () => {
    const commitment = await loadKzg().commitment(new Uint8Array(131_072))
    // The commitment of the zero polynomial is the point at infinity.
    expect(bytesToHex(commitment as Uint8Array)).toBe(`0xc0${'00'.repeat(47)}`)
    expect(versionedHash(hexToBytes(`0xc0${'00'.repeat(47)}`))).toBe('0x010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014')
    expect(await loadKzg().commitment(new Uint8Array(131_072).fill(0xff))).toBeUndefined()
  })
})
