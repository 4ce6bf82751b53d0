import type { Hex } from 'viem'
import { CausewayError } from '../errors.js'
import { CAPACITY } from '../protocol/limits.js'
import type { L1InboxEntry, Message } from '../protocol/types.js'
import type { BlockInputs } from '../seams/execution.js'

/** The block that a new one stands on, as far as its inputs depend on it. */
export type BlockParent = { number: bigint; hash: Hex; timestamp: bigint; l1InboxCursor: bigint }

/** An imported message with the grade it was sent under. */
export type ImportedMessage = { message: Message; policyHash: bigint }

/** What a chain fixes about its blocks. */
export type BlockLimits = {
  chainId: bigint
  gasLimit: bigint
  /** Gas that a block sets aside for an L1 entry or an import; from the engine. */
  inputGas(input: L1InboxEntry | { message: Message }): bigint
}

/**
 * The only maker of a block's system inputs; the sequencer and derivation both call it, so a block that breaks a rule
 * is one that no follower accepts.
 * @param l1Entries the next entries of the L1 inbox, from the parent's cursor on, without a gap
 * @throws `BLOCK_INVALID` saying which rule is broken
 */
export function blockInputs(
  parent: BlockParent,
  timestamp: bigint,
  l1Entries: readonly L1InboxEntry[],
  imports: readonly ImportedMessage[],
  transactions: readonly Hex[],
  limits: BlockLimits,
): BlockInputs {
  const invalid = (what: string): never => {
    throw new CausewayError(`Block ${parent.number + 1n} is invalid: ${what}.`, { code: 'BLOCK_INVALID' })
  }
  if (timestamp <= parent.timestamp) invalid(`its time ${timestamp} is not after its parent's, ${parent.timestamp}`)
  if (l1Entries.length > CAPACITY.l1Entries) invalid(`${l1Entries.length} L1 inbox entries; ${CAPACITY.l1Entries} fit a certificate`)
  if (imports.length > CAPACITY.imports) invalid(`${imports.length} imports; ${CAPACITY.imports} fit a certificate`)
  l1Entries.forEach((entry, i) => {
    if (entry.index !== parent.l1InboxCursor + BigInt(i)) invalid(`L1 inbox entry ${entry.index} is not the next one`)
  })
  let gas = l1Entries.reduce((sum, entry) => sum + limits.inputGas(entry), 0n)
  for (const { message } of imports) {
    if (message.destination !== limits.chainId) invalid(`message ${message.nonce} of chain ${message.source} is meant for chain ${message.destination}`)
    if (message.timestamp >= timestamp) invalid(`message ${message.nonce} of chain ${message.source} is not older than the block`)
    if (timestamp > message.expiry) invalid(`message ${message.nonce} of chain ${message.source} has expired`)
    gas += limits.inputGas({ message })
  }
  if (gas > limits.gasLimit / 2n) invalid(`system inputs may use half of the block's gas; these may use ${gas}`)
  return { number: parent.number + 1n, parentHash: parent.hash, timestamp, l1Entries, imports, transactions }
}

/** What of the waiting system inputs one block takes: L1 entries first, then imports, each in order; for the sequencer. */
export function takeSystemInputs(
  l1Entries: readonly L1InboxEntry[],
  imports: readonly ImportedMessage[],
  timestamp: bigint,
  limits: BlockLimits,
): { l1Entries: L1InboxEntry[]; imports: ImportedMessage[] } {
  let gas = 0n
  const fits = (input: L1InboxEntry | { message: Message }) => (gas += limits.inputGas(input)) <= limits.gasLimit / 2n
  const entries: L1InboxEntry[] = []
  for (const entry of l1Entries.slice(0, CAPACITY.l1Entries)) {
    if (!fits(entry)) return { l1Entries: entries, imports: [] }
    entries.push(entry)
  }
  const taken: ImportedMessage[] = []
  for (const item of imports) {
    const { message } = item
    if (message.destination !== limits.chainId || message.timestamp >= timestamp || timestamp > message.expiry) continue
    if (taken.length === CAPACITY.imports || !fits(item)) break
    taken.push(item)
  }
  return { l1Entries: entries, imports: taken }
}
