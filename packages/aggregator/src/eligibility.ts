import type { Certificate } from '@causeway/core'
import type { Refusal } from './judge.js'
import type { SettlementLayer } from './settlement-layer.js'

/**
 * What L1 would say to a certificate in an epoch that settles at `until` (ms of L1 time), or null if it fits. A mismatch is
 * final as long as L1 stays as it is, so certificates are kept all the same: a reorg may make them right.
 */
export function refusalByL1({ before, after, inboxHash, daIndex, daHash, notAfter }: Certificate, l1: Pick<SettlementLayer, 'inboxHash' | 'daHash'>, { time, until }: { time: bigint; until: bigint }): Refusal | null {
  const { chainId } = before
  if (notAfter < time) return { verdict: 'invalid', code: 'EXPIRED', reason: `L1 has passed its last moment, ${notAfter}` }
  if (notAfter < until) return { verdict: 'waiting', code: 'EXPIRES_SOON', reason: `it ends at ${notAfter}, before an epoch with it could be proven` }
  return (
    compare(l1.inboxHash(chainId, after.l1InboxCursor), inboxHash, 'L1_INBOX', `entry ${after.l1InboxCursor} of the chain's L1 inbox`) ??
    compare(l1.daHash(chainId, daIndex), daHash, 'DA', `batch ${daIndex} of the chain`)
  )
}

function compare(held: string | null, stated: string, what: string, name: string): Refusal | null {
  if (held === null) return { verdict: 'waiting', code: `${what}_BEHIND`, reason: `${name} is not on L1 yet` }
  return held === stated ? null : { verdict: 'invalid', code: `${what}_MISMATCH`, reason: `${name} is another one on L1 than it says` }
}
