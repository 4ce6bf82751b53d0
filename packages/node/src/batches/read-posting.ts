import { decodeBatch, eraOf, errorCode, type Batch, type DataAvailability } from '@causeway/core'
import type { PostingRecord } from '@causeway/l1'

/**
 * The batch that a posting holds; null if it has none for everybody who looks: other bytes, data that is gone for good, or an incarnation of
 * another era than the one it was posted in.
 */
export async function readPosting(da: DataAvailability, { reference, era }: Pick<PostingRecord, 'reference' | 'era'>): Promise<Batch | null> {
  try {
    const batch = decodeBatch(await da.retrieve(reference))
    return eraOf(batch.incarnation) === era ? batch : null
  } catch (error) {
    const code = errorCode(error)
    if (code !== 'BATCH_MALFORMED' && code !== 'DA_PERMANENT') throw error
    return null
  }
}
