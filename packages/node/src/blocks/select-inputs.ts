import { takeSystemInputs, type BlockLimits, type Entry, type SystemInputs } from '@causeway/core'
import type { BacklogView } from './backlog.js'

/** Kinds of entries that share a chain's certificates: L1 entries, imports, and what transactions send. */
export type Kind = 'l1' | 'import' | 'export'

const KINDS = ['l1', 'import', 'export'] as const
const NONE: SystemInputs = { l1Entries: [], imports: [] }

/** What decides besides the backlog. */
export type SelectionOptions = {
  number: bigint
  timestamp: bigint
  limits: BlockLimits
  /** Whether a transaction that is known to send something has room now. */
  exportsReady(): boolean
  /** The entries of system inputs that send nothing themselves. */
  entriesOf(inputs: SystemInputs): readonly Entry[]
  /** At this settled height, deliveries of this kind already turned out to send more than there was room for. */
  crowded(kind: 'l1' | 'import'): boolean
}

/** What a block takes. */
export type InputSelection = {
  system: SystemInputs
  /** The kind of system inputs that goes when they turn out not to fit together. */
  optional: 'l1' | 'import'
  /** Whether transactions may send something in this block. */
  exports: boolean
}

/**
 * The system inputs of a block: what fits of all that wait, until the certificates that the chain may be ahead are nearly used up. From
 * there on each certificate that settles makes room for one more, and L1 entries, imports and the exports of transactions own it in turn:
 * as long as something of the owner's waits that fits, the others get nothing, so that a flood of one kind (or of junk tokens, of which a
 * certificate holds four) never keeps out another. A turn is judged by what waits, not by what is left after the others.
 */
export function selectInputs(waiting: SystemInputs, backlog: BacklogView, { number, timestamp, limits, exportsReady, entriesOf, crowded }: SelectionOptions): InputSelection {
  const { certificates, limit, height, hasRoom } = backlog
  const take = (inputs: SystemInputs, first: 'l1' | 'import') => takeSystemInputs(inputs, { timestamp, limits, first, fits: (more) => hasRoom(entriesOf(more)) })
  if (certificates < limit - 1) {
    const first = number % 2n === 0n ? 'l1' : 'import'
    return { system: take(waiting, first), optional: first === 'l1' ? 'import' : 'l1', exports: true }
  }
  // What a delivery sends is known once it was executed; with a certificate to spare it fits in any case.
  const open = (kind: 'l1' | 'import') => certificates < limit || !crowded(kind)
  const left: SystemInputs = { l1Entries: open('l1') ? waiting.l1Entries : [], imports: open('import') ? waiting.imports : [] }
  const owner = KINDS[Number(height % 3n)] as Kind
  if (owner === 'export' && exportsReady()) return { system: NONE, optional: 'import', exports: true }
  const own = take({ l1Entries: owner === 'l1' ? left.l1Entries : [], imports: owner === 'import' ? left.imports : [] }, 'l1')
  if (own.l1Entries.length + own.imports.length > 0) return { system: own, optional: 'import', exports: false }
  return { system: take(left, 'l1'), optional: 'import', exports: true }
}
