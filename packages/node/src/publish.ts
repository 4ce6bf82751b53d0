import { batchItems, createSerial, decodeBatch, encodeBatch, errorCode, MAX_BATCH_BYTES, MAX_BATCH_ITEMS, type BatchBlock, type DaReference, type DataAvailability, type Log } from '@causeway/core'
import type { L1Reader } from '@causeway/l1'
import type { Chain } from './chain.js'
import { keys, put, readAll, type BatchRecord, type BlockRecord } from './store/rows.js'

/** Posts a chain's blocks to its DA layer, in order, each block once an incarnation. */
export type Publisher = ReturnType<typeof createPublisher>

/** Makes a publisher. L1 is the record of what was posted: rows are only a cache of it, so a crash while posting loses and repeats nothing. */
export function createPublisher({ chain, da, reader, log }: { chain: Chain; da: DataAvailability; reader: L1Reader; log: Log }) {
  const { store, engine } = chain
  /** As on disk. */
  const rows = [...readAll<BatchRecord>(store, 'chain/batch/')]
  const syncing = createSerial()

  /** Brings the rows in step with L1's postings. */
  const sync = () =>
    syncing(async () => {
      const postings = reader.postings(engine.chainId)
      // The hash is a rolling one: below the last that is the same, all are.
      let kept = rows.length
      while (kept > 0 && postings[kept - 1]?.daHash !== rows[kept - 1]?.daHash) kept--
      if (kept < rows.length) await store.write(rows.splice(kept).map(({ daIndex }) => ({ key: keys.batch(daIndex), value: null })))
      for (const { reference, daHash } of postings.slice(kept)) {
        const row = await describe(reference, daHash)
        await store.write([put(keys.batch(reference.index), row)])
        rows.push(row)
      }
    })

  async function describe(reference: DaReference, daHash: `0x${string}`): Promise<BatchRecord> {
    const daIndex = reference.index
    try {
      const { first, blocks, incarnation } = decodeBatch(await da.retrieve(reference))
      return { daIndex, daHash, first, last: first + BigInt(blocks.length) - 1n, incarnation, lastTimestamp: blocks.at(-1)?.timestamp ?? 0n }
    } catch (error) {
      const code = errorCode(error)
      if (code !== 'BATCH_MALFORMED' && code !== 'DA_PERMANENT') throw error
      return { daIndex, daHash, first: 0n, last: 0n, incarnation: 0n, lastTimestamp: 0n }
    }
  }

  // Each posting goes on where the canonical ones before it ended, so the last of these ends last.
  const isCanonical = (row: BatchRecord) => row.last > 0n && chain.block(row.last)?.timestamp === row.lastTimestamp

  return {
    /** Last block that L1 has. */
    posted: (): bigint => rows.findLast(isCanonical)?.last ?? 0n,
    /** The first posting after which L1 has the chain up to `block`; undefined while it has not. */
    postingOf(block: bigint): BatchRecord | undefined {
      const before = rows.findLastIndex((row) => isCanonical(row) && row.last < block)
      return rows.slice(before + 1).find(isCanonical)
    },
    /** Last block that L1's data gives up to a posting; undefined if that posting is not known. */
    endOf: (daIndex: bigint): bigint | undefined => (daIndex > BigInt(rows.length) ? undefined : (rows.slice(0, Number(daIndex)).findLast(isCanonical)?.last ?? 0n)),
    /** How many postings of L1 are in the rows. */
    taken: (): bigint => BigInt(rows.length),
    sync,
    /** Posts what is not posted yet, one batch. Resolves to the number of blocks posted. */
    async step(): Promise<number> {
      await sync()
      const first = this.posted() + 1n
      if (first > chain.head.number) return 0
      const blocks: BlockRecord[] = []
      let bytes = encode([chain.block(first) as BlockRecord])
      let growing = true
      for (let stride = 256; stride > 0; ) {
        const more = blocks.concat(read(first + BigInt(blocks.length), stride))
        const encoded = more.length > blocks.length && inflatedSize(more) <= MAX_BATCH_BYTES && batchItems(more) <= MAX_BATCH_ITEMS ? encode(more) : undefined
        if (encoded && encoded.length <= da.maxBytes) {
          blocks.push(...more.slice(blocks.length))
          bytes = encoded
          if (growing) stride *= 2
        } else {
          growing = false
          stride >>= 1
        }
      }
      if (blocks.length === 0) blocks.push(chain.block(first) as BlockRecord)
      const { index } = await da.submit(bytes)
      await reader.poll()
      await sync()
      log.info('batch posted', { daIndex: index, first, blocks: blocks.length, bytes: bytes.length })
      return blocks.length
    },
  }

  function read(from: bigint, count: number): BlockRecord[] {
    const found: BlockRecord[] = []
    for (let number = from; number < from + BigInt(count) && number <= chain.head.number; number++) found.push(chain.block(number) as BlockRecord)
    return found
  }

  function encode(blocks: readonly BlockRecord[]): Uint8Array {
    const [first] = blocks as [BlockRecord]
    return encodeBatch({
      chainId: engine.chainId,
      incarnation: chain.incarnation,
      first: first.number,
      parentHash: first.parentHash,
      blocks: blocks.map(({ timestamp, l1Entries, imports, transactions }): BatchBlock => ({ timestamp, l1Entries, imports, transactions })),
    })
  }
}

/** At least what the blocks of a batch take before compression, in bytes: a batch that inflates to more than a follower takes has no effect. */
function inflatedSize(blocks: readonly BlockRecord[]): number {
  const bytes = (hex: string) => hex.length / 2
  const block = ({ imports, transactions }: BlockRecord) =>
    imports.reduce((sum, { message }) => sum + bytes(message.payload) + 512, 64) + transactions.reduce((sum, raw) => sum + bytes(raw) + 8, 0)
  return blocks.reduce((sum, item) => sum + block(item), 256)
}
