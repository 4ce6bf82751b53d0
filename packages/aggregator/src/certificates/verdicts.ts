import type { Certificate, LinkEvent } from '@causeway/core'

/** The aggregator's view of a certificate. */
export type Verdict = { verdict: 'waiting' | 'invalid' | 'composed' | 'proven'; code: string; reason: string }

/** Tells chains how their certificates do: each change once. */
export type Verdicts = {
  say(certificate: Certificate, statement: bigint, epoch: bigint, verdict: Verdict): void
  /** The last one about a statement. */
  of(statement: bigint): Verdict | undefined
}

/** Verdicts remembered; older ones may be said again. */
const KEPT = 1000
/** What the link's parser takes. */
const MAX_REASON = 1000

/** A verdict that is not signed yet. */
export type UnsignedVerdict = Omit<Extract<LinkEvent, { kind: 'verdict' }>, 'signature'>

/**
 * @param publish signs and sends a verdict, and tells whoever listens to the aggregator
 * @param now ms of the host's clock
 */
export function createVerdicts(publish: (verdict: UnsignedVerdict) => void, now: () => bigint): Verdicts {
  const last = new Map<bigint, Verdict>()
  let time = 0n
  return {
    of: (statement) => last.get(statement),
    say({ before }, statement, epoch, { verdict, code, reason }) {
      const previous = last.get(statement)
      if (previous?.verdict === verdict && previous.code === code) return
      last.delete(statement)
      last.set(statement, { verdict, code, reason })
      for (const oldest of last.keys()) {
        if (last.size <= KEPT) break
        last.delete(oldest)
      }
      // Of two verdicts one is the later, however fast they follow.
      time = now() > time ? now() : time + 1n
      publish({ kind: 'verdict', chainId: before.chainId, height: before.height + 1n, statement, verdict, epoch, time, reason: `${code}: ${reason}`.slice(0, MAX_REASON) })
    },
  }
}
