import { concatHex, encodePacked, keccak256, sha256, type Address, type Hex } from 'viem'
import { ETH } from './limits.js'
import type { L1InboxEntry, QueueEntry } from './types.js'

/** Rolling hash of a chain's L1 inbox after `entry` (docs/protocol.md, section 8). */
export function nextInboxHash(hash: Hex, entry: L1InboxEntry): Hex {
  const { kind, token, amount, digest } = inboxFields(entry)
  return inboxStep(hash, kind, token, amount, digest)
}

/** What of an L1 entry goes into the rolling hash; `digest` stands for the parts which accounting does not look at. */
export function inboxFields(entry: L1InboxEntry): { kind: number; token: Address; amount: bigint; digest: Hex } {
  if (entry.kind === 'forced') return { kind: 2, token: ETH, amount: 0n, digest: keccak256(entry.transaction) }
  const m = entry.message
  const digest = keccak256(
    concatHex([
      encodePacked(['uint64', 'uint64'], [m.nonce, m.timestamp]),
      encodePacked(['address', 'address', 'address', 'uint128'], [m.sender, m.recipient, m.refundTo, m.fee]),
      encodePacked(['uint64', 'uint64', 'bytes32'], [m.gasLimit, m.expiry, keccak256(m.payload)]),
    ]),
  )
  return { kind: 1, token: m.token.address, amount: m.amount, digest }
}

/** One step of the L1 inbox' rolling hash from its five fields. */
export function inboxStep(hash: Hex, kind: number, token: Hex, amount: bigint, digest: Hex): Hex {
  return sha256(encodePacked(['bytes32', 'uint8', 'address', 'uint128', 'bytes32'], [hash, kind, token, amount, digest]))
}

/** Rolling hash of the registration queue after `entry` (docs/protocol.md, section 9). */
export function nextQueueHash(hash: Hex, entry: QueueEntry): Hex {
  return sha256(
    encodePacked(
      ['bytes32', 'uint8', 'uint32', 'uint64', 'bytes32', 'bytes32'],
      [hash, entry.kind, Number(entry.slot), entry.chainId, entry.stateRoot, entry.policyHash],
    ),
  )
}

/** Kinds of data availability: what the commitment of a posting is (docs/protocol.md, section 9). */
export const DA_KINDS = { blobs: 1, calldata: 2, adapter: 3 } as const
/** The name of a kind. */
export type DaKind = keyof typeof DA_KINDS

/** A kind in words. */
export function daKindName(kind: number): string {
  return Object.entries(DA_KINDS).find(([, number]) => number === kind)?.[0] ?? `unknown (${kind})`
}

/** Rolling hash of a chain's DA postings after one with this commitment, whatever its kind (docs/protocol.md, section 9). */
export function nextDaHash(hash: Hex, commitment: Hex): Hex {
  return keccak256(concatHex([hash, commitment]))
}

const ALIAS_OFFSET = 0x1111000000000000000000000000000000001111n

/** The sender that an L1 contract has on L2: its address + 0x1111…1111 mod 2^160. */
export function aliasL1Address(address: Hex): Hex {
  return `0x${((BigInt(address) + ALIAS_OFFSET) & ((1n << 160n) - 1n)).toString(16).padStart(40, '0')}`
}
