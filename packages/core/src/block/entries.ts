import type { Entry, Message } from '../protocol/types.js'
import type { ExecutedBlock } from '../seams/execution.js'

/** The message that an entry is about; a forced transaction has none. */
export function messageOf(entry: Entry): Message | undefined {
  if (entry.kind !== 'l1') return entry.message
  return entry.entry.kind === 'deposit' ? entry.entry.message : undefined
}

/**
 * The certificate entries of a block: from what its inputs did, in execution order. Gives each sent message its source, nonce and time.
 * @param firstNonce outbox size of the parent
 */
export function blockEntries(block: Pick<ExecutedBlock, 'outcomes' | 'timestamp'>, chainId: bigint, firstNonce: bigint): Entry[] {
  const entries: Entry[] = []
  let nonce = firstNonce
  const time = block.timestamp
  for (const outcome of block.outcomes) {
    if (outcome.kind === 'l1') entries.push({ kind: 'l1', time, entry: outcome.entry })
    if (outcome.kind === 'import') entries.push({ kind: 'import', time, message: outcome.message, policyHash: outcome.policyHash })
    for (const sent of outcome.sent) {
      const message: Message = { ...sent, source: chainId, nonce: nonce++, timestamp: time }
      entries.push({ kind: 'export', time, message })
    }
  }
  return entries
}
