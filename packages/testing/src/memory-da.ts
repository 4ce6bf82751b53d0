import { CausewayError, type DaReference, type DataAvailability } from '@causeway/core'
import { bytesToHex, sha256, type Hex } from 'viem'

/** Where chains post in memory, one `DataAvailability` for each. */
export type MemoryDa = { chain(chainId: bigint): DataAvailability }

/** Data availability in memory, as if every posting were mined at once. Batches are copied in and out. */
export function memoryDa({ maxBytes = 100_000 }: { maxBytes?: number } = {}): MemoryDa {
  const postings = new Map<Hex, { hash: Hex; batch: Uint8Array }>()
  const last = new Map<bigint, bigint>()
  return {
    chain: (chainId) => ({
      name: 'memory',
      maxBytes,
      async submit(batch): Promise<DaReference> {
        if (batch.length > maxBytes)
          throw new CausewayError(`The batch has ${batch.length} bytes; a posting takes ${maxBytes}.`, { code: 'DA_PERMANENT', fix: 'Post fewer blocks in a batch.' })
        const hash: Hex = `0x01${sha256(batch).slice(4)}`
        const l1Block = BigInt(postings.size + 1)
        const l1Transaction = sha256(bytesToHex(new TextEncoder().encode(`posting ${l1Block}`)))
        postings.set(l1Transaction, { hash, batch: batch.slice() })
        const index = (last.get(chainId) ?? 0n) + 1n
        last.set(chainId, index)
        return { index, versionedHashes: [hash], l1Block, l1Transaction }
      },
      async retrieve({ l1Transaction, versionedHashes }) {
        const posting = postings.get(l1Transaction)
        if (!posting || versionedHashes.length !== 1 || posting.hash !== versionedHashes[0])
          throw new CausewayError(`There is no posting ${l1Transaction} of these blobs.`, { code: 'DA_TRANSIENT', fix: 'Try again.' })
        return posting.batch.slice()
      },
    }),
  }
}
