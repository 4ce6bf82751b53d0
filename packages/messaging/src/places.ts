/** Connections that a relay has at a time. */
export type Places = {
  /** Members that have proven a key, and of each key. */
  members: number
  perKey: number
  /** Those that only read, and of each address. */
  readers: number
  readersPerAddress: number
  /** Those that have proven nothing yet, and of each address: when there are more, the oldest goes. */
  pending: number
  pendingPerAddress: number
}

/** Places of a relay unless told. Members' are their own, so that no number of strangers keeps a member out. */
export const PLACES: Places = { members: 256, perKey: 8, readers: 32, readersPerAddress: 8, pending: 64, pendingPerAddress: 16 }

/** A connection's place, from the moment it is open. */
export type Place = {
  /** It has shown who it is: `member` names its key. False if there is no place for it. */
  settle(as: { member: string } | 'reader'): boolean
  leave(): void
}

type Holder = { address: string; state: 'pending' | 'reader' | { member: string }; evict(): void }

/** Gives out the places of a relay. `evict` ends a connection that has proven nothing and is in the way of newer ones. */
export function createPlaces(limits: Places): (address: string, evict: () => void) => Place {
  // In the order in which they came.
  const holders = new Set<Holder>()
  const count = (matches: (holder: Holder) => boolean) => [...holders].filter(matches).length
  const isPending = ({ state }: Holder) => state === 'pending'

  /** Ends the oldest pending connection of an address, or of the address that has most. */
  function makeRoom(address?: string): void {
    const pending = [...holders].filter(isPending)
    const counts = new Map<string, number>()
    for (const holder of pending) counts.set(holder.address, (counts.get(holder.address) ?? 0) + 1)
    const most = address ?? [...counts].reduce((best, next) => (next[1] > best[1] ? next : best), ['', 0] as const)[0]
    const oldest = pending.find((holder) => holder.address === most)
    if (!oldest) return
    holders.delete(oldest)
    oldest.evict()
  }

  return (address, evict) => {
    if (count((holder) => isPending(holder) && holder.address === address) >= limits.pendingPerAddress) makeRoom(address)
    if (count(isPending) >= limits.pending) makeRoom()
    const self: Holder = { address, state: 'pending', evict }
    holders.add(self)
    return {
      settle(as) {
        const fits =
          as === 'reader'
            ? count(({ state }) => state === 'reader') < limits.readers && count((holder) => holder.state === 'reader' && holder.address === address) < limits.readersPerAddress
            : count(({ state }) => typeof state === 'object') < limits.members && count(({ state }) => typeof state === 'object' && state.member === as.member) < limits.perKey
        if (fits && holders.has(self)) self.state = as
        return fits && holders.has(self)
      },
      leave: () => void holders.delete(self),
    }
  }
}
