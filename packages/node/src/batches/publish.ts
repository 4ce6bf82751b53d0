import { batchItems, createSerial, encodeBatch, eraOf, errorCode, MAX_BATCH_BYTES, MAX_BATCH_ITEMS, type BatchBlock, type DataAvailability, type Log } from '@causeway/core'
import type { L1Reader, PostingRecord } from '@causeway/l1'
import type { Chain } from '../chain.js'
import { keys, put, readAll, type BatchRecord, type BlockRecord } from '../store/records.js'
import { readPosting } from './read-posting.js'

/**
 * What a publisher is made of. `finalBlock`: the last block that is settled on finalized L1.
 */
export type PublisherOptions = { chain: Chain; da: DataAvailability; reader: L1Reader; finalBlock(): bigint; log: Log }

/** Posts a chain's blocks to its DA layer, in order, each block once an incarnation, and once more in a new era if it is not final. */
export type Publisher = ReturnType<typeof createPublisher>

/**
 * Makes a publisher. L1 is the record of what was posted, and rows are only a cache of it. Each posting says the number that it must get, so
 * that a crash while posting loses and repeats nothing: what L1 has and the rows lack makes it refuse the next one.
 */
export function createPublisher({ chain, da, reader, finalBlock, log }: PublisherOptions) {
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
      for (const posting of postings.slice(kept)) {
        const row = await describe(posting)
        await store.write([put(keys.batch(row.daIndex), row)])
        rows.push(row)
        if (row.last > 0n && row.incarnation >= chain.incarnation && !isCanonical(row))
          log.error('a posting that this node has not made contradicts its blocks: somebody else has the batcher’s key; have the owner change the batcher (docs/compose.md)', { daIndex: row.daIndex, incarnation: row.incarnation })
      }
    })

  async function describe(posting: PostingRecord): Promise<BatchRecord> {
    const { daHash } = posting
    const daIndex = posting.reference.index
    const batch = await readPosting(da, posting)
    if (!batch) return { daIndex, daHash, first: 0n, last: 0n, incarnation: 0n, lastTimestamp: 0n }
    const { first, blocks, incarnation } = batch
    return { daIndex, daHash, first, last: first + BigInt(blocks.length) - 1n, incarnation, lastTimestamp: blocks.at(-1)?.timestamp ?? 0n }
  }

  // Each posting goes on where the canonical ones before it ended, so the last of these ends last. What an earlier batcher has posted may
  // have been replaced by whoever had its key, so nothing of another era counts.
  const isCanonical = ({ last, lastTimestamp, incarnation }: BatchRecord) => last > 0n && eraOf(incarnation) === eraOf(chain.incarnation) && chain.block(last)?.timestamp === lastTimestamp

  const taken = (): bigint => BigInt(rows.length)

  return {
    /** Last block that L1 has for good or in this era. */
    posted: (): bigint => rows.findLast(isCanonical)?.last ?? finalBlock(),
    /** The first posting of this era after which L1 has the chain up to `block`; undefined while it has not. */
    postingOf(block: bigint): BatchRecord | undefined {
      const before = rows.findLastIndex((row) => isCanonical(row) && row.last < block)
      return rows.slice(before + 1).find(isCanonical)
    },
    /** Last block that L1's data gives up to a posting; undefined if that posting is not known. */
    endOf: (daIndex: bigint): bigint | undefined => (daIndex > BigInt(rows.length) ? undefined : (rows.slice(0, Number(daIndex)).findLast(isCanonical)?.last ?? 0n)),
    /** How many postings of L1 are in the rows. */
    taken,
    sync,
    /** Posts what is not posted yet, one batch. Resolves to the number of blocks posted. @throws CausewayError of `DataAvailability.submit` */
    async step(): Promise<number> {
      for (;;) {
        await sync()
        const next = taken() + 1n
        const first = this.posted() + 1n
        if (first > chain.head.number) return 0
        const { bytes, count } = fill(first)
        try {
          await da.submit(bytes, next)
          await look()
          log.info('batch posted', { daIndex: next, first, blocks: count, bytes: bytes.length })
          return count
        } catch (error) {
          if (errorCode(error) !== 'DA_TRANSIENT') throw error
          await look()
          if (taken() + 1n === next) throw error
          log.info('L1 has other postings than this node knew of: it goes on after them', { daIndex: taken() })
        }
      }
    },
  }

  async function look(): Promise<void> {
    await reader.poll()
    await sync()
  }

  /** As many blocks from `first` on as a posting takes; one at least. */
  function fill(first: bigint): { bytes: Uint8Array; count: number } {
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
    return { bytes, count: Math.max(blocks.length, 1) }
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
