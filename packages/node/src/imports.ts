import {
  checkCertificate,
  checkSignatures,
  checkStated,
  createSerial,
  encodeJson,
  errorCode,
  IMPORT_LOOK_AHEAD,
  messageId,
  messageLeaf,
  NEVER,
  nextIncarnation,
  statement,
  type Certificate,
  type Clock,
  type ClusterDomain,
  type ClusterLink,
  type Entry,
  type ImportedMessage,
  type LinkEvent,
  type Log,
  type SignedHead,
} from '@causeway/core'
import type { Hex } from 'viem'
import type { L1Reader } from '@causeway/l1'
import { createMessagePool, verifyHead, type HeadResult, type ImportAllowance, type PoolChange, type PoolStanding } from '@causeway/messaging'
import type { Chain } from './chain.js'
import { hasInboxOf } from './grounds.js'
import type { Members } from './members.js'
import type { SettledPoint } from './settled.js'
import { keys, put, read, type BlockRecord, type Change } from './store/rows.js'
import type { MessagePlace } from './chain.js'

/** What cannot be asked for again after a restart: what executed messages have lost their ground, and where each source stands. */
const LOST = 'imports/lost'
const STANDING = 'imports/standing'
/** An executed message that has lost its ground; `hash` is of the block that imported it. */
type Lost = { source: bigint; nonce: bigint; hash: Hex; reason: string }

/** A message that fell out of the chain when it was rebuilt. */
export type RolledBack = { source: bigint; nonce: bigint; chainId: bigint; incarnation: bigint; block: bigint; reason: string }

/** What imports need of the rest of the node. */
export type ImportsOptions = {
  chain: Chain
  members: Members
  reader: L1Reader
  link: ClusterLink
  domain: ClusterDomain
  allow: ReadonlyMap<bigint, ImportAllowance>
  settled(at?: 'latest' | 'finalized'): SettledPoint
  clock: Clock
  log: Log
}

type Source = {
  live?: Certificate
  /** When it last showed a certificate that lives, ms of the host's clock. */
  heard: bigint
  /** Signed certificates that refer to what this node's L1 does not have (yet), by statement. */
  early: Map<bigint, Certificate>
  /** One review at a time. */
  reviews: ReturnType<typeof createSerial>
}
/** Certificates of one source that are kept until L1 shows what they refer to: its signers have made them all. */
const MAX_EARLY = 4
/** Chains that are asked at the same time. */
const ASKED_AT_ONCE = 16

/** What other chains sent here: which of it may be executed, and which of what was executed has lost its ground. */
export type Imports = ReturnType<typeof createImports>

