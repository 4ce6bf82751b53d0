import type { Clock } from '@causeway/core'

/** What a peer may use: so much a second, and so much at once. */
export type Allowance = { perSecond: number; burst: number }
/** Of what: `work` is ms of checking, estimated by what is checked. */
export type PeerAllowance = { frames: Allowance; bytes: Allowance; work: Allowance; queries: Allowance }

/** What one peer, by a proven key or else by its address, has used and done, over all its connections. */
export type PeerBudget = {
  /** False if there is not as much left; then nothing is taken. */
  spend(what: keyof PeerAllowance, amount: number): boolean
  /** Notes that the peer was cut off: it is not taken again for 10 s, twice as long each further time, up to 10 min. */
  ban(): void
  /** Whether it has to wait. */
  readonly banned: boolean
}

/** Peers that are remembered; those that were not seen for longest are forgotten. */
const KEPT = 4_096
const FIRST_BAN = 10_000n
const LONGEST_BAN = 600_000n

type Bucket = { left: number; at: bigint }
type Record = { buckets: Map<string, Bucket>; until: bigint; bans: number }

/** Makes the budgets of a relay's peers. */
export function createBudgets(clock: Clock): (peer: string, allowance: PeerAllowance) => PeerBudget {
  const records = new Map<string, Record>()
  const recordOf = (peer: string): Record => {
    const record = records.get(peer) ?? { buckets: new Map<string, Bucket>(), until: 0n, bans: 0 }
    records.delete(peer)
    records.set(peer, record)
    for (const oldest of records.keys()) {
      if (records.size <= KEPT) break
      records.delete(oldest)
    }
    return record
  }
  return (peer, allowance) => ({
    spend(what, amount) {
      const { buckets } = recordOf(peer)
      const { perSecond, burst } = allowance[what]
      const now = clock.now()
      const { left, at } = buckets.get(what) ?? { left: burst, at: now }
      const filled = Math.min(burst, left + (Number(now - at) / 1_000) * perSecond)
      buckets.set(what, { left: filled >= amount ? filled - amount : filled, at: now })
      return filled >= amount
    },
    ban() {
      const record = recordOf(peer)
      const pause = FIRST_BAN << BigInt(Math.min(record.bans++, 16))
      record.until = clock.now() + (pause < LONGEST_BAN ? pause : LONGEST_BAN)
    },
    get banned() {
      return recordOf(peer).until > clock.now()
    },
  })
}
