import type { Address, Hex } from 'viem'
import type { Clock } from './host.js'

/** The head moved: the blocks of `removed` (highest first) are canonical no longer, and that of `hash`, which nobody was told of, is now. Without it, blocks were only taken back. */
export type HeadEvent = { hash?: Hex; removed: readonly Hex[] }

/** A transaction that waits. */
export type WaitingTransaction = { hash: Hex; raw: Hex; from: Address; nonce: bigint }

/** What RPC needs of the running chain besides reading. */
export type RpcChain = {
  readonly chainId: bigint
  /** What `web3_clientVersion` says, e.g. `causeway/0.1.0`. */
  readonly clientVersion: string
  /** Hands a signed transaction to the mempool and answers its hash. @throws CausewayError, whose short message the caller sees */
  sendRawTransaction(raw: Hex): Promise<Hex>
  /** The nonce after the account's waiting transactions. */
  pendingNonce(address: Address): Promise<bigint>
  /** A waiting transaction. */
  pendingTransaction?(hash: Hex): Omit<WaitingTransaction, 'hash'> | undefined
  /** The mempool: what a block can take now, and what waits for an earlier nonce or for room in a certificate. */
  pool(): Promise<{ pending: readonly WaitingTransaction[]; queued: readonly WaitingTransaction[] }>
  /** Numbers of the blocks that are `safe` (on L1) and `finalized`. */
  finality(): { safe: bigint; finalized: bigint }
  /** Whether the chain moves. Without it, it does. */
  readiness?(): Readiness
  /** Numbers of the node's plugins, in Prometheus' text format. */
  metrics?(): string
  /** Calls back when a block was written, or taken back. Returns how to stop. */
  onHead(listener: (event: HeadEvent) => void): () => void
  /** Calls back when a transaction entered the mempool. Returns how to stop. */
  onPendingTransaction(listener: (hash: Hex) => void): () => void
}

/** Whether a node can be relied on now, and if not, why. `reasons` is empty when it is ready. */
export type Readiness = { ready: boolean; reasons: readonly string[]; head?: number; safe?: number; finalized?: number; l1Block?: number }

/** Answers one method. Throws RPC errors, or a CausewayError. */
export type RpcHandler = (params: readonly unknown[], caller: RpcCaller) => unknown

/** A client that can be told things: a WebSocket. */
export type RpcSession = {
  /** The same object for all requests of a client. */
  readonly connection: object
  /** Sends a notification: once the request under way is answered. */
  notify(method: string, params: unknown): void
  /** Cuts the client off. */
  drop(reason: string): void
  /** Called once when the client is gone. */
  onClose(listener: () => void): void
}

/** Who asks. */
export type RpcCaller = {
  /** The same object for all requests of a client, which take turns with those of others. */
  readonly client: object
  /** Where it asks from: those of one address share what waits. */
  readonly address: string
  /** A client that can be told things. */
  readonly session?: RpcSession | undefined
  /** Asks for memory, in characters, for an answer that waits for others of its batch; false refuses it. */
  hold(size: number): boolean
}

/** Shares out turns of the event loop, one for each who waits: timers, and with them blocks, come between any two, however many requests arrive at once. */
export type Scheduler = {
  /** For a client, in turn with the others. */
  next(client: object): Promise<void>
  /** To go on with an answer that is nearly made: before anybody's next, so that few are half made at any moment. */
  goOn(): Promise<void>
}

/** What an engine's methods work with besides the engine. */
export type RpcHost = {
  chain: RpcChain
  /** Without one, no method waits. */
  clock?: Clock | undefined
  /** What takes long does it in slices. */
  scheduler: Scheduler
}
