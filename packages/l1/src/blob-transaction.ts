import { concatHex, fromRlp, sliceHex, toRlp, type Hex } from 'viem'

/** Blobs with what proves them, as a blob transaction carries them to nodes (they are not part of what is signed). */
export type BlobSidecar = {
  /** 131,072 bytes each. */
  blobs: readonly Hex[]
  /** KZG commitment of each blob, 48 bytes. */
  commitments: readonly Hex[]
  /** Version 0 (EIP-4844): one proof a blob. Version 1 (EIP-7594): 128 cell proofs a blob, in order. 48 bytes each. */
  proofs: readonly Hex[]
  version: 0 | 1
  /** 0x01 and the last 31 bytes of the commitment's SHA-256, of each blob. */
  versionedHashes: readonly Hex[]
}

/** The form in which nodes take a blob transaction, from its signed form: `0x03 ‖ rlp([signed, (1,) blobs, commitments, proofs])`. */
export function withSidecar(signed: Hex, { blobs, commitments, proofs, version }: BlobSidecar): Hex {
  const body = fromRlp(sliceHex(signed, 1), 'hex')
  return concatHex(['0x03', toRlp([body, ...(version === 1 ? (['0x01'] as const) : []), [...blobs], [...commitments], [...proofs]])])
}
