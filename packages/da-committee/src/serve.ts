import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CausewayError, silentLog, urlAuthority, type Clock, type Log, type Store } from '@causeway/core'
import { createL1Reader } from '@causeway/l1'
import { isAddressEqual, isHex, recoverTypedDataAddress, size, zeroAddress, type Address, type Hex, type LocalAccount, type PublicClient } from 'viem'
import { batchTypedData, isBatch, MAX_COMMITTEE_BATCH, submissionTypedData, type SignedBatch } from './batch.js'
import { keptBatches } from './kept.js'

/** Options of {@link serveCommitteeMember}. */
export type CommitteeMemberOptions = {
  /** The member's: signs that a batch is kept. */
  account: LocalAccount
  store: Store
  /** 0 picks a free port. */
  port: number
  /** Address to listen on. Default 127.0.0.1; `0.0.0.0` for everybody. */
  host?: string
  /** The cluster's L1, and the committee's `CommitteeAvailability` there. */
  client: PublicClient
  contracts: { hub: Address; inbox: Address }
  adapter: Address
  clock: Clock
  log?: Log
  /** ms for which a batch is kept. Default 30 days. */
  retention?: number
  /** Bytes that are kept of a chain. Default 10 GB. */
  quota?: number
}

/** A member's server. */
export type CommitteeMemberServer = { url: string; close(): Promise<void> }

/** L1 seconds that a submission may be good for: no longer than what it is pruned after. */
const MAX_VALIDITY = 7_200n
const HOUR = 3_600_000
const CONNECTIONS = 512
/** ms without a byte either way after which a connection is ended. */
const IDLE = 30_000
/** Requests with a body at a time, each of up to {@link MAX_COMMITTEE_BATCH} bytes in memory. */
const MAX_UPLOADS = 16
const PATH = /^\/batches\/(\d{1,20})\/(0x[0-9a-f]{64})$/

/** An answer that refuses: its status, and why. */
class Refusal extends Error {
  constructor(readonly status: number, message: string) {
    super(message)
  }
}

/**
 * The server of a committee's member: keeps what batchers of chains that are registered with the committee send, signs that it does, and gives it to
 * whoever asks. `PUT /batches/CHAIN/HASH` takes a batch, whose headers the chain's batcher has signed: checked before the body is read, so a stranger
 * costs a signature check. `GET` of the same path gives it. It is on disk before it is signed. `GET /health` says that the process answers.
 * @throws CausewayError `PORT_IN_USE`, or what L1 answers
 */
