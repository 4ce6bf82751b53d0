import type { Entry, ImportedMessage, L1InboxEntry } from '@causeway/core'
import type { BacklogView } from './backlog.js'

/** What a block executes before its transactions. */
export type SystemInputs = { l1Entries: L1InboxEntry[]; imports: ImportedMessage[] }

/** What decides about a turn besides the backlog. */
export type TurnOptions = {
  /** Whether a transaction that is known to send something has room now. */
  exportsReady(): boolean
  /** The entries of system inputs that send nothing themselves. */
  entriesOf(inputs: SystemInputs): readonly Entry[]
  /** At this settled height, deliveries already turned out to send more than there was room for. */
  crowded: boolean
}

/**
 * The system inputs of a block: all of them, until the certificates that the chain may be ahead are nearly used up. From there on each
 * certificate that settles makes room for one more, and L1 entries, imports and the exports of transactions have the first go at it in
 * turn, so that a flood of one kind (or of junk tokens, of which a certificate holds four) never keeps out another.
 */
export function systemTurn({ l1Entries, imports }: SystemInputs, backlog: BacklogView, { exportsReady, entriesOf, crowded }: TurnOptions): SystemInputs {
  const { certificates, limit, height } = backlog
  if (certificates < limit - 1) return { l1Entries, imports }
  const turn = height % 3n
  if (turn === 2n && exportsReady()) return { l1Entries: [], imports: [] }
  const first = { l1Entries: turn === 1n && imports.length > 0 ? [] : l1Entries, imports }
  // What a delivery sends is known once it was executed; with a certificate to spare it fits in any case.
  if (certificates < limit) return first
  if (crowded) return { l1Entries: [], imports: [] }
  const taken: SystemInputs = { l1Entries: [], imports: [] }
  for (const entry of first.l1Entries) {
    const more = { ...taken, l1Entries: [...taken.l1Entries, entry] }
    if (!backlog.hasRoom(entriesOf(more))) return taken
    taken.l1Entries = more.l1Entries
  }
  for (const item of first.imports) {
    const more = { ...taken, imports: [...taken.imports, item] }
    if (!backlog.hasRoom(entriesOf(more))) break
    taken.imports = more.imports
  }
  return taken
}
