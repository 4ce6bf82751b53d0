import { CausewayError } from '@causeway/core'
import type { Address, Hex, PublicClient } from 'viem'
import { blockByNumber, blockByTag, type TaggedBlock } from './block-tag.js'
import { decodeEvents, L1_EVENTS, type L1Event, type L1Log } from './events.js'
import type { History } from './history.js'

/** An L1 block. */
export type L1Head = {
  number: bigint
  hash: Hex
  /** ms */
  timestamp: bigint
}

/** The heads of L1; `finalized` ≤ `safe` ≤ `latest`. */
export type L1Heads = { latest: L1Head; safe: L1Head; finalized: L1Head }

/** What one {@link followChain} step did. */
export type Advance = { added: readonly L1Event[]; removed: readonly L1Event[]; heads: L1Heads; reorganized: bigint; changed: boolean }

type FollowOptions = {
  client: PublicClient
  addresses: { hub: Address; inbox: Address }
  fromBlock?: bigint
  chains?: readonly bigint[]
  maxBlockRange?: bigint
  history: History
}

/** Answers of the RPC node that do not fit together, because L1 moved between them or several nodes answer. */
class Inconsistent extends Error {}

const ATTEMPTS = 5

/**
 * Keeps `history` in step with L1's canonical chain. Blocks after the finalized one are linked by parent hash and their logs are read by
 * block hash, so that no log of another fork can slip in; blocks up to it are read by range, because they cannot change.
 */
export function followChain({ client, addresses, fromBlock = 0n, chains, maxBlockRange = 2000n, history }: FollowOptions): {
  advance(): Promise<Advance>
  heads(): L1Heads
} {
  /** Known blocks in order; the first is final. Empty before the first step. */
  let known: L1Head[] = []
  /** Blocks below were read by range. */
  let nextRange = 0n
  /** What steps did since the last one that succeeded: a step that fails half-way keeps what it has read. */
  let pending = { added: [] as L1Event[], removed: [] as L1Event[], reorganized: 0n }
  let heads: L1Heads | undefined
  let l1ChainId: bigint | undefined
  const wanted = chains && new Set(chains)

  async function readHeads(): Promise<{ latest: TaggedBlock; safe: L1Head; finalized: L1Head }> {
    const [finalized, safe, latest] = await Promise.all([
      blockByTag(client, 'finalized'),
      blockByTag(client, 'safe'),
      blockByTag(client, 'latest'),
    ])
    const atMost = (a: L1Head, b: L1Head) => (a.number > b.number ? b : a)
    const lowerSafe = atMost(safe, latest)
    return { latest, safe: lowerSafe, finalized: atMost(finalized, lowerSafe) }
  }

  async function events(where: { blockHash: Hex } | { fromBlock: bigint; toBlock: bigint }): Promise<L1Log[]> {
    l1ChainId ??= BigInt(await client.getChainId())
    const logs = await client.getLogs({ address: [addresses.hub, addresses.inbox], events: L1_EVENTS, ...where })
    if ('blockHash' in where && logs.some(({ blockHash }) => blockHash !== where.blockHash)) throw new Inconsistent('logs of another block')
    return decodeEvents(logs, l1ChainId).filter(
      (event) => !wanted || (event.type !== 'inbox' && event.type !== 'posting') || wanted.has(event.chainId),
    )
  }

  /** Drops the known blocks that are no longer canonical. */
  async function unwind(latest: TaggedBlock): Promise<void> {
    let keep = known.length
    for (; keep > 0; keep--) {
      const block = known[keep - 1] as L1Head
      if (block.number > latest.number) continue
      if (block.hash === latest.hash || block.hash === latest.parentHash) break
      if (block.number < latest.number - 1n && block.hash === (await blockByNumber(client, block.number)).hash) break
    }
    if (keep === known.length) return
    const last = known[keep - 1]
    if (!last)
      throw new CausewayError(`L1 replaced its finalized block ${known[0]?.number} (${known[0]?.hash}).`, {
        code: 'L1_FINALIZED_REORG',
        fix: 'This is another L1 than before, e.g. a development L1 that was started afresh: restart with fresh state, or restore the L1.',
      })
    pending.reorganized += BigInt(known.length - keep)
    known = known.slice(0, keep)
    for (const event of history.truncate(last.number)) {
      // Nobody has heard of an event that came with a step that failed.
      if (pending.added.at(-1) === event) pending.added.pop()
      else pending.removed.push(event)
    }
  }

  /** Reads up to the finalized block by ranges. The first step ends with that block known. */
  async function catchUp(finalized: L1Head): Promise<void> {
    const tip = known.at(-1)
    if (tip && tip.number >= finalized.number) return
    const after = (number: bigint) => (nextRange > number ? nextRange : number + 1n)
    for (let from = tip ? after(tip.number) : after(fromBlock - 1n); from <= finalized.number; from = nextRange) {
      const end = from + maxBlockRange - 1n
      const toBlock = end < finalized.number ? end : finalized.number
      take(await events({ fromBlock: from, toBlock }))
      nextRange = toBlock + 1n
    }
    known = [finalized]
  }

  /** Reads the blocks after the last known one, each by its hash. */
  async function extend(latest: TaggedBlock): Promise<void> {
    for (let tip = known.at(-1) as L1Head; tip.number < latest.number; tip = known.at(-1) as L1Head) {
      const number = tip.number + 1n
      const { hash, timestamp, parentHash } = number === latest.number ? latest : await blockByNumber(client, number)
      if (parentHash !== tip.hash) throw new Inconsistent(`block ${number} does not stand on ${tip.hash}`)
      take(await events({ blockHash: hash }))
      known.push({ number, hash, timestamp })
    }
  }

  function take(found: readonly L1Log[]): void {
    pending.added.push(...history.add(found))
  }

  async function step(): Promise<Advance> {
    const { latest, safe, finalized } = await readHeads()
    await unwind(latest)
    await catchUp(finalized)
    await extend(latest)
    const firstKept = known.findLastIndex(({ number }) => number <= finalized.number)
    if (firstKept > 0) known = known.slice(firstKept)

    const before = heads
    const now: L1Heads = { latest: head(latest), safe: head(safe), finalized: head(finalized) }
    heads = now
    const done = pending
    pending = { added: [], removed: [], reorganized: 0n }
    const moved = (['latest', 'safe', 'finalized'] as const).some((tag) => now[tag].hash !== before?.[tag].hash)
    return { ...done, heads: now, changed: moved || done.added.length + done.removed.length > 0 }
  }

  return {
    heads() {
      if (!heads) throw new CausewayError('L1 was not read yet.', { code: 'L1_NOT_POLLED', fix: 'Await poll() once before asking for anything.' })
      return heads
    },
    async advance() {
      for (let attempt = 1; ; attempt++) {
        try {
          return await step()
        } catch (error) {
          if (!(error instanceof Inconsistent)) throw error
          if (attempt === ATTEMPTS)
            throw new CausewayError(`The L1 node contradicted itself ${ATTEMPTS} times: ${error.message}.`, {
              code: 'L1_UNSTABLE',
              fix: 'Try again; if it persists, use an RPC URL behind which a single node answers.',
            })
        }
      }
    },
  }
}

function head({ number, hash, timestamp }: L1Head): L1Head {
  return { number, hash, timestamp }
}