export async function serveCommitteeMember(options: CommitteeMemberOptions): Promise<CommitteeMemberServer> {
  const { account, store, port, host = '127.0.0.1', client, contracts, adapter, clock, log = silentLog, retention = 30 * 24 * HOUR, quota = 10_000_000_000 } = options
  const kept = keptBatches({ store, clock, retention, quota })
  const reader = createL1Reader({ client, addresses: contracts, clock, log, chains: [] })
  await reader.poll()
  const l1ChainId = await reader.l1ChainId()
  const stopping = new AbortController()
  let uploads = 0

  /** Who may send batches of a chain. */
  function batcherOf(chainId: bigint): Address {
    const registration = reader.registrations().find((record) => record.chainId === chainId)
    if (!registration || !isAddressEqual(registration.daAdapter, adapter)) throw new Refusal(403, `chain ${chainId} is not registered with the committee ${adapter}`)
    const batcher = reader.batchers().findLast((record) => record.chainId === chainId)?.batcher ?? registration.batcher
    if (batcher === zeroAddress) throw new Refusal(403, `chain ${chainId} has no batcher now`)
    return batcher
  }

  /** What the headers of a request say, if the chain's batcher has signed it. */
  async function submissionOf({ headers }: IncomingMessage, chainId: bigint, batchHash: Hex): Promise<SignedBatch> {
    const batcher = batcherOf(chainId)
    const [length, expiry, signature] = [headers['content-length'], headers['x-causeway-expiry'], headers['x-causeway-signature']]
    if (!/^\d{1,7}$/.test(length ?? '') || !/^\d{1,15}$/.test(String(expiry))) throw new Refusal(400, 'content-length and x-causeway-expiry have to be numbers')
    if (typeof signature !== 'string' || !isHex(signature) || size(signature) !== 65) throw new Refusal(401, 'x-causeway-signature has to be a signature')
    const submission: SignedBatch = { hub: contracts.hub, chainId, batchHash, length: Number(length), expiry: BigInt(String(expiry)) }
    if (submission.length === 0 || submission.length > MAX_COMMITTEE_BATCH) throw new Refusal(413, `a batch has 1 to ${MAX_COMMITTEE_BATCH} bytes`)
    const now = reader.heads.latest.timestamp / 1000n
    if (submission.expiry < now || submission.expiry > now + MAX_VALIDITY) throw new Refusal(400, `x-causeway-expiry is ${submission.expiry}; L1's time is ${now}, and it may be ${MAX_VALIDITY} s later`)
    const signer = await recoverTypedDataAddress({ ...submissionTypedData({ l1ChainId, adapter }, { ...submission, member: account.address }), signature }).catch(() => zeroAddress)
    if (!isAddressEqual(signer, batcher)) throw new Refusal(401, `signed by ${signer}; the batcher of chain ${chainId} is ${batcher}`)
    return submission
  }

  async function put(request: IncomingMessage, chainId: bigint, batchHash: Hex): Promise<Hex> {
    const submission = await submissionOf(request, chainId, batchHash)
    if (uploads >= MAX_UPLOADS) throw new Refusal(503, 'too many batches are coming in: try again')
    uploads++
    try {
      const batch = await read(request, submission.length)
      if (!isBatch(batch, submission)) throw new Refusal(400, `the body does not hash to ${batchHash}`)
      await kept.keep(chainId, batchHash, batch).catch((error: unknown) => {
        throw error instanceof CausewayError && error.code === 'QUOTA_FULL' ? new Refusal(507, error.shortMessage) : error
      })
      return await account.signTypedData(batchTypedData({ l1ChainId, adapter }, submission))
    } finally {
      uploads--
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '/' } = request
    if (method === 'GET' && (url === '/' || url === '/health')) return void response.end()
    const [, chain, hash] = PATH.exec(url) ?? []
    if (chain === undefined || hash === undefined) throw new Refusal(404, 'batches are at /batches/CHAIN/HASH')
    const [chainId, batchHash] = [BigInt(chain), hash as Hex]
    if (method === 'PUT') return void response.end(await put(request, chainId, batchHash))
    if (method !== 'GET') throw new Refusal(405, 'PUT or GET')
    const batch = kept.get(chainId, batchHash)
    if (!batch) throw new Refusal(404, 'this batch is not here')
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': batch.length }).end(batch)
  }

  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, maxHeaderSize: 8_192 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!(error instanceof Refusal)) log.error('a request failed', { error })
      // Whatever of the body has not been read is not read any more.
      response.writeHead(error instanceof Refusal ? error.status : 500, { connection: 'close' }).end(error instanceof Refusal ? error.message : 'internal error')
    })
  })
  server.maxConnections = CONNECTIONS
  // Whoever takes nothing of its answer must not keep others out.
  server.setTimeout(IDLE)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'EADDRINUSE' ? new CausewayError(`Port ${port} is taken.`, { code: 'PORT_IN_USE', fix: 'choose another, or 0 for a free one', cause: error }) : error))
    server.listen(port, host, resolve)
  })
  const following = reader.follow(stopping.signal)
  const pruning = pruneHourly()

  async function pruneHourly(): Promise<void> {
    while (!stopping.signal.aborted) {
      const pruned = await kept.prune().catch((error: unknown) => log.error('what is old could not be pruned, and is tried again', { error }))
      if (pruned) log.info('batches pruned', { pruned })
      await clock.sleep(HOUR, stopping.signal)
    }
  }

  return {
    url: `http://${urlAuthority(host === '0.0.0.0' ? '127.0.0.1' : host, (server.address() as AddressInfo).port)}`,
    async close() {
      stopping.abort()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await Promise.all([following, pruning])
    },
  }
}

/** A body of so many bytes. */
async function read(request: IncomingMessage, length: number): Promise<Uint8Array> {
  const parts: Buffer[] = []
  let read = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    read += part.length
    if (read > length) throw new Refusal(413, 'the body is longer than it says')
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
