import type { Registry } from '../registry/registry.js'

/** A certificate that waits for a place, as far as its turn goes. */
export type Waiting = {
  chainId: bigint
  /** ms of the host's clock */
  receivedAt: bigint
  /** Epochs with it that could not be proven or settled, and the number of the last one (0: none). */
  failures: number
  failedIn: bigint
}

/**
 * Who gets the places of the next epoch, first come first: the chain that has waited longest since an epoch last moved it, or
 * registered it. So N chains share the places in turn, and neither a flood of new chains nor one that is always ready first keeps
 * another out for more than a round. A failed epoch has used a turn.
 * @param prefer chains that are served before all others, whoever waits
 */
export function fairOrder<T extends Waiting>(waiting: readonly T[], { headers, moved, epoch }: Pick<Registry, 'headers' | 'moved' | 'epoch'>, prefer: readonly bigint[] = []): T[] {
  const since = new Map([...headers].map(([slot, { chainId }]) => [chainId, moved.get(slot) ?? 0n]))
  const preferred = new Set(prefer)
  return waiting
    .map((item) => {
      // One that this epoch would register has waited for nothing yet.
      const last = since.get(item.chainId) ?? epoch + 1n
      return { item, after: preferred.has(item.chainId) ? 0 : 1, turn: last > item.failedIn ? last : item.failedIn }
    })
    .sort((a, b) => a.after - b.after || compare(a.turn, b.turn) || a.item.failures - b.item.failures || compare(a.item.receivedAt, b.item.receivedAt))
    .map(({ item }) => item)
}

/** Order of two numbers, for `sort`. */
export function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
