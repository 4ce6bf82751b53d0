import type { CertificateDraft } from '@causeway/core'
import type { L1Reader } from '@causeway/l1'
import type { Hex } from 'viem'

/** Whether L1 has the inbox entries that the chain had consumed up to a block. */
export function isInboxOnL1({ accounting: { l1InboxCursor }, inboxHash }: { accounting: { l1InboxCursor: bigint }; inboxHash: Hex }, chainId: bigint, reader: Pick<L1Reader, 'inboxLength' | 'inboxHash'>): boolean {
  return reader.inboxLength(chainId) >= l1InboxCursor && reader.inboxHash(chainId, l1InboxCursor) === inboxHash
}

/** What a certificate states of L1, which the hub compares with its own record when the certificate is to settle. */
export type L1References = {
  /** Entries of the chain's L1 inbox that are consumed, and the rolling hash after them. */
  cursor: bigint
  inboxHash: Hex
  daIndex: bigint
  daHash: Hex
  /** The last deposit among the entries: its index in the inbox, and the time (ms) of the L1 block it was made in. */
  deposit?: { index: bigint; timestamp: bigint }
}

/** What a certificate states of L1. `entries` are one's own: the statement binds the content of L1 entries by `inboxHash` alone. */
export function l1ReferencesOf({ after, entries, inboxHash, daIndex, daHash }: Pick<CertificateDraft, 'after' | 'entries' | 'inboxHash' | 'daIndex' | 'daHash'>): L1References {
  const last = entries.flatMap((item) => (item.kind === 'l1' && item.entry.kind === 'deposit' ? [item.entry] : [])).at(-1)
  return { cursor: after.l1InboxCursor, inboxHash, daIndex, daHash, ...(last && { deposit: { index: last.index, timestamp: last.message.timestamp } }) }
}

/**
 * Why a certificate that states this of L1 can never settle, or undefined if it may. Only what L1 has finalized counts: inbox and postings
 * are append-only, so on no L1 that stands on the finalized block does the hub find what the certificate states (docs/protocol.md, section 13).
 */
export function contradiction({ cursor, inboxHash, daIndex, daHash, deposit }: L1References, chainId: bigint, reader: Pick<L1Reader, 'heads' | 'inboxLength' | 'inboxHash' | 'postings' | 'daHash'>): string | undefined {
  const length = reader.inboxLength(chainId, 'finalized')
  if (length >= cursor) {
    if (reader.inboxHash(chainId, cursor) !== inboxHash) return `L1 is final with other entries among the first ${cursor} of its inbox`
  } else if (deposit && deposit.index >= length && deposit.timestamp < reader.heads.finalized.timestamp)
    // A deposit carries the time of its L1 block, and that has passed; a forced transaction may come again.
    return `L1 is final without entry ${deposit.index} of its inbox`
  if (BigInt(reader.postings(chainId, 'finalized').length) >= daIndex && reader.daHash(chainId, daIndex) !== daHash) return `L1 is final with another batch among the first ${daIndex}`
  return undefined
}
