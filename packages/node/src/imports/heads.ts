import { createSerial, messageLeaf, NEVER, type ClusterDomain, type ClusterLink, type Log, type SignedHead } from '@causeway/core'
import { verifyHead, type HeadResult, type MessagePool, type PoolChange } from '@causeway/messaging'
import type { Members } from '../l1/members.js'
import type { ExecutedImports } from './executed.js'
import type { LostImports } from './lost.js'

/** What heads of other chains are taken with. */
export type SourceHeadsOptions = {
  chainId: bigint
  members: Members
  pool: MessagePool
  executed: ExecutedImports
  lost: LostImports
  link: ClusterLink
  domain: ClusterDomain
  /** Writes what a restart must not forget. */
  save(): Promise<void>
  log: Log
}

/** The heads of other chains: what they send here, and what they do not send any more once they were rebuilt. */
export type SourceHeads = {
  /** Takes a head, whoever passed it on. @returns false if nobody has to believe it */
  take(head: SignedHead): Promise<boolean>
  /** Resolves when sources that were rebuilt have been asked what of their messages still stands. */
  idle(): Promise<void>
}

export function createSourceHeads({ chainId, members, pool, executed, lost, link, domain, save, log }: SourceHeadsOptions): SourceHeads {
  /** One review of a source at a time. */
  const reviews = new Map<bigint, ReturnType<typeof createSerial>>()
  const pending = new Set<Promise<void>>()

  /** Takes a head that its chain's batcher has signed. @returns what that says of messages, or null if nobody has to believe it */
  function believe(head: SignedHead): HeadResult | null {
    const member = members.find(head.chainId)
    if (!member || head.chainId === chainId || !verifyHead(domain, head, member)) return null
    const change = pool.addHead(head)
    lost.note(change)
    return change
  }

  function background(work: Promise<void>): void {
    const done = work.catch((error: unknown) => log.error('what a rebuilt source still says could not be asked', { error })).finally(() => pending.delete(done))
    pending.add(done)
  }

  /**
   * A source was rebuilt from some block on. What it sent before that block still stands, so it is asked what it says now; only what
   * it does not repeat has lost its ground. Every answer is tried, and none is believed further than the batcher has signed it without a gap.
   */
  async function review(source: bigint, replaced: PoolChange['dropped']): Promise<void> {
    const open = () => replaced.filter(({ nonce, leaf }) => !repeats(source, nonce, leaf))
    let next = replaced.reduce((first, { nonce }) => (nonce < first ? nonce : first), NEVER)
    for (let from = -1n; from < next && open().length > 0; ) {
      from = next
      for await (const answer of link.query({ kind: 'heads', chainId: source, fromNonce: from, limit: 64 })) {
        let at = from
        for (const head of answer.kind === 'heads' ? answer.heads : []) {
          const result = believe(head)
          if (!result) break
          const [first, last] = [head.messages[0]?.nonce ?? NEVER, head.messages.at(-1)?.nonce ?? -1n]
          if (result.accepted && first <= at && last >= at) at = last + 1n
        }
        if (at > next) next = at
        if (open().length === 0) break
      }
    }
    for (const { nonce } of open()) lost.lose(source, nonce, 'its source was rebuilt without it')
  }

  function repeats(source: bigint, nonce: bigint, leaf: bigint): boolean {
    const now = pool.get({ source, nonce })
    return now !== undefined && messageLeaf(now.message, now.policyHash) === leaf
  }

  function reviewsOf(source: bigint): ReturnType<typeof createSerial> {
    const held = reviews.get(source) ?? createSerial()
    reviews.set(source, held)
    return held
  }

  return {
    async take(head) {
      const change = believe(head)
      const replaced = change?.dropped.filter(({ source, nonce, reason }) => reason === 'replaced' && executed.isConsumed(source, nonce)) ?? []
      // Beside the handling of events: whoever does not answer holds up nothing else.
      if (replaced.length > 0)
        background(
          reviewsOf(head.chainId)(async () => {
            await review(head.chainId, replaced)
            await save()
          }),
        )
      return change !== null
    },
    idle: async () => void (await Promise.all(pending)),
  }
}
