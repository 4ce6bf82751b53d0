import { CausewayError, messageLeaf, toBytes32, withdrawalDigest, type CertificateWitness } from '@causeway/core'
import type { CertificateData, EpochData } from '@causeway/l1'
import type { SettledEpoch } from '../registry/registry.js'
import type { SettlementLayer } from '../settlement/settlement-layer.js'
import type { ComposedEpoch } from './compose.js'

/**
 * What the hub's `settle` is told of an epoch (docs/protocol.md, section 10; `EpochData` of the hub's interface). Where a chain's batch is comes
 * from L1, by the hash that was signed, and not from whoever passed the certificate on.
 * @throws `DA_GONE` if L1 does not have the batch (any more)
 */
export function epochDataFor({ witness, result, queueCursor }: Pick<ComposedEpoch, 'witness' | 'result' | 'queueCursor'>, l1: Pick<SettlementLayer, 'daIndex'>): EpochData {
  return {
    epoch: witness.epoch,
    time: witness.time,
    newRoot: toBytes32(result.rootTo),
    queueCursor,
    beneficiary: witness.beneficiary,
    certificates: witness.certificates.map((item) => certificateDataFor(item, witness.domain.l1ChainId, l1)),
  }
}

function certificateDataFor({ slot, certificate, importRoot }: CertificateWitness, l1ChainId: bigint, l1: Pick<SettlementLayer, 'daIndex'>): CertificateData {
  const { before, after, entries, daHash, notAfter } = certificate
  const daIndex = l1.daIndex(before.chainId, daHash)
  if (daIndex === null) throw new CausewayError(`L1 does not have the batch that the certificate of chain ${before.chainId} ends at.`, { code: 'DA_GONE', fix: 'wait until L1 has it again, or until the certificate has died' })
  const exports = entries.flatMap((entry) => (entry.kind === 'export' ? [entry.message] : []))
  return {
    slot: Number(slot),
    height: after.height,
    timestamp: after.timestamp,
    l1InboxCursor: after.l1InboxCursor,
    daIndex,
    notAfter,
    stateRoot: after.stateRoot,
    inboxRoot: toBytes32(after.inboxRoot),
    balanceRoot: toBytes32(after.balanceRoot),
    importRoot: toBytes32(importRoot),
    leaves: exports.map((message) => toBytes32(messageLeaf(message, before.policyHash))),
    withdrawals: exports.filter(({ destination }) => destination === l1ChainId).map(withdrawalDigest),
  }
}

/** An epoch as the registry takes it, from the data in the hub's `EpochSettled` event. */
export function settledEpochOf({ epoch, newRoot, queueCursor, certificates }: EpochData): SettledEpoch {
  return {
    epoch,
    newRoot: BigInt(newRoot),
    queueCursor,
    certificates: certificates.map(({ slot, height, timestamp, l1InboxCursor, stateRoot, inboxRoot, balanceRoot, leaves }) => ({
      slot: BigInt(slot),
      height,
      timestamp,
      l1InboxCursor,
      stateRoot,
      inboxRoot: BigInt(inboxRoot),
      balanceRoot: BigInt(balanceRoot),
      leaves: leaves.map(BigInt),
    })),
  }
}