/** Follows the other members over the link and on L1. */
export function createImports({ chain, members, reader, link, domain, allow, settled, clock, log }: ImportsOptions) {
  const { engine, store } = chain
  const standing = new Map(read<[bigint, PoolStanding][]>(store, STANDING))
  const pool = createMessagePool({ chainId: engine.chainId, policyFor: (source) => members.find(source)?.policyHash, standing })
  const sources = new Map<bigint, Source>()
  const lost = new Map<string, Lost>()
  for (const item of read<Lost[]>(store, LOST) ?? []) lost.set(`${item.source}/${item.nonce}`, item)
  /** The rows as they are on disk. */
  const written = new Map([LOST, STANDING].map((key) => [key, encodeJson(read(store, key) ?? [])]))
  /** The last block that imported from a source, since this node runs. */
  const lastImport = new Map<bigint, bigint>()
  chain.subscribe(({ number, imports }) => {
    for (const { message } of imports) lastImport.set(message.source, number)
  })
  /** The final block up to which consumed messages were forgotten. */
  let prunedTo = -1n
  let fedEpochs = 0
  let lastEpoch: string | undefined
  /** Messages of each slot in the epochs fed so far. */
  const fedSizes = new Map<bigint, bigint>()
  const sourceOf = (chainId: bigint): Source => {
    const source = sources.get(chainId) ?? { heard: clock.now(), early: new Map(), reviews: createSerial() }
    sources.set(chainId, source)
    return source
  }

  /** Where the chain consumed a message, if it did. */
  function place(source: bigint, nonce: bigint): MessagePlace | undefined {
    const held = read<MessagePlace>(store, keys.received(source, nonce))
    return held && chain.block(held.block)?.hash === held.hash ? held : undefined
  }
  const consumed = (source: bigint, nonce: bigint) => place(source, nonce) !== undefined

  function lose(source: bigint, nonce: bigint, reason: string): void {
    const held = place(source, nonce)
    const key = `${source}/${nonce}`
    if (held && lost.get(key)?.hash !== held.hash) lost.set(key, { source, nonce, hash: held.hash, reason })
  }

  /** Writes `more`, and the rows if they changed, at once. */
  async function save(more: readonly Change[] = []): Promise<void> {
    const final = settled('finalized').block
    for (const [key, { source, nonce, hash }] of lost) {
      const held = place(source, nonce)
      if (held?.hash !== hash || held.block <= final) lost.delete(key)
    }
    const rows: [string, unknown][] = [
      [LOST, [...lost.values()]],
      [STANDING, [...pool.standing()].filter(([, { incarnation, distrusted }]) => distrusted || incarnation > 0n)],
    ]
    const changed = rows.filter(([key, value]) => written.get(key) !== encodeJson(value))
    if (changed.length + more.length === 0) return
    await store.write([...more, ...changed.map(([key, value]) => put(key, value))])
    for (const [key, value] of changed) written.set(key, encodeJson(value))
  }

  function note({ dropped }: PoolChange): void {
    for (const { source, nonce, reason } of dropped) if (reason === 'contradicted') lose(source, nonce, 'its source sent something else')
  }

  /** Takes a head that its chain's batcher has signed. @returns what that says of messages, or null if nobody has to believe it */
  async function takeHead(head: SignedHead): Promise<HeadResult | null> {
    const member = members.find(head.chainId)
    if (!member || head.chainId === engine.chainId || !(verifyHead(domain, head, member))) return null
    const change = pool.addHead(head)
    note(change)
    return change
  }

  /** @returns false if nobody has to believe it */
  async function onHead(head: SignedHead): Promise<boolean> {
    const change = await takeHead(head)
    const { chainId } = head
    const replaced = change?.dropped.filter(({ source, nonce, reason }) => reason === 'replaced' && consumed(source, nonce)) ?? []
    // Beside the handling of events: whoever does not answer holds up nothing else.
    if (replaced.length > 0)
      background(
        sourceOf(chainId).reviews(async () => {
          await review(chainId, replaced)
          await save()
        }),
      )
    return change !== null
  }

  const pending = new Set<Promise<void>>()
  function background(work: Promise<void>): void {
    const done = work.catch((error: unknown) => log.error('what a rebuilt source still says could not be asked', { error })).finally(() => pending.delete(done))
    pending.add(done)
  }

  /**
   * A source was rebuilt from some block on. What it sent before that block still stands, so it is asked what it says now; only what
   * it does not repeat has lost its ground. Every answer is tried, and none is believed further than the batcher has signed it without a gap.
   */
  async function review(chainId: bigint, replaced: PoolChange['dropped']): Promise<void> {
    const open = () => replaced.filter(({ nonce, leaf }) => !repeats({ source: chainId, nonce }, leaf))
    let next = replaced.reduce((first, { nonce }) => (nonce < first ? nonce : first), NEVER)
    for (let from = -1n; from < next && open().length > 0; ) {
      from = next
      for await (const answer of link.query({ kind: 'heads', chainId, fromNonce: from, limit: 64 })) {
        let at = from
        for (const head of answer.kind === 'heads' ? answer.heads : []) {
          const result = await takeHead(head)
          if (!result) break
          const [first, last] = [head.messages[0]?.nonce ?? NEVER, head.messages.at(-1)?.nonce ?? -1n]
          if (result.accepted && first <= at && last >= at) at = last + 1n
        }
        if (at > next) next = at
        if (open().length === 0) break
      }
    }
    for (const { nonce } of open()) lose(chainId, nonce, 'its source was rebuilt without it')
  }

  function repeats(key: { source: bigint; nonce: bigint }, leaf: bigint): boolean {
    const now = pool.get(key)
    return now !== undefined && messageLeaf(now.message, now.policyHash) === leaf
  }

  type Imported = ImportedMessage & { leaf: bigint }
  function unsettledImports(): Imported[] {
    const found: Imported[] = []
    for (let number = settled().block + 1n; number <= chain.head.number; number++)
      for (const entry of (chain.block(number) as BlockRecord).entries) if (entry.kind === 'import') found.push({ ...entry, leaf: messageLeaf(entry.message, entry.policyHash) })
    return found
  }

  /**
   * Finds unsettled imports that are not in their source's outbox: it says of all that it sent from `firstNonce` on, until a time (ms),
   * that it is `leaves`. What the pool does not remember (a restart) shows itself here.
   */
  function contradict(imported: readonly Imported[], source: bigint, firstNonce: bigint, leaves: readonly bigint[], until: bigint): void {
    for (const { message, leaf } of imported) {
      if (message.source !== source || message.nonce < firstNonce) continue
      const said = leaves[Number(message.nonce - firstNonce)]
      if (said === undefined ? message.timestamp <= until : said !== leaf) lose(source, message.nonce, 'its source was rebuilt without it')
    }
  }

  /**
   * Takes a certificate that its source's signers have made. They answer for what they have signed, and for nothing else: a copy whose unsigned
   * parts are wrong is not taken, and is the fault of whoever passed it on (docs/protocol.md, section 13).
   */
  function onCertificate(certificate: Certificate): void {
    const { chainId, policyHash, height } = certificate.before
    const member = members.find(chainId)
    if (!member || chainId === engine.chainId || member.policyHash !== policyHash || certificate.notAfter < reader.heads.finalized.timestamp) return
    const source = sourceOf(chainId)
    // History, whoever repeats it.
    if (height < members.settledHeight(chainId) || (source.live && height < source.live.before.height)) return
    // Said again, as is usual: no signature is checked twice.
    if (source.live && encodeJson(source.live) === encodeJson(certificate)) return void (source.heard = clock.now())
    const context = { domain, time: clock.now(), slotOf: members.slotOf }
    if (faultOf(() => checkSignatures(certificate, domain)) !== undefined) return
    const broken = faultOf(() => checkStated(certificate, context))
    // Its clock may be ahead of ours: it comes again.
    if (broken === 'RULE_R3') return
    if (broken !== undefined) {
      log.warn('a member signed an invalid certificate', { chainId, height: certificate.after.height, code: broken })
      return abandon(chainId, certificate, `the certificate of its source is invalid (${broken})`)
    }
    const fault = faultOf(() => checkCertificate(certificate, context))
    if (fault !== undefined) return log.info('a copy of a certificate is not as it was signed, or refers to what is not known here; it is not taken', { chainId, height: certificate.after.height, code: fault })
    // Signers sign what L1 has. Either this node has not read it yet, or L1 has taken it back, and then another certificate of this height may live.
    if (!isOnL1(certificate)) return keepEarly(source, certificate)
    source.live = certificate
    source.heard = clock.now()
    note(pool.addCertified(certificate))
    const { before, after, entries } = certificate
    contradict(unsettledImports(), chainId, before.outboxSize, entries.flatMap((entry) => (entry.kind === 'export' ? [messageLeaf(entry.message, policyHash)] : [])), after.timestamp)
  }

  function isOnL1({ before: { chainId }, after, inboxHash, daHash }: Certificate): boolean {
    return reader.daIndex(chainId, daHash) !== null && hasInboxOf({ accounting: after, inboxHash }, chainId, reader)
  }

  function keepEarly({ early }: Source, certificate: Certificate): void {
    early.set(statement(domain, certificate), certificate)
    for (const oldest of early.keys()) {
      if (early.size <= MAX_EARLY) break
      early.delete(oldest)
    }
  }

  /** A source's certificate is dead or invalid: what was imported of it has no ground any more. */
  function abandon(chainId: bigint, certificate: Certificate, reason: string): void {
    pool.importFailed(chainId)
    const { policyHash } = certificate.before
    const exported = new Set(certificate.entries.flatMap((entry) => (entry.kind === 'export' ? [messageLeaf(entry.message, policyHash)] : [])))
    // By what was sent, not by its number: what the source sends under it after a rebuild is another message.
    for (const { message, leaf } of unsettledImports())
      if (message.source === chainId && exported.has(leaf) && message.nonce >= members.settledOutbox(chainId)) lose(chainId, message.nonce, reason)
    delete sourceOf(chainId).live
  }

  /** Feeds what L1 settled, and gives up on certificates that L1 has left behind. */
  async function onL1(): Promise<void> {
    for (const { chainId, era } of members.all()) pool.enterEra(chainId, era)
    const epochs = reader.epochs()
    const imported = fedEpochs < epochs.length ? unsettledImports() : []
    if (fedEpochs > 0 && epochs[fedEpochs - 1]?.newRoot !== lastEpoch) {
      for (const { chainId } of members.all()) pool.revertSettled({ source: chainId, size: members.settledOutbox(chainId) })
      fedEpochs = 0
      fedSizes.clear()
    }
    for (; fedEpochs < epochs.length; fedEpochs++) {
      const { data, newRoot } = epochs[fedEpochs] as (typeof epochs)[number]
      lastEpoch = newRoot
      for (const certificate of data.certificates) {
        const member = members.all().find(({ slot }) => slot === BigInt(certificate.slot))
        if (!member || member.chainId === engine.chainId) continue
        const firstNonce = fedSizes.get(member.slot) ?? 0n
        const leaves = certificate.leaves.map(BigInt)
        fedSizes.set(member.slot, firstNonce + BigInt(leaves.length))
        note(pool.addSettled({ source: member.chainId, height: certificate.height, firstNonce, leaves }))
        contradict(imported, member.chainId, firstNonce, leaves, certificate.timestamp)
        const source = sourceOf(member.chainId)
        if (source.live && source.live.after.height <= certificate.height) delete source.live
      }
    }
    for (const [chainId, { live }] of sources)
      if (live && live.notAfter < reader.heads.finalized.timestamp && members.settledHeight(chainId) < live.after.height) abandon(chainId, live, 'the certificate of its source died: L1 passed its notAfter')
    // What a final block has consumed never comes back; without this every message ever sent here would be looked at for each block.
    const final = settled('finalized').block
    if (final > prunedTo) pool.prune({ consumed: (source, nonce) => (place(source, nonce)?.block ?? NEVER) <= final, now: 0n })
    prunedTo = final
    for (const { early } of sources.values())
      for (const [key, certificate] of early) {
        if (!isOnL1(certificate)) continue
        early.delete(key)
        onCertificate(certificate)
      }
    await save()
  }

  /** Asks for what a chain has said and this node may have missed; every answer is tried. */
  async function ask(chainId: bigint): Promise<void> {
    for await (const answer of link.query({ kind: 'heads', chainId, fromNonce: pool.missing(chainId)[0] ?? members.settledOutbox(chainId), limit: 64 }))
      for (const head of answer.kind === 'heads' ? answer.heads : []) if (!(await onHead(head))) break
    for await (const answer of link.query({ kind: 'certificate', chainId })) if (answer.kind === 'certificate' && answer.certificate) onCertificate(answer.certificate)
  }

  return {
    pool,
    place,
    async onLink(event: LinkEvent): Promise<void> {
      if (event.kind === 'head') await onHead(event.head)
      if (event.kind === 'certificate') onCertificate(event.certificate)
      if (event.kind === 'head' || event.kind === 'certificate') await save()
    },
    onL1,
    /** Writes what a restart must not forget, if it changed; every other call that may change it does so itself. */
    save: () => save(),
    /** Asks the other members for what this node may have missed. */
    async catchUp(): Promise<void> {
      // Registration is free: whoever is not allowed and has never settled anything has nothing for us.
      const chains = members.all().flatMap(({ chainId }) => (chainId === engine.chainId || (!allow.has(chainId) && members.settledHeight(chainId) === 0n) ? [] : [chainId]))
      for (let at = 0; at < chains.length; at += ASKED_AT_ONCE) await Promise.all(chains.slice(at, at + ASKED_AT_ONCE).map(ask))
      await save()
    },
    /** Resolves when what has been found to have lost its ground so far is known for sure. */
    idle: async (): Promise<void> => void (await Promise.all(pending)),
    /**
     * Messages that a block at `timestamp` may import, in order. The inbox of a block names its sources by their slots, so only of sources
     * whose registration is final: no reorg of L1 changes what a block has consumed.
     */
    candidates(timestamp: bigint): ImportedMessage[] {
      const final = members.final()
      return pool
        .candidates({ allow, consumed, now: timestamp, perSource: IMPORT_LOOK_AHEAD, lastImport: (source) => lastImport.get(source) ?? -1n })
        .flatMap(({ message, policyHash }) => (final.has(message.source) ? [{ message, policyHash }] : []))
    },
    /** Until which L1 time (ms) an import can settle: `NEVER` if it has, null if its source has not certified it. */
    coveredUntil({ message, policyHash }: Entry & { kind: 'import' }): bigint | null {
      if (message.nonce < members.settledOutbox(message.source)) return NEVER
      const leaf = messageLeaf(message, policyHash)
      const live = sources.get(message.source)?.live
      const has = live?.entries.some((entry) => entry.kind === 'export' && entry.message.nonce === message.nonce && messageLeaf(entry.message, policyHash) === leaf)
      return live && has ? live.notAfter : null
    },
    /** Gives up an import whose source has certified nothing for `patience` ms: it would hold up this chain's certificates for ever. */
    giveUp({ message: { source, nonce } }: Entry & { kind: 'import' }, since: bigint, patience: bigint): void {
      const { heard } = sourceOf(source)
      if (clock.now() - (heard > since ? heard : since) <= patience) return
      pool.importFailed(source)
      lose(source, nonce, `its source has certified nothing for ${patience} ms`)
    },
    /**
     * The first block that must go because a message in it has lost its ground, with what is to be remembered of those messages.
     * Those in blocks up to `bound` wait. They stay lost until those blocks are gone.
     */
    takeLost(bound: bigint): { block: bigint; messages: { id: `0x${string}`; rolledBack: RolledBack }[] } | null {
      const last = settled().block > bound ? settled().block : bound
      const found = [...lost.values()].flatMap((item) => {
        const held = place(item.source, item.nonce)
        return held?.hash === item.hash && held.block > last ? [{ ...item, block: held.block }] : []
      })
      if (found.length === 0) return null
      // Otherwise two chains that import of each other would rebuild one another for ever: what is sent again has another time.
      for (const { source } of found) pool.importFailed(source)
      const block = found.reduce((first, item) => (item.block < first ? item.block : first), found[0]?.block ?? 0n)
      const incarnation = nextIncarnation(chain.incarnation)
      return {
        block,
        messages: found.map(({ source, nonce, reason }) => ({
          id: messageId({ source, destination: engine.chainId, nonce }),
          rolledBack: { source, nonce, chainId: engine.chainId, incarnation, block, reason },
        })),
      }
    },
    remember: (messages: readonly { id: `0x${string}`; rolledBack: RolledBack }[]) => save(messages.map(({ id, rolledBack }) => put(`chain/rolledback/${id}`, rolledBack))),
    rolledBack: (id: `0x${string}`) => read<RolledBack>(store, `chain/rolledback/${id}`),
  }
}

/** Code of what a check throws; undefined if it passes. Defects of this node pass through. */
function faultOf(check: () => unknown): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined) throw error
    return code
  }
}

/** Heads of a chain that carry messages, from a nonce on, as its own node announces them. */
export function headsFrom(chain: Chain, fromNonce: bigint, limit: number): BlockRecord[] {
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
