import { CausewayError, decodePolicy, errorCode, policyHash, type Policy } from '@causeway/core'
import type { BatcherRecord, EpochRecord, L1Reader, L1Tag, RegistrationRecord } from '@causeway/l1'
import type { Address, Hex } from 'viem'

/** A member of the cluster, as L1 has it now. */
export type Member = {
  slot: bigint
  chainId: bigint
  /** Who may post and sign heads now; the zero address if nobody may. */
  batcher: Address
  /** How often its batcher was changed. */
  era: bigint
  policyHash: bigint
  /** Null if the one published does not hash to the registered one. */
  policy: Policy | null
  /** What it was registered with. */
  registration: RegistrationRecord
}

/** What a chain has settled after an epoch: `epochs` is how many there were by then. */
type Settled = { epochs: number; height: bigint; outbox: bigint }

/** Members of the cluster and what they have settled, from L1. */
export type Members = ReturnType<typeof createMembers>

/** Views of an L1 reader, by chain. */
export function createMembers(reader: Pick<L1Reader, 'registrations' | 'batchers' | 'epochs'>) {
  const policies = new WeakMap<RegistrationRecord, Policy | null>()
  const policyOf = (record: RegistrationRecord): Policy | null => {
    const known = policies.get(record)
    if (known !== undefined) return known
    const policy = readPolicy(record.policy, record.policyHash)
    policies.set(record, policy)
    return policy
  }
  // By the last records: those that L1 took back are never the same objects again, so if one still stands, all before it do.
  let cached: { last: RegistrationRecord | undefined; lastChange: BatcherRecord | undefined; members: Member[] } = { last: undefined, lastChange: undefined, members: [] }
  const all = (): readonly Member[] => {
    const records = reader.registrations()
    const changes = reader.batchers()
    const [last, lastChange] = [records.at(-1), changes.at(-1)]
    if (last !== cached.last || lastChange !== cached.lastChange) {
      const now = new Map(changes.map((change) => [change.chainId, change]))
      const members = records.map((record) => {
        const { slot, chainId, batcher, policyHash: hash } = record
        const changed = now.get(chainId)
        return { slot, chainId, batcher: changed?.batcher ?? batcher, era: changed?.era ?? 0n, policyHash: hash, policy: policyOf(record), registration: record }
      })
      cached = { last, lastChange, members }
    }
    return cached.members
  }
  /** What each slot has settled, after each of its certificates; final ones but the last are dropped. */
  const settled = new Map<bigint, Settled[]>()
  let walked = 0
  let lastWalked: EpochRecord | undefined

  /** A chain's last settled certificate at a head of L1. */
  function settledAt(chainId: bigint, at: L1Tag): Settled | undefined {
    const epochs = reader.epochs()
    if (epochs[walked - 1] !== lastWalked) {
      // L1 took some back.
      settled.clear()
      walked = 0
    }
    const final = reader.epochs('finalized').length
    for (; walked < epochs.length; walked++) {
      lastWalked = epochs[walked] as EpochRecord
      for (const { slot, height, leaves } of lastWalked.data.certificates) {
        const list = settled.get(BigInt(slot)) ?? []
        settled.set(BigInt(slot), list)
        list.push({ epochs: walked + 1, height, outbox: (list.at(-1)?.outbox ?? 0n) + BigInt(leaves.length) })
        while ((list[1]?.epochs ?? Infinity) <= final) list.shift()
      }
    }
    if (walked === 0) lastWalked = undefined
    const count = at === 'latest' ? epochs.length : reader.epochs(at).length
    const slot = find(chainId)?.slot
    return slot === undefined ? undefined : settled.get(slot)?.findLast((item) => item.epochs <= count)
  }

  const find = (chainId: bigint) => all().find((member) => member.chainId === chainId)
  const get = (chainId: bigint): Member => {
    const member = find(chainId)
    if (!member) throw new CausewayError(`Chain ${chainId} is not registered at the hub.`, { code: 'UNKNOWN_CHAIN', fix: 'register it, or wait until L1 has mined its registration' })
    return member
  }
  return {
    all,
    find,
    get,
    slotOf: (chainId: bigint) => get(chainId).slot,
    /** The chains whose id and slot no reorg of L1 can give to another any more. */
    final: (): ReadonlySet<bigint> => new Set(reader.registrations('finalized').map(({ chainId }) => chainId)),
    /** Messages of a chain that are settled: nonces below this number. */
    settledOutbox: (chainId: bigint, at: L1Tag = 'latest'): bigint => settledAt(chainId, at)?.outbox ?? 0n,
    /** Height of a chain's last settled certificate. */
    settledHeight: (chainId: bigint, at: L1Tag = 'latest'): bigint => settledAt(chainId, at)?.height ?? 0n,
  }
}

function readPolicy(bytes: Hex, hash: bigint): Policy | null {
  try {
    const policy = decodePolicy(bytes)
    return policyHash(policy) === hash ? policy : null
  } catch (error) {
    if (errorCode(error) === 'BAD_POLICY') return null
    throw error
  }
}
