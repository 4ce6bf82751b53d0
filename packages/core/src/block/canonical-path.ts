import type { Hex } from 'viem'

/** Where an engine's canonical blocks stand. */
export type CanonicalRows<B> = {
  /** Number of the head. */
  head: bigint
  blockByHash(hash: Hex): B | undefined
  /** The hash in the row of a number, also of one above the head, which is stale. */
  stored(number: bigint): Hex | undefined
}

/** A block and those of its ancestors that are not canonical, the highest first: what has to be written under their numbers. */
export function canonicalPath<B extends { number: bigint; hash: Hex; parentHash: Hex }>({ head, blockByHash, stored }: CanonicalRows<B>, hash: Hex): B[] {
  const path: B[] = []
  let block = blockByHash(hash)
  while (block) {
    const isStored = stored(block.number) === block.hash
    if (isStored && block.number <= head) break
    if (!isStored) path.push(block)
    block = block.number === 0n ? undefined : blockByHash(block.parentHash)
  }
  return path
}
