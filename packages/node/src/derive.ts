import { blockInputs, decodeBatch, errorCode, planBatch, type Batch, type BatchBlock, type DataAvailability, type Log } from '@causeway/core'
import type { L1Reader, PostingRecord } from '@causeway/l1'
import type { Chain } from './chain.js'
import { put, read } from './store/rows.js'

const CURSOR = 'derive/cursor'
type Cursor = { daIndex: bigint; daHash: `0x${string}` }

/** What derivation may not do: replace what is settled. */
export type DeriveOptions = { chain: Chain; da: DataAvailability; reader: L1Reader; settledBlock(): bigint; log: Log }

/** Builds the chain from L1 alone: postings in order, blobs, and the L1 inbox. */
export function createDerivation({ chain, da, reader, settledBlock, log }: DeriveOptions) {
  const { store, engine } = chain

  async function rewindIfReorged(postings: readonly PostingRecord[]): Promise<bigint> {
    const cursor = read<Cursor>(store, CURSOR)
    if (!cursor) return 0n
    const { accounting, inboxHash } = chain.head
    const kept = postings[Number(cursor.daIndex) - 1]?.daHash === cursor.daHash
    const sameInbox = reader.inboxLength(engine.chainId) >= accounting.l1InboxCursor && reader.inboxHash(engine.chainId, accounting.l1InboxCursor) === inboxHash
    if (kept && sameInbox) return cursor.daIndex
    log.warn('L1 took back data of this chain; deriving again from the last settled block', { settled: settledBlock() })
    await store.write([{ key: CURSOR, value: null }])
    await chain.rollback(settledBlock(), 0n)
    return 0n
  }

  /** @returns false if L1 does not yet have all that the batch refers to */
  async function apply(batch: Batch): Promise<boolean> {
    const plan = planBatch(
      { chainId: engine.chainId, incarnation: chain.incarnation, head: chain.head.number, settled: settledBlock(), blockAt: (number) => chain.block(number) },
      batch,
    )
    if (plan.action === 'skip') {
      log.debug('batch skipped', { first: batch.first, reason: plan.reason })
      return true
    }
    if (plan.action === 'replace' || batch.incarnation > chain.incarnation) await chain.rollback(plan.from - 1n, batch.incarnation)
    for (const block of batch.blocks.slice(Number(plan.from - batch.first))) if (!(await applyBlock(block))) return false
    return true
  }

  async function applyBlock({ timestamp, l1Entries, imports, transactions }: BatchBlock): Promise<boolean> {
    const { head } = chain
    const cursor = head.accounting.l1InboxCursor
    const entries = reader.inbox(engine.chainId, cursor, cursor + BigInt(l1Entries)).map(({ entry }) => entry)
    if (entries.length < l1Entries) return false
    await chain.extend(blockInputs({ number: head.number, hash: head.hash, timestamp: head.timestamp, l1InboxCursor: cursor }, timestamp, entries, imports, transactions, engine))
    return true
  }

  return {
    /** Last block that L1's data gives up to a posting; undefined if this node has not come that far. */
    endOf: (daIndex: bigint): bigint | undefined => read<bigint>(store, `derive/end/${daIndex}`),
    /** Derives all that L1 has. Resolves to the number of new blocks. */
    async step(): Promise<bigint> {
      const postings = reader.postings(engine.chainId)
      const before = chain.head.number
      for (let at = await rewindIfReorged(postings); at < BigInt(postings.length); at++) {
        const { reference, daHash } = postings[Number(at)] as PostingRecord
        try {
          if (!(await apply(decodeBatch(await da.retrieve(reference))))) break
        } catch (error) {
          const code = errorCode(error)
          if (code !== 'DA_PERMANENT' && code !== 'BATCH_MALFORMED' && code !== 'BLOCK_INVALID' && code !== 'BLOCK_TOO_LARGE') throw error
          log.warn('a batch, or the rest of one, is not valid and has no effect', { daIndex: reference.index, code })
        }
        await store.write([put(CURSOR, { daIndex: reference.index, daHash } satisfies Cursor), put(`derive/end/${reference.index}`, chain.head.number)])
      }
      return chain.head.number - before
    },
  }
}
