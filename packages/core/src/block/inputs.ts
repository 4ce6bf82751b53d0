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
  /** Of the engine, with {@link BlockLimits.weigh}. */
  weightLimit: bigint
  /** What a block sets aside for an L1 entry or an import: at most {@link maxInputWeight}. */
  weigh(input: L1InboxEntry | { message: Message }): bigint
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
  for (const { message } of imports) {
    if (message.destination !== limits.chainId) invalid(`message ${message.nonce} of chain ${message.source} is meant for chain ${message.destination}`)
    if (message.timestamp >= timestamp) invalid(`message ${message.nonce} of chain ${message.source} is not older than the block`)
    if (timestamp > message.expiry) invalid(`message ${message.nonce} of chain ${message.source} has expired`)
  }
  const weight = reservedWeight({ l1Entries, imports }, limits)
  if (weight > limits.weightLimit / 2n) invalid(`system inputs may weigh half of what the block may; these weigh up to ${weight}`)
  return { number: parent.number + 1n, parentHash: parent.hash, timestamp, l1Entries, imports, transactions }
}

/** Most that a block sets aside for one L1 entry or import: so many share half of it that no kind leaves less than its share to another. */
export const maxInputWeight = (weightLimit: bigint): bigint => weightLimit / 16n

/** Of the imports that wait, how many are looked at for one block; those of each source come in turn. */
export const IMPORT_LOOK_AHEAD = 128

/** What a block executes before its transactions. */
export type SystemInputs = { l1Entries: readonly L1InboxEntry[]; imports: readonly ImportedMessage[] }

/** What decides which of the waiting system inputs a block takes. */
export type TakeOptions = {
  timestamp: bigint
  limits: BlockLimits
  /** Whether the block may have these together: they fit a certificate, as far as is known before they are executed. */
  fits(inputs: SystemInputs): boolean
  /** Which kind chooses first. */
  first: 'l1' | 'import'
}

/**
 * What of the waiting system inputs one block takes; for the sequencer. L1 entries are in order: nothing comes before one that does not fit.
 * An import that does not fit is passed over, with those of its sender behind it. Neither kind keeps out the other by weight:
 * four L1 entries have at most a quarter of a block's, and so do four imports.
 */
export function takeSystemInputs(waiting: SystemInputs, { timestamp, limits, fits, first }: TakeOptions): SystemInputs {
  let taken: SystemInputs = { l1Entries: [], imports: [] }
  const take = (more: SystemInputs): boolean => {
    if (more.l1Entries.length > CAPACITY.l1Entries || more.imports.length > CAPACITY.imports || reservedWeight(more, limits) > limits.weightLimit / 2n || !fits(more)) return false
    taken = more
    return true
  }
  const takeEntries = () => void waiting.l1Entries.every((entry) => take({ ...taken, l1Entries: [...taken.l1Entries, entry] }))
  const takeImports = () => {
    const behind = new Set<string>()
    for (const item of waiting.imports.slice(0, IMPORT_LOOK_AHEAD)) {
      const { source, sender, destination, timestamp: sentAt, expiry } = item.message
      const name = `${source}/${sender.toLowerCase()}`
      if (destination !== limits.chainId || sentAt >= timestamp || timestamp > expiry || behind.has(name)) continue
      if (!take({ ...taken, imports: [...taken.imports, item] })) behind.add(name)
      if (taken.imports.length === CAPACITY.imports) return
    }
  }
  if (first === 'l1') takeEntries()
  takeImports()
  if (first === 'import') takeEntries()
  return taken
}

/** What a block sets aside for its system inputs. */
export function reservedWeight({ l1Entries, imports }: SystemInputs, { weigh }: Pick<BlockLimits, 'weigh'>): bigint {
  return [...l1Entries, ...imports].reduce((sum, input) => sum + weigh(input), 0n)
}
