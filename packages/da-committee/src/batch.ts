import { CausewayError } from '@causeway/core'
import { concatHex, encodePacked, hexToNumber, keccak256, size, sliceHex, type Address, type Hex } from 'viem'

/** Largest batch in bytes that members keep. */
export const MAX_COMMITTEE_BATCH = 1_000_000
/** A batch as its batcher and the members sign it. `expiry`: L1 time (s) after which L1 takes the signatures no more. */
export type SignedBatch = { hub: Address; chainId: bigint; batchHash: Hex; length: number; expiry: bigint }

const FIELDS = [
  { name: 'hub', type: 'address' },
  { name: 'chainId', type: 'uint64' },
  { name: 'batchHash', type: 'bytes32' },
  { name: 'length', type: 'uint32' },
  { name: 'expiry', type: 'uint64' },
] as const
const TYPES = { Batch: FIELDS, Submission: FIELDS } as const

/** Which committee, on which L1. */
export type CommitteePlace = { l1ChainId: bigint; adapter: Address }

/** What is signed (EIP-712): by a member a `Batch`, which L1 checks; by the batcher a `Submission`, which only members look at. */
export function batchTypedData<T extends keyof typeof TYPES>(primaryType: T, { l1ChainId, adapter }: CommitteePlace, message: SignedBatch) {
  return { domain: { name: 'Causeway committee', version: '1', chainId: Number(l1ChainId), verifyingContract: adapter }, types: TYPES, primaryType, message } as const
}

/** The bytes that a posting hands to `CommitteeAvailability`. @param signatures by ascending signer */
export function encodePosting({ batchHash, length, expiry }: SignedBatch, signatures: readonly Hex[]): Hex {
  return concatHex([encodePacked(['bytes32', 'uint32', 'uint64'], [batchHash, length, expiry]), ...signatures])
}

/** What a commitment says. @throws CausewayError `DA_TRANSIENT` for one that is none: another adapter's reader may know it */
export function decodeCommitment(commitment: Hex): { batchHash: Hex; length: number } {
  if (size(commitment) !== 36) throw new CausewayError('The commitment is not a committee’s: hash and length.', { code: 'DA_TRANSIENT', fix: 'compose the node with the data availability that its chain is registered with' })
  return { batchHash: sliceHex(commitment, 0, 32), length: hexToNumber(sliceHex(commitment, 32)) }
}

/** Are these the bytes? */
export const isBatch = (bytes: Uint8Array, { batchHash, length }: Pick<SignedBatch, 'batchHash' | 'length'>): boolean => bytes.length === length && keccak256(bytes) === batchHash
