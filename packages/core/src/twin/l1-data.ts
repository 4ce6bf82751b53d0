import { concatHex, encodePacked, sha256, type Hex } from 'viem'
import { CAPACITY, toBytes32, ZERO_HASH } from '../protocol/limits.js'
import type { Certificate } from '../protocol/types.js'
import { rule } from './rule.js'

/** What L1 is told of a certificate: the header's new fields, leaves and withdrawals (docs/protocol.md, section 10). */
export type CertificateL1Data = {
  slot: bigint
  certificate: Pick<Certificate, 'after' | 'inboxHash' | 'daHash' | 'notAfter'>
  importRoot: bigint
  leaves: readonly bigint[]
  withdrawals: readonly Hex[]
}

/** One step of the accumulator over an epoch's L1 data: `sha256(acc ‖ data)`. */
export function accumulate(accumulator: Hex, { slot, certificate, importRoot, leaves, withdrawals }: CertificateL1Data): Hex {
  const { after } = certificate
  rule(28, leaves.length <= CAPACITY.exports && withdrawals.length <= CAPACITY.withdrawals, 'too many exports or withdrawals')
  const padded = (list: readonly Hex[], length: number) => Array.from({ length }, (_, i) => list[i] ?? ZERO_HASH)
  return sha256(
    concatHex([
      accumulator,
      encodePacked(
        ['uint32', 'uint64', 'uint64', 'uint64', 'uint64', 'uint64', 'uint32'],
        [Number(slot), after.chainId, after.height, after.timestamp, after.l1InboxCursor, certificate.notAfter, leaves.length],
      ),
      after.stateRoot,
      toBytes32(after.inboxRoot),
      toBytes32(after.balanceRoot),
      certificate.inboxHash,
      toBytes32(importRoot),
      certificate.daHash,
      ...padded(leaves.map(toBytes32), CAPACITY.exports),
      ...padded(withdrawals, CAPACITY.withdrawals),
    ]),
  )
}
