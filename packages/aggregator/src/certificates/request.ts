import type { Certificate, Clock, ClusterLink, Log } from '@causeway/core'
import { compare } from '../epoch/fair-order.js'

/** ms between questions to a chain that answers. */
const REQUEST_INTERVAL = 10_000n
/** ms between questions to a chain that never does, at most; each silence doubles them. */
const LONGEST_INTERVAL = 640_000n
/** Chains asked at once. Members that register for nothing must not make the aggregator talk all day. */
export const MAX_REQUESTS = 16
/** ms that the aggregator waits for answers; later ones count all the same. */
const PATIENCE = 500

/** Asks those of `chains` (without a certificate) whose time has come, the longest unasked first. */
export type RequestCertificates = (chains: readonly bigint[]) => Promise<void>

/**
 * Asks chains for the certificates that the link has lost, or that came while nobody listened.
 * @param take gets what was answered; true if it is a certificate of that chain that can be used
 */
export function createRequester({ link, clock, log, signal, take }: { link: ClusterLink; clock: Clock; log: Log; signal: AbortSignal; take(chainId: bigint, certificate: Certificate): Promise<boolean> }): RequestCertificates {
  const schedule = new Map<bigint, { next: bigint; silences: number }>()

  async function requestOne(chainId: bigint, silences: number): Promise<void> {
    let answered = false
    try {
      // Whoever answers first may not be the one who knows: all answers are tried, and that there is none is an answer, too.
      for await (const answer of link.query({ kind: 'certificate', chainId })) {
        if (signal.aborted) return
        if (answer.kind !== 'certificate') continue
        const taken = answer.certificate !== null && (await take(chainId, answer.certificate))
        answered ||= taken || answer.certificate === null
        if (taken) break
      }
      if (signal.aborted) return
    } catch (error) {
      log.warn('a chain could not be asked for its certificate', { chainId, error: String(error) })
    }
    if (answered) schedule.set(chainId, { next: clock.now() + REQUEST_INTERVAL, silences: 0 })
    else log.debug('a chain does not answer', { chainId, silences: silences + 1 })
  }

  return async (chains) => {
    const now = clock.now()
    const missing = new Set(chains)
    // Who has one now is there again.
    for (const chainId of schedule.keys()) if (!missing.has(chainId)) schedule.delete(chainId)
    const due = [...missing].flatMap((chainId) => {
      const { next, silences } = schedule.get(chainId) ?? { next: 0n, silences: 0 }
      return next <= now ? [{ chainId, next, silences }] : []
    })
    const asked = due.sort((a, b) => compare(a.next, b.next)).slice(0, MAX_REQUESTS)
    if (asked.length === 0) return
    // As if none answered; those that do are put right.
    for (const { chainId, silences } of asked) schedule.set(chainId, { next: now + pause(silences), silences: silences + 1 })
    const done = new AbortController()
    const all = Promise.all(asked.map(({ chainId, silences }) => requestOne(chainId, silences))).then(() => done.abort())
    await Promise.race([all, clock.sleep(PATIENCE, AbortSignal.any([done.signal, signal]))])
  }
}

function pause(silences: number): bigint {
  const ms = REQUEST_INTERVAL << BigInt(Math.min(silences, 16))
  return ms < LONGEST_INTERVAL ? ms : LONGEST_INTERVAL
}
