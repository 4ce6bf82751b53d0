import type { Message, Token } from '@causeway/core'
import type { Hex } from 'viem'
import { tokenName, type PoolRecord, type PoolRung, type PoolSource } from './pool-state.js'

/** A message that may be imported now. */
export type Candidate = {
  message: Message
  /** Grade under which it was sent. */
  policyHash: bigint
  rung: PoolRung
  /** Block of the source that sent it, if known. */
  head?: Hex
}

/** What a chain risks for a source on its allow-list. */
export type ImportAllowance = {
  /** Lowest rung at which its messages are imported. */
  rung: PoolRung
  /** Most that may be imported and not settled at a time, in the token's smallest unit, for each token. */
  cap: bigint | ((token: Token) => bigint)
}

/** What decides which messages may be imported. */
export type CandidateParameters = {
  /** By source; a source without an entry is imported from once settled. */
  allow?: ReadonlyMap<bigint, ImportAllowance>
  /** Whether the chain has imported a message. */
  consumed(source: bigint, nonce: bigint): boolean
  /** Whether the chain takes messages of this grade; all by default. */
  acceptsGrade?(policyHash: bigint, source: bigint): boolean
  /** Time (ms) of the block that would import. */
  now: bigint
  /** When a message of a source was imported last, in any unit. The source that has waited longest comes first; default: none has. */
  lastImport?(source: bigint): bigint
  /** Messages of a source at most; a block has room for few, and a flood of them must not cost more. Default: all. */
  perSource?: number
}

const ORDER: Record<PoolRung, number> = { included: 0, certified: 1, settled: 2 }

/**
 * Importable messages: those of one source in nonce order, the sources taking turns, of which the one that was imported from longest ago
 * comes first: a block or a certificate may have room for few of them, and no source keeps out another. A message that never will be importable (expired,
 * grade refused) is passed over; one that only has to wait (rung, cap, clock) holds back the later ones of its *sender*, and nobody else's:
 * otherwise one large transfer would take everyone's fast way.
 */
export function selectCandidates(sources: ReadonlyMap<bigint, PoolSource>, parameters: CandidateParameters): Candidate[] {
  const last = parameters.lastImport ?? (() => 0n)
  const queues = [...sources]
    .sort(([a], [b]) => Number(last(a) - last(b)) || (a < b ? -1 : 1))
    .map(([id, source]) => ofSource(id, source, parameters))
    .filter((queue) => queue.length > 0)
  const longest = Math.max(0, ...queues.map((queue) => queue.length))
  return Array.from({ length: longest }, (_, turn) => queues.flatMap((queue) => queue[turn] ?? [])).flat()
}

function ofSource(id: bigint, source: PoolSource, { allow, consumed, acceptsGrade, now, perSource = Infinity }: CandidateParameters): Candidate[] {
  const allowance = allow?.get(id)
  const lowest = source.distrusted || !allowance ? 'settled' : allowance.rung
  const exposure = new Map<string, bigint>()
  const risk = ({ token, amount }: Message) => (exposure.get(tokenName(token)) ?? 0n) + amount
  const records = [...source.records.values()].sort((a, b) => (a.nonce < b.nonce ? -1 : 1))
  // Nothing is imported here before it has settled: nothing is at risk.
  const risky = lowest === 'settled' ? [] : [...records.filter(({ nonce }) => nonce >= source.settled), ...source.orphans.values()]
  for (const { nonce, body, rung } of risky)
    if (rung !== 'settled' && body.kind === 'here' && consumed(id, nonce)) exposure.set(tokenName(body.message.token), risk(body.message))

  const waiting = new Set<string>()
  const chosen: Candidate[] = []
  const mayImport = (record: PoolRecord, message: Message) => {
    if (message.timestamp >= now || ORDER[record.rung] < ORDER[lowest]) return false
    if (record.rung === 'settled') return true
    const cap = typeof allowance?.cap === 'function' ? allowance.cap(message.token) : (allowance?.cap ?? 0n)
    if (message.amount > 0n && risk(message) > cap) return false
    exposure.set(tokenName(message.token), risk(message))
    return true
  }
  for (const record of records) {
    // What is not settled can only wait for it, and comes after all that is.
    if (chosen.length >= perSource || (lowest === 'settled' && record.nonce >= source.settled)) break
    if (record.body.kind !== 'here') continue
    const { message, policyHash } = record.body
    if (message.expiry <= now || consumed(id, record.nonce) || acceptsGrade?.(policyHash, id) === false) continue
    const sender = message.sender.toLowerCase()
    if (waiting.has(sender)) continue
    if (mayImport(record, message)) chosen.push({ message, policyHash, rung: record.rung, ...(record.head && { head: record.head }) })
    else waiting.add(sender)
  }
  return chosen
}
