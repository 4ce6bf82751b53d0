import { CausewayError, silentLog, ZERO_HASH, type Clock, type Log } from '@causeway/core'
import type { Hex, PublicClient } from 'viem'
import type { ClusterContracts } from './deploy.js'
import { followChain, type L1Heads } from './chain.js'
import type { BatcherRecord, EpochRecord, InboxRecord, L1Event, PostingRecord, RegistrationRecord } from './events.js'
import { createHistory } from './history.js'
import { briefly } from './node-errors.js'

/** How sure L1 is: `latest` may be reorganized any time, `safe` hardly, `finalized` never. */
export type L1Tag = 'latest' | 'safe' | 'finalized'

/** What a poll found. */
export type L1Update = {
  /** Events of blocks that are new on the canonical chain, oldest first. */
  added: readonly L1Event[]
  /** Events of blocks that L1 took back, newest first; to be undone before `added`. The same event may come again in `added`. */
  removed: readonly L1Event[]
  heads: L1Heads
  /** Blocks that L1 took back. */
  reorganized: bigint
}

/** Options of {@link createL1Reader}. */
export type L1ReaderOptions = {
  client: PublicClient
  /** As {@link deployCluster} or {@link clusterAddresses} give them. */
  addresses: Pick<ClusterContracts, 'hub' | 'inbox'>
  clock: Clock
  log?: Log
  /** Block at which the hub was deployed, or an earlier one. Default 0. */
  fromBlock?: bigint
  /** Keep inbox entries and postings of these chains only; by default of all, also of those that register later. */
  chains?: readonly bigint[]
  /** ms between polls of `follow`, default 1000. */
  pollInterval?: number
  /** Largest number of blocks asked for at once while catching up with finalized ones, default 2000. */
  maxBlockRange?: bigint
}

/**
 * Follows a cluster's contracts on L1. Views answer from memory, for the last poll, and give records in order.
 * Every inbox entry and every posting was checked against its rolling hash.
 */
export type L1Reader = {
  /** Reads what is new. Calls are served one after the other, each with L1 as it is after the call. @throws as {@link createL1Reader} says */
  poll(): Promise<L1Update>
  /** Polls until the signal aborts; failures are logged and tried again, less and less often, at least once a minute. */
  follow(signal: AbortSignal): Promise<void>
  /** Calls back after every poll that changed something. Returns what ends it. */
  subscribe(callback: (update: L1Update) => void): () => void
  /** Heads as of the last poll. @throws `L1_NOT_POLLED` before the first */
  readonly heads: L1Heads
  l1ChainId(): Promise<bigint>
  /** Entries with `from ≤ index < to` that L1 has at the given head (default `latest`); fewer when there are fewer. */
  inbox(chainId: bigint, from?: bigint, to?: bigint, at?: L1Tag): readonly InboxRecord[]
  /** How many entries the inbox has at the given head. */
  inboxLength(chainId: bigint, at?: L1Tag): bigint
  /** Rolling hash after `index` entries; 0 for index 0. @throws `L1_INDEX_UNKNOWN` */
  inboxHash(chainId: bigint, index: bigint): Hex
  postings(chainId: bigint, at?: L1Tag): readonly PostingRecord[]
  /** Rolling DA hash after `index` postings; 0 for index 0. @throws `L1_INDEX_UNKNOWN` */
  daHash(chainId: bigint, index: bigint): Hex
  /** After how many postings the rolling DA hash is this one, or null if it is at none that L1 has at the given head. It is never twice the same. */
  daIndex(chainId: bigint, daHash: Hex, at?: L1Tag): bigint | null
  epochs(at?: L1Tag): readonly EpochRecord[]
  registrations(at?: L1Tag): readonly RegistrationRecord[]
  /** Changes of batchers, of all chains in L1's order. */
  batchers(at?: L1Tag): readonly BatcherRecord[]
}

/**
 * Creates a reader; nothing is read before the first poll.
 * Polls throw CausewayError `L1_HASH_MISMATCH` or `L1_EVENT_GAP` (events are not what the contracts emitted), `L1_UNSTABLE` (the RPC node
 * kept contradicting itself; try again), `L1_FINALIZED_REORG` (this is another L1), or what the client throws; then nothing is believed
 * of the block concerned.
 */
export function createL1Reader(options: L1ReaderOptions): L1Reader {
  const { client, clock, log = silentLog, pollInterval = 1000 } = options
  const history = createHistory()
  const chain = followChain({ ...options, history })
  const subscribers = new Set<(update: L1Update) => void>()
  let queue: Promise<unknown> = Promise.resolve()

  async function pollOnce(): Promise<L1Update> {
    const update = await chain.advance()
    if (update.reorganized > 0n) log.warn('L1 reorganized', { blocks: update.reorganized, removedEvents: update.removed.length })
    if (update.changed)
      for (const callback of subscribers) {
        try {
          callback(update)
        } catch (error) {
          log.error('a subscriber to L1 failed', { error })
        }
      }
    return update
  }

  function poll(): Promise<L1Update> {
    const result = queue.then(pollOnce)
    queue = result.catch(() => undefined)
    return result
  }

  const until = (at: L1Tag): bigint => chain.heads()[at].number

  return {
    poll,
    async follow(signal) {
      let failures = 0
      while (!signal.aborted) {
        try {
          await poll()
          failures = 0
        } catch (error) {
          log.warn('reading L1 failed, will try again', { reason: briefly(error), failures: ++failures })
        }
        await clock.sleep(Math.min(pollInterval * 2 ** Math.min(failures, 10), 60_000), signal)
      }
    },
    subscribe(callback) {
      subscribers.add(callback)
      return () => void subscribers.delete(callback)
    },
    get heads() {
      return chain.heads()
    },
    l1ChainId: async () => BigInt(await client.getChainId()),
    inbox: (chainId, from = 0n, to, at = 'latest') =>
      history.inbox(chainId, until(at)).slice(Number(from), to === undefined ? undefined : Number(to)),
    inboxLength: (chainId, at = 'latest') => BigInt(history.inbox(chainId, until(at)).length),
    inboxHash(chainId, index) {
      const records = history.inbox(chainId, until('latest'))
      return rollingHash(records.length, (at) => records[at]?.hash, index, `the L1 inbox of chain ${chainId}`)
    },
    postings: (chainId, at = 'latest') => history.postings(chainId, until(at)),
    daHash(chainId, index) {
      const records = history.postings(chainId, until('latest'))
      return rollingHash(records.length, (at) => records[at]?.daHash, index, `the list of postings of chain ${chainId}`)
    },
    daIndex(chainId, daHash, at = 'latest') {
      if (daHash === ZERO_HASH) return 0n
      const position = history.postings(chainId, until(at)).findLastIndex((record) => record.daHash === daHash)
      return position < 0 ? null : BigInt(position + 1)
    },
    epochs: (at = 'latest') => history.epochs(until(at)),
    registrations: (at = 'latest') => history.registrations(until(at)),
    batchers: (at = 'latest') => history.batchers(until(at)),
  }
}

function rollingHash(length: number, hashAt: (position: number) => Hex | undefined, index: bigint, name: string): Hex {
  if (index === 0n) return ZERO_HASH
  const hash = hashAt(Number(index) - 1)
  if (hash === undefined)
    throw new CausewayError(`Index ${index} is not in ${name}, which has length ${length} on L1.`, {
      code: 'L1_INDEX_UNKNOWN',
      fix: 'Poll L1 and ask again; if it stays so, the index came from somebody who sees another L1.',
    })
  return hash
}
