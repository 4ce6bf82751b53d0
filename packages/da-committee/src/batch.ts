import { CausewayError } from '@causeway/core'
import { concatHex, encodePacked, hexToNumber, keccak256, size, sliceHex, type Address, type Hex } from 'viem'

/** Largest batch in bytes that members keep. */
export const MAX_COMMITTEE_BATCH = 1_000_000
/** A batch as the members sign it. `expiry`: L1 time (s) after which L1 takes the signatures no more. */
export type SignedBatch = { hub: Address; chainId: bigint; batchHash: Hex; length: number; expiry: bigint }
/** A batch as its batcher signs it for one member: or a member could send what it was sent on to the others, slowly, and keep them busy. */
export type Submission = SignedBatch & { member: Address }

const FIELDS = [
  { name: 'hub', type: 'address' },
  { name: 'chainId', type: 'uint64' },
  { name: 'batchHash', type: 'bytes32' },
  { name: 'length', type: 'uint32' },
  { name: 'expiry', type: 'uint64' },
] as const

/** Which committee, on which L1. */
export type CommitteePlace = { l1ChainId: bigint; adapter: Address }

const domain = ({ l1ChainId, adapter }: CommitteePlace) => ({ name: 'Causeway committee', version: '1', chainId: Number(l1ChainId), verifyingContract: adapter })

/** What a member signs (EIP-712), and L1 checks. */
export function batchTypedData(place: CommitteePlace, message: SignedBatch) {
  return { domain: domain(place), types: { Batch: FIELDS }, primaryType: 'Batch', message } as const
}

/** What the batcher signs (EIP-712), and only that member looks at. */
export function submissionTypedData(place: CommitteePlace, message: Submission) {
  return { domain: domain(place), types: { Submission: [...FIELDS, { name: 'member', type: 'address' }] }, primaryType: 'Submission', message } as const
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
