import type { Hex, PublicClient } from 'viem'

/** An L1 block as far as following L1 needs it. `timestamp` in ms. */
export type TaggedBlock = { number: bigint; hash: Hex; parentHash: Hex; timestamp: bigint }

/** The block at a tag. A young chain may have no safe or finalized block yet: then its genesis block is. */
export async function blockByTag(client: PublicClient, blockTag: 'latest' | 'safe' | 'finalized'): Promise<TaggedBlock> {
  try {
    return await read(client, { blockTag })
  } catch (error) {
    const missing = error instanceof Error && /not.?found|unknown block/i.test(`${error.name} ${error.message}`)
    if (!missing || blockTag === 'latest') throw error
    return read(client, { blockNumber: 0n })
  }
}

/** The block with a number. */
export function blockByNumber(client: PublicClient, blockNumber: bigint): Promise<TaggedBlock> {
  return read(client, { blockNumber })
}

async function read(client: PublicClient, where: { blockTag: 'latest' | 'safe' | 'finalized' } | { blockNumber: bigint }): Promise<TaggedBlock> {
  const { number, hash, parentHash, timestamp } = await client.getBlock(where)
  return { number, hash, parentHash, timestamp: timestamp * 1000n }
}
