import { silentLog, type Clock, type Log } from '@causeway/core'
import { plainSize } from '@causeway/execution-evm'
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
import { createTurns } from './turns.js'
import type { EvmReader, Handler, Readiness, RpcChain, RpcSession } from './types.js'

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
  request(args: { method: string; params?: unknown }, session?: RpcSession): Promise<unknown>
  /** Answers a JSON-RPC request or batch; undefined if it holds only notifications. Never throws. */
  handle(body: unknown, session?: RpcSession): Promise<unknown>
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
  const turn = createTurns()
  const context = { reader, chain, minTip, clock, limits, turn }
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

  async function request({ method, params }: { method: string; params?: unknown }, session?: RpcSession): Promise<unknown> {
    const handler = methods.get(method)
    if (!handler) throw rpcError(RPC_CODE.methodNotFound, `the method ${method} does not exist/is not available`)
    if (params !== undefined && params !== null && !Array.isArray(params)) throw rpcError(RPC_CODE.invalidParams, 'non-array args')
    checkRequest(params, limits)
    try {
      return await handler((params as unknown[] | undefined) ?? [], session)
    } catch (error) {
      const known = toRpcError(error)
      if (known) throw known
      log.error('rpc method failed', { method, error })
      throw rpcError(RPC_CODE.internal, 'internal error')
    }
  }

  async function answer(item: unknown, session: RpcSession | undefined, refusal?: RpcError): Promise<object | undefined> {
    await turn()
    if (!isRequest(item)) return refused(RPC_CODE.invalidRequest, 'invalid request')
    const id = item.id ?? null
    const outcome = await (refusal ? Promise.reject(refusal) : request(item, session)).then(
      (result) => ({ result: result ?? null }),
      ({ code, message, data }: { code: number; message: string; data?: unknown }) => ({ error: { code, message, ...(data === undefined ? {} : { data }) } }),
    )
    return item.id === undefined ? undefined : { jsonrpc: '2.0', id, ...outcome }
  }

  /** In turn: what a batch sends is there for what it asks next. */
  async function answerAll(batch: readonly unknown[], session: RpcSession | undefined): Promise<object | undefined> {
    if (batch.length === 0) return refused(RPC_CODE.invalidRequest, 'empty batch')
    if (batch.length > limits.batch) return refused(RPC_CODE.invalidRequest, `batch too large: at most ${limits.batch} requests`)
    const answers: object[] = []
    const start = clock?.now() ?? 0n
    let size = 0
    for (const item of batch) {
      const one = await answer(item, session, overrun(size, start))
      if (one) answers.push(one)
      size += plainSize(one)
    }
    return answers.length > 0 ? answers : undefined
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
    handle: async (body, session) => (Array.isArray(body) ? answerAll(body, session) : answer(body, session)),
  }
}

function refused(code: number, message: string): object {
  return { jsonrpc: '2.0', id: null, error: { code, message } }
}

type Request = { jsonrpc: '2.0'; id?: string | number | JsonNumber | null; method: string; params?: unknown }

function isRequest(value: unknown): value is Request {
  if (typeof value !== 'object' || value === null || !('method' in value) || !('jsonrpc' in value)) return false
  const { id, method, jsonrpc } = value as Partial<Request>
  return jsonrpc === '2.0' && typeof method === 'string' && (id === undefined || id === null || typeof id === 'string' || typeof id === 'number' || id instanceof JsonNumber)
}

const asJson =
  (handler: Handler): Handler =>
  async (params, session) =>
    jsonable(await handler(params, session))

/** JSON with bigints as hex quantities. */
function jsonable(value: unknown): unknown {
  if (typeof value === 'bigint') return numberToHex(value)
  if (Array.isArray(value)) return value.map(jsonable)
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonable(item)]))
  return value
}
