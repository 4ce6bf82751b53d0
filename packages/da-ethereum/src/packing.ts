import { CausewayError } from '@causeway/core'

/** Bytes of a blob (EIP-4844): 4096 field elements of 32 bytes. */
export const BLOB_BYTES = 131_072
/** Most blobs that a transaction may carry (EIP-7594). */
export const MAX_BLOBS = 6
/** Bytes of a batch that one blob takes besides the head: 31 in each field element, whose first byte stays 0 to keep it canonical. */
const BLOB_PAYLOAD = (BLOB_BYTES / 32) * 31
const VERSION = 1
/** Version (1 byte) and length of the batch (4 bytes, big-endian). */
const HEAD_BYTES = 5

/** Largest batch in bytes that `blobs` blobs take. */
export function capacity(blobs: number): number {
  return blobs * BLOB_PAYLOAD - HEAD_BYTES
}

/**
 * Packs a batch into as few blobs as take it. `version u8 ‖ length u32 ‖ batch ‖ zeros` is cut into pieces of 31 bytes; piece i is
 * bytes 1 to 31 of field element i, counted through all blobs; byte 0 of each is 0 (docs/da.md).
 * @throws CausewayError `DA_PERMANENT` when the batch needs more than {@link MAX_BLOBS} blobs
 */
export function packBlobs(batch: Uint8Array): Uint8Array[] {
  if (batch.length > capacity(MAX_BLOBS))
    throw new CausewayError(`The batch has ${batch.length} bytes; ${MAX_BLOBS} blobs take ${capacity(MAX_BLOBS)}.`, {
      code: 'DA_PERMANENT',
      fix: 'Post fewer blocks in a batch.',
      docs: 'da.md#limits',
    })
  const count = Math.ceil((HEAD_BYTES + batch.length) / BLOB_PAYLOAD)
  const stream = new Uint8Array(count * BLOB_PAYLOAD)
  stream[0] = VERSION
  new DataView(stream.buffer).setUint32(1, batch.length)
  stream.set(batch, HEAD_BYTES)
  return Array.from({ length: count }, (_, index) => {
    const blob = new Uint8Array(BLOB_BYTES)
    for (let element = 0; element < BLOB_BYTES / 32; element++) {
      const start = index * BLOB_PAYLOAD + element * 31
      blob.set(stream.subarray(start, start + 31), element * 32 + 1)
    }
    return blob
  })
}

/**
 * The batch in the blobs of a posting, in order; accepts exactly what {@link packBlobs} gives.
 * @throws CausewayError `DA_PERMANENT`: everybody who has these blobs finds the same, so derivation skips the posting
 */
export function unpackBlobs(blobs: readonly Uint8Array[]): Uint8Array {
  const stream = new Uint8Array(blobs.length * BLOB_PAYLOAD)
  blobs.forEach((blob, index) => {
    if (blob.length !== BLOB_BYTES) throw malformed(`blob ${index} has ${blob.length} bytes`)
    for (let element = 0; element < BLOB_BYTES / 32; element++) {
      if (blob[element * 32] !== 0) throw malformed(`element ${element} of blob ${index} uses its first byte`)
      stream.set(blob.subarray(element * 32 + 1, element * 32 + 32), index * BLOB_PAYLOAD + element * 31)
    }
  })
  if (blobs.length === 0) throw malformed('there are no blobs')
  if (stream[0] !== VERSION) throw malformed(`version ${stream[0]} is unknown`)
  const length = new DataView(stream.buffer).getUint32(1)
  const end = HEAD_BYTES + length
  if (Math.ceil(end / BLOB_PAYLOAD) !== blobs.length) throw malformed(`${length} bytes do not belong in ${blobs.length} blobs`)
  if (stream.subarray(end).some((byte) => byte !== 0)) throw malformed('bytes follow the batch')
  return stream.slice(HEAD_BYTES, end)
}

function malformed(why: string): CausewayError {
  return new CausewayError(`The posting holds no batch: ${why}.`, {
    code: 'DA_PERMANENT',
    fix: 'Skip the posting, as every node does; whoever has the batcher’s key wrote something else into it.',
    docs: 'da.md#blobs',
  })
}
