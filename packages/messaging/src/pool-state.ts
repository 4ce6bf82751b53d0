import type { Message, Token } from '@causeway/core'
import type { Hex } from 'viem'

/** How firm the sending of a message is: signed by the batcher, signed by the policy's attesters, or proven on L1. */
export type PoolRung = 'included' | 'certified' | 'settled'

/** What is known behind an outbox leaf. `elsewhere`: a message to another chain. `missing`: settled, but nobody has shown it yet. */
export type PoolBody = { kind: 'here'; message: Message; policyHash: bigint } | { kind: 'elsewhere' } | { kind: 'missing' }

/** One position of a source's outbox. */
export type PoolRecord = {
  nonce: bigint
  leaf: bigint
  body: PoolBody
  rung: PoolRung
  /** Of the source, when it announced the message. */
  incarnation: bigint
  /** Hash of the block that sent it, if a head said so. */
  head?: Hex
}

/** What nobody can tell a pool again: it is kept over restarts. */
export type PoolStanding = {
  /** The highest incarnation heard of in the era that L1 has; heads of a lower one are refused. */
  incarnation: bigint
  /** Height of the last certificate that settled. */
  height: bigint
  /** Contradicted itself, or an import from it failed: back at `settled` until its next certificate settles. */
  distrusted: boolean
}

/** What the pool knows of one source. */
export type PoolSource = PoolStanding & {
  /** Size of its outbox at its last settled certificate. */
  settled: bigint
  records: Map<bigint, PoolRecord>
  /** Unsettled messages of a replaced incarnation that the new one has not announced again. */
  orphans: Map<bigint, PoolRecord>
}

/** Everything a pool knows, as plain data: core's `encodeJson` writes it. */
export type MessagePoolState = {
  sources: readonly (Omit<PoolSource, 'records' | 'orphans'> & { source: bigint; records: readonly PoolRecord[]; orphans: readonly PoolRecord[] })[]
}

/** A source of which nothing is known. */
export function emptySource(): PoolSource {
  return { incarnation: 0n, height: 0n, settled: 0n, distrusted: false, records: new Map(), orphans: new Map() }
}

/** Sources by chain id, from plain data. */
export function restoreSources(state: MessagePoolState): Map<bigint, PoolSource> {
  const byNonce = (records: readonly PoolRecord[]) => new Map(records.map((record) => [record.nonce, { ...record }]))
  return new Map(state.sources.map(({ source, records, orphans, ...rest }) => [source, { ...rest, records: byNonce(records), orphans: byNonce(orphans) }]))
}

/** Plain data that {@link restoreSources} reads. */
export function saveSources(sources: ReadonlyMap<bigint, PoolSource>): MessagePoolState {
  const copies = (records: ReadonlyMap<bigint, PoolRecord>) => [...records.values()].map((record) => ({ ...record }))
  return { sources: [...sources].map(([source, { records, orphans, ...rest }]) => ({ source, ...rest, records: copies(records), orphans: copies(orphans) })) }
}

/** A token as a key of a Map, whatever the case of its address. */
export function tokenName({ chain, address }: Token): string {
  return `${chain}/${address.toLowerCase()}`
}
