import { messageLeaf, toBytes32, withdrawalDigest, type CertificateWitness } from '@causeway/core'
import type { CertificateData, EpochData } from '@causeway/l1'
import type { ComposedEpoch } from './compose.js'
import type { SettledEpoch } from './registry.js'

/** What the hub's `settle` is told of an epoch (docs/protocol.md, section 10; `EpochData` of the hub's interface). */
export function epochDataFor({ witness, result, queueCursor }: Pick<ComposedEpoch, 'witness' | 'result' | 'queueCursor'>): EpochData {
  return {
    epoch: witness.epoch,
    time: witness.time,
    newRoot: toBytes32(result.rootTo),
    queueCursor,
    beneficiary: witness.beneficiary,
    certificates: witness.certificates.map((item) => certificateDataFor(item, witness.domain.l1ChainId)),
  }
}

function certificateDataFor({ slot, certificate, importRoot }: CertificateWitness, l1ChainId: bigint): CertificateData {
  const { before, after, entries, daIndex, notAfter } = certificate
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
