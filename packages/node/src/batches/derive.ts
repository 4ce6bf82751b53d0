import { blockInputs, errorCode, planBatch, type Batch, type BatchBlock, type BatchPlan, type DataAvailability, type Log } from '@causeway/core'
import type { L1Reader, PostingRecord } from '@causeway/l1'
import type { Hex } from 'viem'
import { isInboxOnL1 } from '../certificates/l1-references.js'
import type { Chain } from '../chain.js'
import { put, read } from '../store/records.js'
import { readPosting } from './read-posting.js'

const CURSOR = 'derive/cursor'
/** The last posting that was taken up; `done` once all of it is derived. */
type Cursor = { daIndex: bigint; daHash: Hex; done: boolean }
/** What L1's data up to a posting gives: the chain that ends with this block. */
type Derived = { daHash: Hex; end: bigint; hash: Hex }
const derivedKey = (daIndex: bigint) => `derive/end/${daIndex}`

/** What derivation may not do: replace what is settled. */
export type DeriveOptions = { chain: Chain; da: DataAvailability; reader: L1Reader; settledBlock(): bigint; log: Log }

/** Builds the chain from L1 alone: postings in order, with their data, and the L1 inbox. */
export function createDerivation({ chain, da, reader, settledBlock, log }: DeriveOptions) {
  const { store, engine } = chain

  /** The number of postings that are derived, after going back if L1 took back any of them or an inbox entry. */
  async function start(postings: readonly PostingRecord[]): Promise<bigint> {
    const cursor = read<Cursor>(store, CURSOR)
    if (!cursor) return 0n
    const kept = postings[Number(cursor.daIndex) - 1]?.daHash === cursor.daHash
    if (kept && isInboxOnL1(chain.head, engine.chainId, reader)) return cursor.done ? cursor.daIndex : cursor.daIndex - 1n
    log.warn('L1 took back data of this chain')
    return goBack(postings, cursor.daIndex)
  }

  /** Goes back to the last settled block. @returns the number of postings, of the first `taken`, that are derived then */
  async function goBack(postings: readonly PostingRecord[], taken: bigint): Promise<bigint> {
    const settled = settledBlock()
    log.warn('deriving again from the last settled block', { settled })
    let at = taken
    for (; at > 0n; at--) {
      const derived = read<Derived>(store, derivedKey(at))
      if (derived && derived.end <= settled && postings[Number(at) - 1]?.daHash === derived.daHash) break
    }
    // The cursor first: a crash between the two leaves blocks that are known, or that this function drops.
    await store.write([at === 0n ? { key: CURSOR, value: null } : put(CURSOR, { daIndex: at, daHash: (postings[Number(at) - 1] as PostingRecord).daHash, done: true } satisfies Cursor)])
    await chain.rollback(settled, chain.block(settled)?.incarnation ?? 0n)
    return at
  }

  const plan = (batch: Batch): BatchPlan =>
    planBatch({ chainId: engine.chainId, incarnation: chain.incarnation, head: chain.head.number, settled: settledBlock(), blockAt: (number) => chain.block(number) }, batch)

  /** @returns false if L1 does not have all that the batch refers to */
  async function apply(batch: Batch): Promise<boolean> {
    const planned = plan(batch)
    if (planned.action === 'skip') {
      log.debug('batch skipped', { first: batch.first, reason: planned.reason })
      return true
    }
    if (planned.action === 'replace' || batch.incarnation > chain.incarnation) await chain.rollback(planned.from - 1n, batch.incarnation)
    for (const block of batch.blocks.slice(Number(planned.from - batch.first))) if (!(await applyBlock(block))) return false
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

  async function batchOf(posting: PostingRecord): Promise<Batch | null> {
    const batch = await readPosting(da, posting)
    if (!batch) log.warn('a posting holds no batch of its era and has no effect', { daIndex: posting.reference.index })
    return batch
  }

  /** @returns false if L1 does not have all that the posting refers to */
  async function derive({ reference, daHash }: PostingRecord, batch: Batch | null): Promise<boolean> {
    await store.write([put(CURSOR, { daIndex: reference.index, daHash, done: false } satisfies Cursor)])
    try {
      if (batch && !(await apply(batch))) return false
    } catch (error) {
      // It imports from a chain of whose registration L1 knows nothing.
      if (errorCode(error) === 'UNKNOWN_CHAIN') return false
      if (!isInvalid(error)) throw error
      log.warn('the rest of a batch is not valid and has no effect', { daIndex: reference.index, code: errorCode(error) })
    }
    await store.write([put(CURSOR, { daIndex: reference.index, daHash, done: true } satisfies Cursor), put(derivedKey(reference.index), { daHash, end: chain.head.number, hash: chain.head.hash } satisfies Derived)])
    return true
  }

  /**
   * The next posting that replaces the one that waits for L1 inbox entries. L1 may have taken these back for good; and were they to
   * come, the later incarnation would replace what they made possible.
   */
  async function replacement(postings: readonly PostingRecord[], after: number): Promise<number> {
    for (let at = after + 1; at < postings.length; at++) {
      const batch = await batchOf(postings[at] as PostingRecord)
      if (batch && batch.incarnation > chain.incarnation && plan(batch).action !== 'skip') return at
    }
    return postings.length
  }

  /** How many postings are derived. */
  function taken(): bigint {
    const cursor = read<Cursor>(store, CURSOR)
    return cursor ? cursor.daIndex - (cursor.done ? 0n : 1n) : 0n
  }

  return {
    taken,
    /** Whether this node derives its chain, or began to: it was stopped before `leave`. */
    begun: (): boolean => read<Cursor>(store, CURSOR) !== undefined,
    /** A sequencer has derived what L1 had, and goes on by itself. */
    leave: () => store.write([{ key: CURSOR, value: null }]),
    /**
     * Last block that L1's data gives up to a posting; undefined if this node has not come that far, or if a later posting replaced blocks
     * of it: whoever derives only so far has other ones.
     */
    endOf: (daIndex: bigint): bigint | undefined => {
      // Rows of postings that are to be derived again tell of blocks that are gone.
      const derived = daIndex <= taken() ? read<Derived>(store, derivedKey(daIndex)) : undefined
      // Not that of a posting that L1 had in its place before.
      const stands = derived && reader.postings(engine.chainId)[Number(daIndex) - 1]?.daHash === derived.daHash && chain.block(derived.end)?.hash === derived.hash
      return stands ? derived.end : undefined
    },
    /** Forgets what is not settled, to derive it again: what was posted later replaces nothing that L1 has settled meanwhile. */
    async again(): Promise<void> {
      const cursor = read<Cursor>(store, CURSOR)
      if (cursor) await goBack(reader.postings(engine.chainId), cursor.daIndex)
    },
    /** Derives all that L1 has. Resolves to the number of new blocks; negative if L1 took some back. */
    async step(): Promise<bigint> {
      const postings = reader.postings(engine.chainId)
      const before = chain.head.number
      for (let at = Number(await start(postings)); at < postings.length; ) {
        const posting = postings[at] as PostingRecord
        at = (await derive(posting, await batchOf(posting))) ? at + 1 : await replacement(postings, at)
      }
      return chain.head.number - before
    },
  }
}

/** Errors that everybody who derives the block meets. */
function isInvalid(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'BLOCK_INVALID' || code === 'BLOCK_TOO_LARGE' || code === 'OUT_OF_RANGE' || (code?.startsWith('RULE_') ?? false)
}
