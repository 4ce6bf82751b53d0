import { silentLog, type Clock, type Log } from '@causeway/core'
import { numberToHex } from 'viem'
import { RPC_CODE, rpcError, toRpcError, type RpcError } from './errors.js'
import { JsonNumber } from './json-number.js'
import { checkRequest, rpcLimits, type RpcLimits } from './limits.js'
import { blockMethods } from './methods/blocks.js'
import { chainMethods } from './methods/chain.js'
import { feeMethods } from './methods/fees.js'
import { logMethods } from './methods/logs.js'
import { poolMethods } from './methods/pool.js'
import { rawMethods } from './methods/raw.js'
import { simulateMethods } from './methods/simulate.js'
import { stateMethods } from './methods/state.js'
import { subscriptionMethods } from './methods/subscriptions.js'
import { transactionMethods } from './methods/transactions.js'
import { createPlaces, createTurns } from './turns.js'
import type { EvmReader, Handler, Readiness, RpcCaller, RpcChain } from './types.js'

/** Options of {@link createRpc}. */
export type RpcOptions = {
  /** With `warm`, it is told when the first request is about to come. */
  reader: EvmReader & { warm?(): void }
  chain: RpcChain
  /** More methods. Results are JSON; a bigint is sent as a hex quantity. A name that Ethereum has already wins over it. */
  extensions?: Record<string, Handler>
  /** Least tip (wei a gas) that `eth_maxPriorityFeePerGas` suggests. Default 1,000,000. */
  minTip?: bigint
  /** For `eth_sendRawTransactionSync`, which is not offered without it, and for the time that a batch may take. */
  clock?: Clock
  limits?: Partial<RpcLimits>
  log?: Log
}

/** A JSON-RPC endpoint without a transport. */
export type Rpc = {
  /** EIP-1193. @throws an error with `code` (number), `message` and maybe `data` */
  request(args: { method: string; params?: unknown }, caller?: RpcCaller): Promise<unknown>
  /** Answers a JSON-RPC request or batch in JSON; undefined if it holds only notifications. Never throws. */
  handle(body: unknown, caller?: RpcCaller): Promise<string | undefined>
  /** Whether the chain moves: what `/health/ready` says. */
  readiness(): Readiness
  /** Gets ready for the first request. */
  warm(): void
  /** Names of all methods, sorted. */
  readonly methods: readonly string[]
}

