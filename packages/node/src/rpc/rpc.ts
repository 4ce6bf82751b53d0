import { CausewayError, rpcError, RPC_CODE, silentLog, type Clock, type ExecutionEngine, type Log, type Readiness, type RpcCaller, type RpcChain, type RpcError, type RpcHandler } from '@causeway/core'
import { numberToHex } from 'viem'
import { toRpcError } from './errors.js'
import { JsonNumber } from './json-number.js'
import { checkRequest, rpcLimits, type RpcLimits } from './limits.js'
import { createScheduler } from './scheduler.js'

/** Options of {@link createRpc}. */
export type RpcOptions = {
  /** Has the methods that are about what it executes. */
  engine: Pick<ExecutionEngine, 'rpc' | 'warm'>
  chain: RpcChain
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
  /** Numbers of the node's plugins: what `/metrics` says. */
  metrics(): string
  /** Adds methods. Results are JSON; a bigint is sent as a hex quantity. @throws `METHOD_EXISTS` */
  extend(methods: Readonly<Record<string, RpcHandler>>): void
  /** Gets ready for the first request. */
  warm(): void
  /** Names of all methods, sorted. */
  readonly methods: readonly string[]
}

/** JSON-RPC over an engine and a running chain. */
export function createRpc({ engine, chain, clock, log = silentLog, ...options }: RpcOptions): Rpc {
  const limits = rpcLimits(options.limits)
  const scheduler = createScheduler()
  const methods = new Map<string, RpcHandler>(Object.entries(engine.rpc?.({ chain, clock, scheduler }) ?? {}))

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
    await scheduler.next(caller.client)
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
    get methods() {
      return [...methods.keys()].sort()
    },
    extend(added) {
      for (const [name, handler] of Object.entries(added)) {
        if (methods.has(name)) throw new CausewayError(`There is a JSON-RPC method ${name} already.`, { code: 'METHOD_EXISTS', fix: 'give the other one a name of its own' })
        methods.set(name, asJson(handler))
      }
    },
    readiness: () => chain.readiness?.() ?? { ready: true, reasons: [] },
    metrics: () => chain.metrics?.() ?? '',
    warm: () => engine.warm?.(),
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
  (handler: RpcHandler): RpcHandler =>
  async (params, caller) =>
    jsonable(await handler(params, caller))

/** JSON with bigints as hex quantities. */
function jsonable(value: unknown): unknown {
  if (typeof value === 'bigint') return numberToHex(value)
  if (Array.isArray(value)) return value.map(jsonable)
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonable(item)]))
  return value
}
