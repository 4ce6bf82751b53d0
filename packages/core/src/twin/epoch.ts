import type { Hex } from 'viem'
import { headerHash } from '../protocol/header.js'
import { addressToBigInt, CAPACITY, limbs, uint, ZERO_HASH } from '../protocol/limits.js'
import { domainSeparator } from '../protocol/statement.js'
import { pathRoot, REGISTRY } from '../tree/tree.js'
import { applyCertificate } from './certificate.js'
import { accumulate } from './l1-data.js'
import { applyQueueEntry } from './queue.js'
import { rule } from './rule.js'
import type { EpochResult, EpochWitness } from './witness.js'

/**
 * The native twin of the aggregate circuit: everything that the proof of an epoch says (docs/protocol.md, sections 7 to 11).
 * Import roots are not judged here: L1 accepts the new root and recent ones, and sees them in the L1 data.
 * @throws CausewayError with code `RULE_Rn`
 */
export function applyEpoch(witness: EpochWitness): EpochResult {
  const { domain, certificates, queue } = witness
  rule(28, queue.length <= CAPACITY.queue, 'too many queue entries')
  let root = witness.rootFrom
  let queueHash = witness.queueHashFrom
  for (const opening of queue) ({ root, hash: queueHash } = applyQueueEntry(root, queueHash, opening, domain.l1ChainId))

  let accumulator: Hex = ZERO_HASH
  certificates.forEach((item, i) => {
    const { certificate, slot, registry, importRoot } = item
    rule(26, i === 0 || slot > (certificates[i - 1]?.slot ?? 0n), 'certificates are not in ascending order of slot, one a chain')
    rule(27, pathRoot(REGISTRY, uint(32, slot, 'slot'), headerHash(certificate.before), registry) === root, `the header of chain ${certificate.before.chainId} is not in the registry`)
    const { leaves, withdrawals } = applyCertificate(item, { domain, time: witness.time })
    accumulator = accumulate(accumulator, { slot, certificate, importRoot, leaves, withdrawals })
    root = pathRoot(REGISTRY, slot, headerHash(certificate.after), registry)
  })

  return {
    rootTo: root,
    queueHashTo: queueHash,
    accumulator,
    publicInputs: [
      ...limbs(domainSeparator(domain)),
      domain.l1ChainId,
      uint(64, witness.epoch, 'epoch'),
      uint(64, witness.time, 'time'),
      witness.rootFrom,
      root,
      ...limbs(witness.queueHashFrom),
      ...limbs(queueHash),
      0n,
      0n,
      ...limbs(accumulator),
      addressToBigInt(witness.beneficiary, 'beneficiary'),
    ],
  }
}
