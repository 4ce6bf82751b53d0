import type { BlobSidecar } from '@causeway/core'
import { concatHex, fromRlp, sliceHex, toRlp, type Hex } from 'viem'

/** The form in which nodes take a blob transaction, from its signed form: `0x03 ‖ rlp([signed, (1,) blobs, commitments, proofs])`. */
export function withSidecar(signed: Hex, { blobs, commitments, proofs, version }: BlobSidecar): Hex {
  const body = fromRlp(sliceHex(signed, 1), 'hex')
  return concatHex(['0x03', toRlp([body, ...(version === 1 ? (['0x01'] as const) : []), [...blobs], [...commitments], [...proofs]])])
}
