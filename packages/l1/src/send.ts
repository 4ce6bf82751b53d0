import { CausewayError, silentLog, type BlobSidecar, type Clock, type Log } from '@causeway/core'
import { keccak256, numberToHex, type Abi, type Address, type Hex, type LocalAccount, type PublicClient, type TransactionReceipt } from 'viem'
import { blockByTag } from './block-tag.js'
import { withSidecar } from './blob-transaction.js'
import { bumpFees, currentFees, type Fees } from './fees.js'
import { briefly, isRefusal, messagesOf, refusal } from './node-errors.js'
import { revertData, revertError } from './revert.js'

/** A transaction to send. */
export type L1Request = {
  to: Address
  data?: Hex
  /** wei */
  value?: bigint
  /** Gas limit; by default the estimate and a quarter more. */
  gas?: bigint
  blobs?: BlobSidecar
  /** For the log, e.g. `settle epoch 7`. */
  label?: string
  /** Errors of contracts other than Causeway's. */
  abi?: Abi
}

/** One event in the life of a transaction. `time` is the clock's, ms; `block` is L1's latest when it was written. */
export type L1Attempt = {
  /** `Dropped`: mined and taken back by a reorg (it is sent again), or its nonce was used by a transaction of somebody else. */
  kind: 'Submitted' | 'Replaced' | 'Mined' | 'Reverted' | 'Dropped'
  label: string
  nonce: number
  hash: Hex
  time: bigint
  block: bigint
  fees: Fees
  reason?: string
}

/** Options of {@link createL1Sender}. */
export type L1SenderOptions = {
  client: PublicClient
  account: LocalAccount
  clock: Clock
  log?: Log
  /** Blocks without inclusion after which a transaction is replaced by one with higher fees, default 3. */
  blocksBeforeBump?: bigint
  /** Fees are not bumped above this; wei a gas, default 1000 gwei. For blob gas too. */
  maxFee?: bigint
  /** ms between looks at L1 while something is under way, default 1000. */
  pollInterval?: number
  onAttempt?: (attempt: L1Attempt) => void
}

/** The one sender of a key: no other process may send with it. */
export type L1Sender = {
  readonly address: Address
  /**
   * Simulates and sends; resolves with the receipt once it is mined (not final: a reorg that drops it makes the sender send it again).
   * One transaction is under way at a time, in the order of calls, because nodes mix blob and other transactions of a key badly.
   * While L1 does not answer it waits and tries again.
   * @throws CausewayError `L1_REVERTED` (simulated or mined), `L1_INSUFFICIENT_FUNDS`, `L1_REFUSED`, `L1_SENDER_CLOSED`
   */
  send(request: L1Request): Promise<TransactionReceipt>
  /** Looks at L1 at once: a stepped harness calls it after mining. Otherwise the sender looks by itself. */
  poll(): Promise<void>
  /** The last 1000 attempts, oldest first. */
  attempts(): readonly L1Attempt[]
  /** Stops looking at L1; what is not mined is rejected, though L1 may still mine it. */
  close(): Promise<void>
}

type Job = { request: L1Request; resolve(receipt: TransactionReceipt): void; reject(error: unknown): void }
type Version = { raw: Hex; hash: Hex; fees: Fees; block: bigint }
type Tracked = { job: Job; nonce: number; gas: bigint; versions: Version[]; mined?: TransactionReceipt; strayed: number }

const ATTEMPTS_KEPT = 1000
/** Blocks after which a used nonce without a receipt of ours counts as somebody else's; a node's receipts may lag its nonces. */
const BLOCKS_BEFORE_STRAYED = 3

