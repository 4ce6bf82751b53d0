import { headerHash } from '../protocol/header.js'
import { CAPACITY, MAX_CLOCK_DRIFT, uint } from '../protocol/limits.js'
import type { Certificate, ClusterDomain } from '../protocol/types.js'
import { rule } from './rule.js'

/** What of an epoch a certificate is judged by. */
export type CertificateContext = { domain: ClusterDomain; time: bigint }

/** What of a certificate the statement covers: headers, and entries but for the content of L1 entries. */
export type Stated = Pick<Certificate, 'before' | 'after' | 'entries'>

/**
 * The rules that a certificate breaks by what its signers have signed, and by nothing that whoever passes it on could change: all of R1–R5,
 * R7, R9–R11, R13–R15, and the counts of R16, R18 and R28. Only for these may a chain be given up (docs/protocol.md, section 13).
 * R3 depends on the clock of whoever asks.
 * @throws CausewayError with code `RULE_Rn`
 */
export function checkStated({ before, after, entries }: Stated, { domain: { l1ChainId }, time: now }: CertificateContext): void {
  headerHash(before)
  headerHash(after)
  rule(1, after.height === before.height + 1n, `height ${before.height} is followed by ${after.height}`)
  rule(2, after.timestamp > before.timestamp, 'the clock of the chain does not advance')
  rule(3, after.timestamp <= now + MAX_CLOCK_DRIFT, `the chain's clock is ${after.timestamp - now} ms ahead of L1`)
  rule(4, after.chainId === before.chainId && after.policyHash === before.policyHash && after.policySince === before.policySince, 'chain id or policy changed without an L1 queue entry')

  const { chainId } = before
  const count = { l1: 0n, import: 0n, export: 0n, withdrawal: 0n }
  let time = before.timestamp
  entries.forEach((entry, i) => {
    rule(5, (i === 0 ? entry.time > time : entry.time >= time) && entry.time <= after.timestamp, `entry ${i} is out of time`)
    time = entry.time
    if (entry.kind === 'import') {
      const { message } = entry
      rule(7, message.source !== chainId && message.source !== l1ChainId, `import ${i} comes from this chain or from L1`)
      rule(9, message.destination === chainId, `import ${i} is meant for chain ${message.destination}`)
      rule(10, message.timestamp < entry.time, `import ${i} is not later than its sending`)
      rule(11, entry.time <= message.expiry, `import ${i} has expired`)
    }
    if (entry.kind === 'export') {
      const { message } = entry
      rule(13, message.source === chainId && message.nonce === before.outboxSize + count.export && message.timestamp === entry.time, `export ${i} is not this chain's next message`)
      rule(14, message.destination !== chainId, `export ${i} is addressed to its own chain`)
      if (message.destination === l1ChainId) {
        rule(15, message.amount === 0n || message.token.chain === l1ChainId, `export ${i} takes to L1 a token that is not L1's`)
        count.withdrawal++
      }
    }
    count[entry.kind]++
  })
  rule(16, after.outboxSize === before.outboxSize + count.export, 'outboxSize does not count the exports')
  uint(32, after.outboxSize, 'outboxSize')
  rule(18, after.l1InboxCursor === before.l1InboxCursor + count.l1, 'the cursor does not count the L1 inbox entries')
  const fits = entries.length <= CAPACITY.entries && count.l1 <= CAPACITY.l1Entries && count.import <= CAPACITY.imports && count.export <= CAPACITY.exports && count.withdrawal <= CAPACITY.withdrawals
  rule(28, fits, 'it is larger than a certificate may be')
}
