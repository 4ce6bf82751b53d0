import type { AdmitInput, BlockInputs, ExecutionEngine, LogLimits, LogReader } from '@causeway/core'
import type { Address, Hex } from 'viem'
import type { AppBlock, Blocks } from './block.js'
import type { Access } from './journal.js'
import type { Module } from './module.js'
import type { Answer, Question, Trial, Tried } from './simulate.js'

/** What those who ask a node can make it do. docs/rpc.md has these in a table with all other limits. */
export type AppLimits = LogLimits & {
  /** Gas of a view, and of an action that is only tried: what holds up nobody who builds blocks. Default 2,000,000, some 60 ms. */
  gas: bigint
}

/** The engine, and what RPC reads of it. */
export type AppEngine = ExecutionEngine & {
  readonly modules: ReadonlyMap<string, Module>
  readonly gasPrice: bigint
  readonly feeRecipient: Address
  readonly blocks: Blocks
  readonly limits: AppLimits
  /** The events of blocks, as Ethereum's logs. */
  readonly logs: LogReader<AppBlock>
  /** wei after a block. */
  getBalance(account: Address, at: Hex): Promise<bigint>
  /** A module's value after a block, encoded; null where there is none. `at` is the encoded key of a map. @throws `UNKNOWN_BLOCK` */
  getValue(module: string, field: string, at: Uint8Array, block: Hex): Uint8Array | null
  /** Answers a view after a block. @throws CausewayError `UNKNOWN_BLOCK`, `INVALID_TRANSACTION` @throws Failure `BAD_VALUE` */
  call(question: Question, block: Hex): Answer
  /** Tries an action after a block. @throws CausewayError `UNKNOWN_BLOCK`, `INVALID_TRANSACTION` @throws Failure `BAD_VALUE` */
  simulate(trial: Trial, block: Hex): Tried
  /** Executes inputs like `execute`, and yields every access to the state, in order: what a proof of the block has to show. */
  trace(inputs: BlockInputs, options?: { admit?: AdmitInput }): readonly Access[]
}
