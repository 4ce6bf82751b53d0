import { CausewayError, type ValidTransaction } from '@causeway/core'
import type { Address, Hex } from 'viem'

/** A transaction that waits. */
export type PendingTransaction = ValidTransaction & { raw: Hex }

/** Checks a raw transaction against the chain's head. @throws for one that no block can ever take */
export type ValidateTransaction = (raw: Hex) => Promise<ValidTransaction>

/** Limits of a mempool. */
export type MempoolOptions = {
  validate: ValidateTransaction
  /** Transactions it holds at most. Default 10,000. */
  capacity?: number
  /** Transactions of one sender it holds at most. Default 256. */
  perSender?: number
}

/** Waiting transactions by sender and nonce. */
export type Mempool = ReturnType<typeof createMempool>

/** Percent that a transaction must offer more than one whose place it takes. */
const BUMP = 10n

/** Makes a mempool. Ordering: highest fee first, each sender's in order of nonce. */
export function createMempool({ validate, capacity = 10_000, perSender = 256 }: MempoolOptions) {
  const bySender = new Map<string, Map<bigint, PendingTransaction>>()
  const byHash = new Map<Hex, PendingTransaction>()
  const listeners = new Set<(hash: Hex) => void>()

  const drop = (transaction: PendingTransaction) => {
    const own = bySender.get(transaction.sender.toLowerCase())
    own?.delete(transaction.nonce)
    if (own?.size === 0) bySender.delete(transaction.sender.toLowerCase())
    byHash.delete(transaction.hash)
  }

  /**
   * Drops one for a transaction that offers more: the last of the sender whose cheapest offers least, because what is behind a cheap one
   * is taken no sooner than that. So cheap transactions, however many, keep nobody out.
   */
  function makeRoom(transaction: PendingTransaction, own: ReadonlyMap<bigint, PendingTransaction>): void {
    const waiting = [...bySender.values()].filter((other) => other !== own).map((other) => [...other.values()])
    const cheapest = waiting.reduce<PendingTransaction[] | undefined>((least, other) => (least && worth(least) <= worth(other) ? least : other), undefined)
    if (!cheapest || !outbids(worth([...own.values(), transaction]), worth(cheapest)))
      throw new CausewayError('the mempool is full', { code: 'MEMPOOL_FULL', fix: `offer at least ${BUMP}% more than the cheapest, or wait for a block and send again` })
    drop(cheapest.reduce((last, other) => (other.nonce > last.nonce ? other : last)))
  }

  return {
    get size() {
      return byHash.size
    },
    /**
     * Takes a raw transaction.
     * @throws `ALREADY_KNOWN`, `REPLACEMENT_UNDERPRICED`, `MEMPOOL_FULL` (of what offers more, or of the sender's own) or what `validate` throws
     */
    async add(raw: Hex): Promise<Hex> {
      const transaction = { raw, ...(await validate(raw)) }
      if (byHash.has(transaction.hash)) throw new CausewayError('already known', { code: 'ALREADY_KNOWN' })
      const key = transaction.sender.toLowerCase()
      const own = bySender.get(key) ?? new Map<bigint, PendingTransaction>()
      const held = own.get(transaction.nonce)
      if (held && !outbids(transaction.maxFee, held.maxFee))
        throw new CausewayError('replacement transaction underpriced', { code: 'REPLACEMENT_UNDERPRICED', fix: `offer at least ${BUMP}% more` })
      if (!held && own.size >= perSender)
        throw new CausewayError('the mempool is full of this sender', { code: 'MEMPOOL_FULL', fix: 'wait for a block and send again' })
      if (held) drop(held)
      else if (byHash.size >= capacity) makeRoom(transaction, own)
      own.set(transaction.nonce, transaction)
      bySender.set(key, own)
      byHash.set(transaction.hash, transaction)
      for (const listener of listeners) listener(transaction.hash)
      return transaction.hash
    },
    /**
     * Transactions for a block, best fee first, each sender's from `nonceOf` on without a gap. One that `admits` refuses is passed over, and
     * so are those that follow it; it is asked once for each that is next and for which there is room, in this order.
     */
    take(nonceOf: (sender: Address) => bigint, weightLimit: bigint, admits: (transaction: PendingTransaction) => boolean = () => true): PendingTransaction[] {
      const taken: PendingTransaction[] = []
      let weight = 0n
      // Ascending, so that the best is popped; of equal fees whoever came first is last.
      const next = [...bySender.values()]
        .flatMap((own) => {
          const sender = own.values().next().value?.sender
          return (sender && own.get(nonceOf(sender))) || []
        })
        .reverse()
        .sort(byFee)
      for (let best = next.pop(); best; best = next.pop()) {
        if (weight + best.weight > weightLimit || !admits(best)) continue
        weight += best.weight
        taken.push(best)
        const after = bySender.get(best.sender.toLowerCase())?.get(best.nonce + 1n)
        if (after) next.splice(placeOf(after, next), 0, after)
      }
      return taken
    },
    /** Forgets what no block can take any more because its nonce is used. */
    prune(nonceOf: (sender: Address) => bigint): void {
      for (const transaction of [...byHash.values()]) if (transaction.nonce < nonceOf(transaction.sender)) drop(transaction)
    },
    /** Forgets transactions that a block included or that can never be included. */
    remove(hashes: Iterable<Hex>): void {
      for (const hash of hashes) {
        const transaction = byHash.get(hash)
        if (transaction) drop(transaction)
      }
    },
    get: (hash: Hex): PendingTransaction | undefined => byHash.get(hash),
    all: (): readonly PendingTransaction[] => [...byHash.values()],
    /** Nonce after the waiting transactions of a sender, from `nonce` on. */
    pendingNonce(sender: Address, nonce: bigint): bigint {
      const own = bySender.get(sender.toLowerCase())
      let next = nonce
      while (own?.has(next)) next++
      return next
    },
    /** Calls back with the hash of each new transaction. Returns the unsubscribe function. */
    subscribe(listener: (hash: Hex) => void): () => void {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** What the last of a sender's transactions is worth: no more than the cheapest. */
const worth = (transactions: readonly PendingTransaction[]): bigint => transactions.reduce((least, { maxFee }) => (maxFee < least ? maxFee : least), transactions[0]?.maxFee ?? 0n)
const outbids = (fee: bigint, held: bigint): boolean => fee * 100n >= held * (100n + BUMP)
const byFee = (a: PendingTransaction, b: PendingTransaction): number => (a.maxFee < b.maxFee ? -1 : a.maxFee > b.maxFee ? 1 : 0)

/** Where a transaction belongs in a list in ascending order of fee: before those of its own fee. */
function placeOf(transaction: PendingTransaction, list: readonly PendingTransaction[]): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((list[middle] as PendingTransaction).maxFee < transaction.maxFee) low = middle + 1
    else high = middle
  }
  return low
}
