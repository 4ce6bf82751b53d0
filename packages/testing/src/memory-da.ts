import { CausewayError, DA_KINDS, type DaDefinition, type DaHost, type DaReference, type DataAvailability } from '@causeway/core'
import { bytesToHex, keccak256, sha256, type Hex } from 'viem'

/** Where chains post in memory, one `DataAvailability` for each. */
export type MemoryDa = DaDefinition & {
  create(host: Pick<DaHost, 'chainId'>): DataAvailability
  /** How many postings a chain has. */
  length(chainId: bigint): bigint
}

/** Data availability in memory, as if every posting were mined at once, with the commitments of `calldata`. Batches are copied in and out. */
export function memoryDa({ maxBytes = 100_000 }: { maxBytes?: number } = {}): MemoryDa {
  const kind = DA_KINDS.calldata
  const postings = new Map<Hex, { hash: Hex; batch: Uint8Array }>()
  const last = new Map<bigint, bigint>()
  return {
    name: 'memory',
    kind,
    create: ({ chainId }) => ({
      maxBytes,
      async submit(batch, index): Promise<DaReference> {
        if (batch.length > maxBytes)
          throw new CausewayError(`The batch has ${batch.length} bytes; a posting takes ${maxBytes}.`, { code: 'DA_PERMANENT', fix: 'Post fewer blocks in a batch.' })
        const next = (last.get(chainId) ?? 0n) + 1n
        if (index !== next) throw new CausewayError(`The next posting of chain ${chainId} is ${next}, not ${index}.`, { code: 'DA_TRANSIENT', fix: 'Post with the number that comes next.' })
        const commitment = keccak256(batch)
        const l1Block = BigInt(postings.size + 1)
        const l1Transaction = sha256(bytesToHex(new TextEncoder().encode(`posting ${l1Block}`)))
        postings.set(l1Transaction, { hash: commitment, batch: batch.slice() })
        last.set(chainId, index)
        return { index, kind, commitment, l1Block, l1Transaction }
      },
      async retrieve(reference) {
        const posting = postings.get(reference.l1Transaction)
        if (!posting || reference.kind !== kind || posting.hash !== reference.commitment)
          throw new CausewayError(`There is no posting ${reference.l1Transaction} with this commitment.`, { code: 'DA_TRANSIENT', fix: 'Try again.' })
        return posting.batch.slice()
      },
    }),
    length: (chainId) => last.get(chainId) ?? 0n,
  }
}
