import type { Certificate } from '@causeway/core'
import type { SettlementLayer } from '../settlement/settlement-layer.js'
import type { Refusal } from './validation.js'

/**
 * What L1 would say to a certificate in an epoch that settles at `until` (ms of L1 time), or null if it fits. It is asked about what is signed
 * only. A mismatch is final as long as L1 stays as it is, so certificates are kept all the same: a reorg may make them right.
 */
export function refusalByL1({ before, after, inboxHash, daHash, notAfter }: Certificate, l1: Pick<SettlementLayer, 'inboxHash' | 'daIndex'>, { time, until }: { time: bigint; until: bigint }): Refusal | null {
  const { chainId } = before
  if (notAfter < time) return { verdict: 'invalid', code: 'EXPIRED', reason: `L1 has passed its last moment, ${notAfter}` }
  if (notAfter < until) return { verdict: 'waiting', code: 'EXPIRES_SOON', reason: `it ends at ${notAfter}, before an epoch with it could be proven` }
  const held = l1.inboxHash(chainId, after.l1InboxCursor)
  const name = `entry ${after.l1InboxCursor} of the chain's L1 inbox`
  if (held === null) return { verdict: 'waiting', code: 'L1_INBOX_BEHIND', reason: `${name} is not on L1 yet` }
  if (held !== inboxHash) return { verdict: 'invalid', code: 'L1_INBOX_MISMATCH', reason: `${name} is another one on L1 than it says` }
  return l1.daIndex(chainId, daHash) === null ? { verdict: 'waiting', code: 'DA_BEHIND', reason: 'the batch that it ends at is not on L1' } : null
}
