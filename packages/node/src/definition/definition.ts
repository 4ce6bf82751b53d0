import { refuseIssues, type DaDefinition, type ExecutionDefinition, type ExecutionEngine, type Issue, type Plugin, type Policy, type SecretReference } from '@causeway/core'
import type { ImportAllowance } from '@causeway/messaging'
import type { Address } from 'viem'
import type { CertifyTiming } from '../certificates/certify.js'
import { issuesOf } from './check.js'

/** What is the same on every node of a chain, and its sequencer's choices. Plain data and parts, without a key, an L1 or a folder: a host has these. */
export type ChainDefinition<E extends ExecutionEngine = ExecutionEngine> = {
  chain: {
    /** From 1 to 2^53 − 1 (viem keeps ids as numbers); not L1's. Registered for ever. */
    id: bigint
    name?: string
    /**
     * Who registers the chain as its owner, who may change its batcher: a node refuses a registration that somebody else has made with an owner of
     * his own. Whom the ownership has passed to since does not matter. Without it, a node takes any.
     */
    owner?: Address
  }
  /** How blocks run: `evm({…})`, `app({…})`. */
  execution: ExecutionDefinition<E>
  /** Where batches go: `blobs()`, `calldata()`. */
  da: DaDefinition
  /** Whose word, or what proof, a certificate needs. A local cluster makes keys and a policy itself; a node of its own needs one here. */
  policy?: Policy
  /** Where a node finds its keys, unless its host has them. */
  keys?: Keys
  /** Of the sequencer. */
  sequencing?: Sequencing
  /** Which messages of other chains the sequencer takes early. */
  interop?: Interop
  /** What the nodes do besides, in this order. */
  plugins?: readonly Plugin[]
}

/** A chain that a node can run: a definition with its policy. */
export type RollupDefinition<E extends ExecutionEngine = ExecutionEngine> = ChainDefinition<E> & { policy: Policy }

/** Secrets: hex of 32 bytes each. */
export type Keys = {
  /** L1 account that posts the chain's batches and signs its heads: the sequencer's. */
  batcher?: SecretReference
  /** Attestation key. A node on which the secret is not set does not attest. */
  attester?: SecretReference
}

/** How the sequencer goes about it. */
export type Sequencing = {
  /** Most ms between blocks. Default 1000. They come up to four times as often while transactions do, and at once for a message. */
  blockTime?: number
  /** ms between batches. Default 2000. */
  batchInterval?: number
  /** When certificates are closed. */
  certify?: Partial<CertifyTiming>
  /**
   * Certificates that the blocks may be ahead of the settled one, of which one settles in an epoch: transactions that send messages
   * wait once these are full, others do not. At least 1; default 8.
   */
  maxBacklog?: number
  /** How sure an L1 inbox entry must be before a block takes it. Default `safe`. */
  l1Tag?: 'latest' | 'safe'
}

/** What the chain risks for others. Without it, messages are executed once they are settled. */
export type Interop = {
  /** Sources whose messages are executed from a lower rung on. */
  allow?: readonly ({ from: bigint } & ImportAllowance)[]
}

/**
 * Checks a definition and returns it as it is. One without a `policy` is for `createCluster`, which makes one.
 * @throws CausewayError `BAD_ROLLUP` whose `issues` are all that is wrong: where, what, and what to do
 *
 * @example
 * export default defineRollup({
 *   chain: { id: 4242n, name: 'My chain' },
 *   execution: evm({ feeRecipient: '0x…' }),
 *   da: calldata(),
 * })
 */
export function defineRollup<E extends ExecutionEngine>(definition: RollupDefinition<E>): RollupDefinition<E>
export function defineRollup<E extends ExecutionEngine>(definition: ChainDefinition<E>): ChainDefinition<E>
export function defineRollup<E extends ExecutionEngine>(definition: ChainDefinition<E>): ChainDefinition<E> {
  report(issuesOf(definition))
  return definition
}

/** @throws CausewayError `BAD_ROLLUP` if there is any */
export function report(issues: readonly Issue[]): void {
  refuseIssues('The composition of the rollup has', issues, { code: 'BAD_ROLLUP', docs: 'compose.md#a-definition' })
}
