import type { Hex } from 'viem'
import { poseidon2, TAG } from '../crypto/poseidon2.js'
import { BALANCE, emptyRoot, INBOX, OUTBOX } from '../tree/tree.js'
import { field, limbs, uint } from './limits.js'
import type { ChainHeader } from './types.js'

/** Poseidon2 hash of a chain header: its leaf in the registry (docs/protocol.md, section 5). @throws `OUT_OF_RANGE` naming the field. */
export function headerHash(h: ChainHeader): bigint {
  const [stateHi, stateLo] = limbs(h.stateRoot, 'header.stateRoot')
  return poseidon2(TAG.header, [
    uint(64, h.chainId, 'header.chainId') + (uint(64, h.height, 'header.height') << 64n) + (uint(64, h.timestamp, 'header.timestamp') << 128n),
    stateHi,
    stateLo,
    field(h.outboxRoot, 'header.outboxRoot'),
    uint(64, h.outboxSize, 'header.outboxSize') +
      (uint(64, h.l1InboxCursor, 'header.l1InboxCursor') << 64n) +
      (uint(64, h.policySince, 'header.policySince') << 128n),
    field(h.inboxRoot, 'header.inboxRoot'),
    field(h.balanceRoot, 'header.balanceRoot'),
    field(h.policyHash, 'header.policyHash'),
  ])
}

/** The header that the hub gives a chain at registration: height 0, empty trees. */
export function genesisHeader(chainId: bigint, stateRoot: Hex, policyHash: bigint): ChainHeader {
  return {
    chainId,
    height: 0n,
    timestamp: 0n,
    stateRoot,
    outboxRoot: emptyRoot(OUTBOX),
    outboxSize: 0n,
    inboxRoot: emptyRoot(INBOX),
    balanceRoot: emptyRoot(BALANCE),
    l1InboxCursor: 0n,
    policyHash,
    policySince: 0n,
  }
}