/** Ethereum's JSON-RPC over a reader and a running chain, with geth's shapes, codes and messages. */
export function createRpc({ reader, chain, extensions = {}, minTip = 1_000_000n, clock, log = silentLog, ...options }: RpcOptions): Rpc {
  const limits = rpcLimits(options.limits)
  const turns = createTurns()
  const simulating = createPlaces({ count: limits.threads, waiting: limits.waiting, full: () => rpcError(RPC_CODE.limitExceeded, 'too many simulations are under way: try again in a moment, or ask a follower of the chain') })
  const context = { reader, chain, minTip, clock, limits, turns, simulating }
  const methods = new Map<string, Handler>(
    Object.entries({
      ...Object.fromEntries(Object.entries(extensions).map(([name, handler]) => [name, asJson(handler)])),
      ...chainMethods(context),
      ...blockMethods(context),
      ...transactionMethods(context),
      ...stateMethods(context),
      ...simulateMethods(context),
      ...feeMethods(context),
      ...logMethods(context),
      ...poolMethods(context),
      ...rawMethods(context),
      ...subscriptionMethods(context),
    }),
  )

  async function request({ method, params }: { method: string; params?: unknown }, caller = anybody): Promise<unknown> {
    const handler = methods.get(method)
    if (!handler) throw rpcError(RPC_CODE.methodNotFound, `the method ${method} does not exist/is not available`)
    if (params !== undefined && params !== null && !Array.isArray(params)) throw rpcError(RPC_CODE.invalidParams, 'non-array args')
    checkRequest(params, limits)
    try {
      return await handler((params as unknown[] | undefined) ?? [], caller)
    } catch (error) {
      const known = toRpcError(error)
      if (known) throw known
      log.error('rpc method failed', { method, error })
      throw rpcError(RPC_CODE.internal, 'internal error')
    }
  }

  /** As text at once: of what waits for the rest of a batch, only its characters are kept. */
  async function answer(item: unknown, caller: RpcCaller, refusal?: RpcError): Promise<string | undefined> {
    await turns.next(caller.client)
    if (!isRequest(item)) return written(null, refused(RPC_CODE.invalidRequest, 'invalid request'))
    const outcome = await (refusal ? Promise.reject(refusal) : request(item, caller)).then(
      (result) => ({ result: result ?? null }),
      ({ code, message, data }: { code: number; message: string; data?: unknown }) => ({ error: { code, message, ...(data === undefined ? {} : { data }) } }),
    )
    return item.id === undefined ? undefined : written(item.id, outcome)
  }

  /** In turn: what a batch sends is there for what it asks next. */
  async function answerAll(batch: readonly unknown[], caller: RpcCaller): Promise<string | undefined> {
    if (batch.length === 0) return written(null, refused(RPC_CODE.invalidRequest, 'empty batch'))
    if (batch.length > limits.batch) return written(null, refused(RPC_CODE.invalidRequest, `batch too large: at most ${limits.batch} requests`))
    const answers: string[] = []
    const start = clock?.now() ?? 0n
    let size = 0
    let refusal: RpcError | undefined
    for (const item of batch) {
      const one = await answer(item, caller, (refusal ??= overrun(size, start)))
      if (one === undefined) continue
      answers.push(one)
      size += one.length
      if (!refusal && !caller.hold(one.length)) refusal = rpcError(RPC_CODE.limitExceeded, 'too many answers of batches are under way: ask for the rest again in a moment')
    }
    return answers.length > 0 ? `[${answers.join(',')}]` : undefined
  }

  /** Why no more of a batch is answered. */
  function overrun(size: number, start: bigint): RpcError | undefined {
    if (size > limits.batchBytes) return rpcError(RPC_CODE.responseTooLarge, `response too large: the answers of a batch have at most ${limits.batchBytes} characters; ask for the rest in another one`)
    if (clock && clock.now() - start > BigInt(limits.batchMs)) return rpcError(RPC_CODE.timedOut, `request timed out: a batch takes at most ${limits.batchMs} ms; ask for the rest in another one`)
    return undefined
  }

  return {
    request,
    methods: [...methods.keys()].sort(),
    readiness: () => chain.readiness?.() ?? { ready: true, reasons: [] },
    warm: () => reader.warm?.(),
    handle: (body, caller = anybody) => (Array.isArray(body) ? answerAll(body, caller) : answer(body, caller)),
  }
}

/** Whoever asks within the process. */
const anybody: RpcCaller = { client: {}, address: '', hold: () => true }

type Outcome = { result: unknown } | { error: object }

const refused = (code: number, message: string): Outcome => ({ error: { code, message } })

/** An answer, its id as it came. */
function written(id: NonNullable<Request['id']> | null, outcome: Outcome): string {
  return `{"jsonrpc":"2.0","id":${id instanceof JsonNumber ? id.text : JSON.stringify(id)},${JSON.stringify(outcome).slice(1)}`
}

type Request = { jsonrpc: '2.0'; id?: string | number | JsonNumber | null; method: string; params?: unknown }

function isRequest(value: unknown): value is Request {
  if (typeof value !== 'object' || value === null || !('method' in value) || !('jsonrpc' in value)) return false
  const { id, method, jsonrpc } = value as Partial<Request>
  return jsonrpc === '2.0' && typeof method === 'string' && (id === undefined || id === null || typeof id === 'string' || typeof id === 'number' || id instanceof JsonNumber)
}

const asJson =
  (handler: Handler): Handler =>
  async (params, caller) =>
    jsonable(await handler(params, caller))

/** JSON with bigints as hex quantities. */
function jsonable(value: unknown): unknown {
  if (typeof value === 'bigint') return numberToHex(value)
  if (Array.isArray(value)) return value.map(jsonable)
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonable(item)]))
  return value
}
