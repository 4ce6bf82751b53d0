import { createFairQueue, type ClusterDomain, type ClusterLink, type LinkAnswer, type LinkEvent, type LinkQuery, type Log, type SignedHead } from '@causeway/core'
import { signHead, verifyProposal } from '@causeway/messaging'
import type { LocalAccount } from 'viem'
import type { createAttester } from './certificates/attest.js'
import { certificateOf, type Certifier } from './certificates/certify.js'
import type { Chain, MessagePlace } from './chain.js'
import type { Imports } from './imports/imports.js'
import type { Members } from './l1/members.js'
import { keys, read, type BlockRecord } from './store/records.js'

/** What the link side needs of the rest of the node. */
export type LinkSideOptions = {
  chain: Chain
  members: Members
  imports: Imports
  certifier: Certifier | null
  /** Of a node that attests and does not sequence: who sequences attests its own proposals by itself. */
  attester: ReturnType<typeof createAttester> | null
  /** Of a sequencer: signs heads. */
  batcher?: LocalAccount
  policyHash: bigint
  link: ClusterLink
  domain: ClusterDomain
  /** Runs a section that touches the chain. */
  exclusive<T>(section: () => Promise<T>): Promise<T>
  /** A message to this chain may have come. */
  onMessage(): void
  /** Runs the handling of one event; must not throw. */
  guarded(run: () => Promise<unknown>): Promise<void>
  log: Log
}

/** Events of one chain that wait at most, and chains with such. What is lost is said again or asked for. */
const WAITING = { perKey: 256, keys: 1_024 }
/** Heads signed for whoever asks: their number in one answer, and how many are kept. */
const MAX_HEADS = 64
const KEPT_HEADS = 512

/** The chain that an event is about. */
function subjectOf(event: LinkEvent): bigint {
  if (event.kind === 'head') return event.head.chainId
  if (event.kind === 'proposal') return event.draft.before.chainId
  return event.kind === 'certificate' ? event.certificate.before.chainId : event.chainId
}

/** The node's side of the link: announces heads, answers questions, and handles what comes, one event at a time, the chains in turn. */
export function createLinkSide(options: LinkSideOptions) {
  const { chain, members, imports, certifier, attester, batcher, policyHash, link, domain, exclusive, onMessage, guarded, log } = options
  const { chainId } = chain.engine
  const waiting = createFairQueue<LinkEvent>(WAITING)
  const signed = new Map<string, Promise<SignedHead>>()
  let working: Promise<void> | undefined
  let ends: (() => void)[] = []

  /** Whether an event could mean anything to this node; all else is not even kept. */
  function concerns(event: LinkEvent): boolean {
    const subject = subjectOf(event)
    if (event.kind === 'head' || event.kind === 'certificate') return subject !== chainId && members.find(subject) !== undefined
    return subject === chainId && (event.kind === 'proposal' ? attester !== null : certifier !== null)
  }

  async function handle(event: LinkEvent): Promise<void> {
    if (event.kind === 'head' || event.kind === 'certificate') await imports.onLink(event)
    else if (event.kind === 'proposal') await attest(event)
    else await certifier?.onLink(event)
    // A message that may be executed at once does not wait for the next block.
    if (event.kind === 'head' && event.head.messages.some(({ destination }) => destination === chainId)) onMessage()
  }

  async function attest(event: Extract<LinkEvent, { kind: 'proposal' }>): Promise<void> {
    if (!attester || !(verifyProposal(domain, event, members.get(chainId).batcher))) return
    const height = event.draft.before.height + 1n
    const answer = await exclusive(() => attester.attest(event.draft, event.toBlock))
    if (answer.verdict === 'signed') return link.publish({ kind: 'attestation', chainId, height, statement: answer.statement, signer: answer.signer, signature: answer.signature })
    log.info('certificate not signed', { height, verdict: answer.verdict, reason: answer.reason })
    if (answer.verdict === 'refused') link.publish({ kind: 'refusal', chainId, height, statement: answer.statement, reason: answer.reason })
  }

  async function work(): Promise<void> {
    for (let event = waiting.shift(); event; event = waiting.shift()) {
      const next = event
      await guarded(() => handle(next))
      const lost = waiting.takeLost()
      if (lost > 0) log.warn('more events came over the link than could be handled; the oldest of the chains that sent most were lost', { lost })
    }
  }

  function take(event: LinkEvent): void {
    if (!concerns(event)) return
    waiting.push(String(subjectOf(event)), event)
    working ??= work().finally(() => (working = undefined))
  }

  /** A block as a head, signed once however often it is asked for. */
  function headOf(block: BlockRecord, account: LocalAccount): Promise<SignedHead> {
    const { number, hash, parentHash, timestamp, entries } = block
    // The chain's incarnation, not the block's: this block is part of the chain as it is now.
    const { incarnation } = chain
    const key = `${hash}/${incarnation}`
    const held = signed.get(key)
    if (held) return held
    const messages = entries.flatMap((entry) => (entry.kind === 'export' ? [entry.message] : []))
    const head = signHead(domain, { chainId, incarnation, number, hash, parentHash, timestamp, policyHash, messages }, account)
    if (messages.length > 0) signed.set(key, head)
    for (const oldest of signed.keys()) {
      if (signed.size <= KEPT_HEADS) break
      signed.delete(oldest)
    }
    return head
  }

  async function answer(query: LinkQuery): Promise<LinkAnswer | null> {
    if (query.chainId !== chainId || !batcher) return null
    if (query.kind === 'heads') return { kind: 'heads', heads: await Promise.all(headsFrom(chain, query.fromNonce, Math.min(query.limit, MAX_HEADS)).map((block) => headOf(block, batcher))) }
    const live = certifier?.newest()
    return { kind: 'certificate', certificate: live && live.state !== 'proposed' && live.state !== 'dead' ? certificateOf(live) : null, toBlock: live?.toBlock ?? 0n }
  }

  return {
    connect(): void {
      if (ends.length === 0) ends = [link.subscribe(take), link.serve(answer)]
    },
    disconnect(): void {
      for (const end of ends.splice(0)) end()
      waiting.clear()
    },
    /** Resolves when what has come so far is handled, with what followed from it. */
    async idle(): Promise<void> {
      while (working) await working
      await imports.idle()
    },
    /** Tells the others of a block. */
    async announce(block: BlockRecord): Promise<void> {
      if (batcher && block.number > 0n) link.publish({ kind: 'head', head: await headOf(block, batcher) })
    },
  }
}

/** Blocks of a chain that sent messages, from a nonce on. */
function headsFrom(chain: Chain, fromNonce: bigint, limit: number): BlockRecord[] {
  const heads: BlockRecord[] = []
  for (let nonce = fromNonce; nonce < chain.head.accounting.outboxSize && heads.length < limit; ) {
    const held = read<MessagePlace>(chain.store, keys.sent(nonce))
    const block = held && chain.block(held.block)
    if (!held || !block || block.hash !== held.hash) break
    heads.push(block)
    nonce = block.accounting.outboxSize
  }
  return heads
}
