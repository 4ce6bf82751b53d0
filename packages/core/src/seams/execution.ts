import type { Address, Hex } from 'viem'
import type { Issue } from '../errors.js'
import type { L1InboxEntry, Message } from '../protocol/types.js'
import type { Clock, Log, Store } from './host.js'
import type { RpcHandler, RpcHost } from './rpc.js'

/** What decides a block, and nothing else: the sequencer and derivation build it with `blockInputs`. */
export type BlockInputs = {
  number: bigint
  parentHash: Hex
  /** ms; the EVM sees whole seconds. */
  timestamp: bigint
  /** L1 inbox entries, in order, then imported messages, then user transactions. */
  l1Entries: readonly L1InboxEntry[]
  imports: readonly { message: Message; policyHash: bigint }[]
  /** Signed raw transactions. */
  transactions: readonly Hex[]
}

/** A message that left in a block, before the protocol gives it source, nonce and time. */
export type SentMessage = Omit<Message, 'source' | 'nonce' | 'timestamp'>

/** What one input did, in execution order. */
export type InputOutcome =
  | { kind: 'l1'; entry: L1InboxEntry; ok: boolean; sent: readonly SentMessage[] }
  | { kind: 'import'; message: Message; policyHash: bigint; ok: boolean; sent: readonly SentMessage[] }
  | { kind: 'transaction'; hash: Hex; sent: readonly SentMessage[] }

/** Result of executing a block. `changes` goes into the block's one atomic write. */
export type ExecutedBlock = {
  number: bigint
  hash: Hex
  parentHash: Hex
  timestamp: bigint
  stateRoot: Hex
  outcomes: readonly InputOutcome[]
  /** Raw user transactions that were included (invalid ones are left out while building). */
  transactions: readonly Hex[]
  /** Transactions that were refused while building, with the reason. */
  refused: readonly { transaction: Hex; reason: string }[]
  changes: readonly { key: string; value: Uint8Array | null }[]
}

/**
 * Called before each input is kept, with what it sent. A false answer drops a user transaction from the block. For an L1 entry or import
 * that is not the block's first, there is no such block (`BLOCK_TOO_LARGE`): no input fails because of those before it. If it is the first,
 * a deposit or import is delivered again with a call that has no gas, so that its value goes to `refundTo`, and if that is not admitted
 * either, without running any code; a forced transaction is void. The answer to the last of these, which sends nothing, does not count:
 * L1 entries and imports are never dropped.
 */
export type AdmitInput = (outcome: InputOutcome) => boolean

/** What a node gives the engine of its chain. */
export type ExecutionHost = {
  chainId: bigint
  /** The cluster's L1: its chain id, and the bridge that the tokens of other chains have come over. */
  l1: { chainId: bigint; bridge?: Address }
  /** Of the node, all of whose rows it shares: an engine's own keys begin with its name. */
  store: Store
  clock?: Clock
  log?: Log
}

/** An engine that somebody has chosen, before there is a chain to run it: plain data, and how it is made. */
export type ExecutionDefinition<E extends ExecutionEngine = ExecutionEngine> = {
  readonly name: string
  /** Whatever decides blocks and state besides the chain's id and L1: equal on every node of a chain. */
  readonly spec: Readonly<Record<string, unknown>>
  /** Mistakes in its options, which `create` refuses. */
  readonly issues?: readonly Issue[]
  create(host: ExecutionHost): E
  /** The definition of an engine that has a part more: an optional capability. @throws if the part is of another engine, or in the way of what is there */
  with?(part: EnginePart): ExecutionDefinition<E>
}

/** Something for an engine that a plugin brings: which engine takes it, and whatever that one wants. The engine's package makes it, e.g. `evmPart({…})`. */
export type EnginePart = { readonly engine: string }

/** A transaction that a block could take, now or after others of its sender. */
export type ValidTransaction = {
  hash: Hex
  sender: Address
  nonce: bigint
  /** Most that it pays for a unit of weight, wei. */
  maxFee: bigint
  /** Most that it can weigh in a block. */
  weight: bigint
}

/** Executes blocks. Deterministic: equal inputs on equal parents give equal blocks. */
export type ExecutionEngine = {
  readonly name: string
  readonly chainId: bigint
  /** State root of the genesis block. */
  genesis(): Promise<{ hash: Hex; stateRoot: Hex; changes: ExecutedBlock['changes'] }>
  /** Executes on top of `inputs.parentHash`. Writes nothing: the caller writes `changes`. @throws `BLOCK_TOO_LARGE`: see {@link AdmitInput} */
  execute(inputs: BlockInputs, options?: { admit?: AdmitInput }): Promise<ExecutedBlock>
  /** Most that the inputs of a block may weigh together, in the engine's own unit (the EVM's is gas). System inputs weigh at most half of it. */
  readonly weightLimit: bigint
  /** What a block sets aside for an L1 entry or an import. */
  weigh(input: L1InboxEntry | { message: Message }): bigint
  /** The writes that make a known block the head again. @throws `UNKNOWN_BLOCK` */
  rewind(hash: Hex): ExecutedBlock['changes']
  /** Checks a raw transaction for a mempool, which takes those first that pay most. @throws CausewayError `INVALID_TRANSACTION` … */
  validate(transaction: Hex, at: Hex): Promise<ValidTransaction>
  /** The next nonce of an account after a block. */
  getNonce(account: Address, at: Hex): Promise<bigint>
  /** Hash of the transaction that delivered a message in a block of the head's branch, if the engine has one for it. */
  deliveryOf?(number: bigint, messageId: Hex): Hex | undefined
  /** The engine's own JSON-RPC methods, by name. */
  rpc?(host: RpcHost): Record<string, RpcHandler>
  /** Told when the first request is about to come. */
  warm?(): void
  /** Ends what the engine runs beside the node, e.g. threads. What is asked of it later works all the same. */
  dispose?(): Promise<void>
}
