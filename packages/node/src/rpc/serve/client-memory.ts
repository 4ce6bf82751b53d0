/** Bytes that are held for clients, of which one address cannot take all. */
export type Budget = {
  /** Takes bytes; false if there are none left, in all or for the address: nothing is taken then. */
  take(address: string, bytes: number): boolean
  give(address: string, bytes: number): void
}

/** A budget of `limit` bytes; one address has a `share` of it. */
export function createBudget(limit: number, share: number): Budget {
  let total = 0
  const byAddress = new Map<string, number>()
  return {
    take(address, bytes) {
      const own = (byAddress.get(address) ?? 0) + bytes
      if (total + bytes > limit || own > limit * share) return false
      total += bytes
      byAddress.set(address, own)
      return true
    },
    give(address, bytes) {
      const own = (byAddress.get(address) ?? 0) - bytes
      total -= bytes
      if (own > 0) byAddress.set(address, own)
      else byAddress.delete(address)
    },
  }
}

/** What one request holds of a budget, to be given back together. */
export type Hold = { take(bytes: number): boolean; giveBack(): void }

/** Notes what is taken of a budget for a request. */
export function createHold(budget: Budget, address: string): Hold {
  let held = 0
  return {
    take(bytes) {
      const taken = budget.take(address, bytes)
      if (taken) held += bytes
      return taken
    },
    giveBack() {
      budget.give(address, held)
      held = 0
    },
  }
}

/** Bytes that clients have yet to read. */
export type Unread = {
  /**
   * Notes bytes handed to a client. @param drop cuts the client off
   * @returns to be called once it has read them, or is gone
   */
  hold(bytes: number, drop: () => void): () => void
}

/** Over `limit` bytes, whoever has had the longest time to read is dropped: refusing those who come next would let a few slow readers stop everybody. */
export function createUnread(limit: number): Unread {
  let total = 0
  const held = new Map<symbol, { bytes: number; drop: () => void }>()
  const release = (key: symbol) => {
    total -= held.get(key)?.bytes ?? 0
    held.delete(key)
  }
  return {
    hold(bytes, drop) {
      const key = Symbol()
      held.set(key, { bytes, drop })
      total += bytes
      for (const [oldest, item] of held) {
        if (total <= limit) break
        release(oldest)
        item.drop()
      }
      return () => release(key)
    },
  }
}

/** What an address is counted as: an IPv6 client has a /64 to itself. */
export function addressKey(address: string | undefined): string {
  const plain = (address ?? '').replace(/^::ffff:(?=\d+\.)/, '')
  return plain.includes(':') ? `${(plain.split('::')[0] ?? '').split(':').slice(0, 4).join(':')}::/64` : plain
}
