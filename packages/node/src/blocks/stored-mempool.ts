import type { Log, Store } from '@causeway/core'
import type { Mempool } from '@causeway/sequencer'
import { keccak256, type Hex } from 'viem'
import { keys, put, readAll } from '../store/records.js'

/** The transactions that wait, on disk: a restart loses none that was taken. */
export type StoredMempool = {
  /** Takes a transaction and answers its hash. @throws what the mempool says of it, or the store's error: it was not taken then */
  accept(raw: Hex): Promise<Hex>
  /** Gives the mempool what waits on disk. */
  restore(): Promise<void>
  /** Forgets what the mempool has let go: included, replaced, or never to be included. */
  prune(): Promise<void>
}

/** Rows of what the mempool holds. */
export function createStoredMempool({ mempool, store, log }: { mempool: Mempool; store: Store; log: Log }): StoredMempool {
  const saved = new Set<Hex>()
  return {
    async accept(raw) {
      const hash = await mempool.add(raw)
      try {
        await store.write([put(keys.waiting(hash), raw)])
      } catch (error) {
        // Who sent it is told that it was not taken; later ones of the sender must not wait for what a restart would lose.
        mempool.remove([hash])
        throw error
      }
      // Only now: the next block takes the row away if this one had the transaction already.
      saved.add(hash)
      return hash
    },
    async restore() {
      for (const raw of readAll<Hex>(store, 'mempool/')) {
        saved.add(keccak256(raw))
        await mempool.add(raw).catch((error: unknown) => log.debug('a waiting transaction is no longer valid', { error }))
      }
    },
    async prune() {
      const gone = [...saved].filter((hash) => !mempool.get(hash))
      if (gone.length > 0) await store.write(gone.map((hash) => ({ key: keys.waiting(hash), value: null })))
      for (const hash of gone) saved.delete(hash)
    },
  }
}