/** Creates the sender of a key. */
export function createL1Sender(options: L1SenderOptions): L1Sender {
  const { client, account, clock, log = silentLog, blocksBeforeBump = 3n, maxFee = 1000n * 10n ** 9n, pollInterval = 1000 } = options
  const waiting: Job[] = []
  /** Everything that is not final, by ascending nonce: first what is mined, then at most one that is not (more after a reorg). */
  let tracked: Tracked[] = []
  const attempts: L1Attempt[] = []
  const closing = new AbortController()
  let turn: Promise<unknown> = Promise.resolve()
  let driving = false
  let chainId: number | undefined
  /** Hash of the latest block at the last look: while it stays, nothing can have happened. */
  let seen: Hex | undefined

  function record(kind: L1Attempt['kind'], { job, nonce }: Tracked, { hash, fees }: Version, block: bigint, reason?: string): void {
    const label = job.request.label ?? `transaction to ${job.request.to}`
    const attempt = { kind, label, nonce, hash, time: clock.now(), block, fees, ...(reason === undefined ? {} : { reason }) }
    if (attempts.push(attempt) > ATTEMPTS_KEPT) attempts.shift()
    log[kind === 'Dropped' || kind === 'Reverted' ? 'warn' : 'info'](`L1 transaction ${kind.toLowerCase()}`, attempt)
    options.onAttempt?.(attempt)
  }

  const call = ({ to, data, value, blobs }: L1Request) => ({
    ...{ from: account.address, to, data: data ?? '0x', value: numberToHex(value ?? 0n) },
    ...(blobs ? { blobVersionedHashes: [...blobs.versionedHashes] } : {}),
  })

  /**
   * The node's estimate is the simulation: it runs the call on the latest state and reports a revert with its data. Not on what waits in the
   * pool, which nodes may take otherwise: an earlier process may have left a transaction there that this one has to replace.
   */
  async function simulate(request: L1Request): Promise<bigint> {
    const name = request.label ?? 'The transaction'
    try {
      if (request.gas === undefined) {
        const estimate = BigInt(await client.request({ method: 'eth_estimateGas', params: [call(request) as never, 'latest'] }))
        return (estimate * 5n) / 4n
      }
      await client.request({ method: 'eth_call', params: [{ ...call(request), gas: numberToHex(request.gas) } as never, 'latest'] })
      return request.gas
    } catch (error) {
      const data = revertData(error)
      throw data === undefined ? refusal(error) : revertError(name, data, request.abi)
    }
  }

  async function sign({ job: { request }, nonce, gas }: Tracked, fees: Fees): Promise<Omit<Version, 'block'>> {
    chainId ??= await client.getChainId()
    const { to, data = '0x', value = 0n, blobs } = request
    const { maxFeePerBlobGas = 0n, ...gasFees } = fees
    const common = { chainId, nonce, gas, to, data, value, ...gasFees }
    if (!blobs) {
      const raw = await account.signTransaction({ ...common, type: 'eip1559' })
      return { raw, hash: keccak256(raw), fees }
    }
    const { versionedHashes: blobVersionedHashes } = blobs
    const signed = await account.signTransaction({ ...common, type: 'eip4844', blobVersionedHashes, maxFeePerBlobGas, sidecars: false })
    return { raw: withSidecar(signed, blobs), hash: keccak256(signed), fees }
  }

  /** @returns whether the node now has it; false when it wants more for a replacement */
  async function broadcast({ raw }: Version): Promise<boolean> {
    try {
      await client.request({ method: 'eth_sendRawTransaction', params: [raw] }, { retryCount: 0 })
      return true
    } catch (error) {
      const text = messagesOf(error)
      // A used nonce shows itself when the receipts are read.
      if (/already known|already imported|nonce too low|already exists/i.test(text)) return true
      if (/underpriced|replacement/i.test(text)) return false
      throw refusal(error)
    }
  }

  /** Adds a version with higher fees and broadcasts it, higher again while nodes ask for more. */
  async function raise(item: Tracked, kind: 'Submitted' | 'Replaced', block: bigint): Promise<void> {
    const current = await currentFees(client, item.job.request.blobs !== undefined)
    for (;;) {
      const last = item.versions.at(-1)
      const fees = last ? bumpFees(last.fees, current) : current
      if (last && (fees.maxFeePerGas > maxFee || (fees.maxFeePerBlobGas ?? 0n) > maxFee)) {
        log.warn('L1 fees are at the configured maximum, waiting', { nonce: item.nonce, maxFee })
        last.block = block
        return
      }
      const version = { ...(await sign(item, fees)), block }
      // Before it is sent: if the answer is lost, the node may have it all the same.
      item.versions.push(version)
      if (await broadcast(version)) return record(kind, item, version, block)
    }
  }

  async function submit(job: Job, block: bigint, used: number): Promise<Tracked> {
    const gas = await simulate(job.request)
    const nonce = Math.max(used, ...tracked.map((item) => item.nonce + 1))
    const item: Tracked = { job, nonce, gas, versions: [], strayed: 0 }
    tracked.push(item)
    try {
      await raise(item, 'Submitted', block)
    } catch (error) {
      if (isRefusal(error)) tracked = tracked.filter((other) => other !== item)
      throw error
    }
    return item
  }

  async function receiptOf({ versions }: Tracked): Promise<{ receipt: TransactionReceipt; version: Version } | undefined> {
    for (const version of [...versions].reverse()) {
      const receipt = await client.getTransactionReceipt({ hash: version.hash }).catch((error: Error) => {
        if (error.name === 'TransactionReceiptNotFoundError') return undefined
        throw error
      })
      if (receipt) return { receipt, version }
    }
    return undefined
  }

  async function conclude(item: Tracked, receipt: TransactionReceipt, version: Version): Promise<void> {
    item.mined = receipt
    if (receipt.status === 'success') {
      record('Mined', item, version, receipt.blockNumber)
      return item.job.resolve(receipt)
    }
    const error = await reasonOf(item.job.request, receipt)
    record('Reverted', item, version, receipt.blockNumber, error.shortMessage)
    item.job.reject(error)
  }

  /** Runs a reverted transaction again at its block, to learn why; the state may differ by what came before it in the block. */
  async function reasonOf(request: L1Request, { blockNumber }: TransactionReceipt): Promise<CausewayError> {
    const name = `${request.label ?? 'The transaction'} (mined in L1 block ${blockNumber})`
    const data = await client.request({ method: 'eth_call', params: [call(request) as never, numberToHex(blockNumber)] }).then(() => undefined, revertData)
    return revertError(name, data ?? '0x', request.abi)
  }

  /** One look at a transaction that is not final. */
  async function tend(item: Tracked, block: bigint, used: number): Promise<void> {
    const found = await receiptOf(item)
    if (found) {
      item.strayed = 0
      if (item.mined?.blockHash !== found.receipt.blockHash) await conclude(item, found.receipt, found.version)
      return
    }
    const last = item.versions.at(-1)
    if (!last) return raise(item, 'Submitted', block)
    if (item.mined) {
      delete item.mined
      // The same transaction first: its hash is known to those who look for it.
      last.block = block
      record('Dropped', item, last, block, 'a reorganization of L1 took its block back')
    }
    if (used > item.nonce) {
      if (++item.strayed < BLOCKS_BEFORE_STRAYED) return
      record('Dropped', item, last, block, 'another transaction of this key has used its nonce')
      tracked = tracked.filter((other) => other !== item)
      waiting.unshift(item.job)
      return
    }
    const known = await client.request({ method: 'eth_getTransactionByHash', params: [last.hash] })
    const wantsMore = !known && !(await broadcast(last))
    if (wantsMore || block - last.block >= blocksBeforeBump) await raise(item, 'Replaced', block)
  }

  async function look(): Promise<void> {
    if (tracked.length + waiting.length === 0) return
    const { number: block, hash } = await client.getBlock({ blockTag: 'latest' })
    if (hash === seen && waiting.length === 0) return
    // The nonce before the receipts: what it counts must then have a receipt.
    const used = await client.getTransactionCount({ address: account.address, blockTag: 'latest' })
    for (const item of [...tracked]) await tend(item, block, used)
    const { number: finalized } = await blockByTag(client, 'finalized')
    tracked = tracked.filter(({ mined }) => !mined || mined.blockNumber > finalized)
    for (let job = waiting[0]; job && tracked.every(({ mined }) => mined); job = waiting[0]) {
      let item: Tracked
      try {
        item = await submit(job, block, used)
      } catch (error) {
        // Once tracked it may have been sent, and must not be sent twice; a job of which L1 knows nothing stays first.
        const mayBeSent = tracked.some((other) => other.job === job)
        if (isRefusal(error)) job.reject(error)
        if (isRefusal(error) || mayBeSent) waiting.shift()
        if (isRefusal(error)) continue
        throw error
      }
      waiting.shift()
      await tend(item, block, used)
    }
    seen = hash
  }

  function poll(): Promise<void> {
    const result = turn.then(look)
    turn = result.catch(() => undefined)
    return result
  }

  /** Not the whole error: RPC clients put the request into it, which may be a megabyte of blobs. */
  const failed = (error: unknown): void => log.warn('sending to L1 failed, will try again', { reason: briefly(error) })

  /** Looks at L1 until nothing is under way. */
  async function drive(): Promise<void> {
    if (driving) return
    driving = true
    while (!closing.signal.aborted) {
      await poll().catch(failed)
      if (tracked.length + waiting.length === 0) break
      await clock.sleep(pollInterval, closing.signal)
    }
    driving = false
  }

  return {
    address: account.address,
    send(request) {
      if (closing.signal.aborted) return Promise.reject(closed())
      const receipt = new Promise<TransactionReceipt>((resolve, reject) => waiting.push({ request, resolve, reject }))
      if (driving) poll().catch(failed)
      else void drive()
      return receipt
    },
    poll,
    attempts: () => attempts,
    async close() {
      closing.abort()
      await turn
      for (const { reject } of [...waiting, ...tracked.map(({ job }) => job)]) reject(closed())
    },
  }
}

function closed(): CausewayError {
  return new CausewayError('The L1 sender was closed before the transaction was mined.', {
    code: 'L1_SENDER_CLOSED',
    fix: 'Nothing, when stopping: what has to be on L1 is driven again after a restart.',
  })
}
