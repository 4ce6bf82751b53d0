import {
  checkCertificate,
  checkSignatures,
  encodeJson,
  errorCode,
  messageId,
  messageLeaf,
  NEVER,
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
import { createMessagePool, verifyHead, type ImportAllowance, type PoolChange, type PoolStanding } from '@causeway/messaging'
import type { Chain } from './chain.js'
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

/** `heard`: when it last showed a certificate that lives, ms of the host's clock. */
type Source = { live?: Certificate; heard: bigint }

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
  let fedEpochs = 0
  let lastEpoch: string | undefined
  /** Messages of each slot in the epochs fed so far. */
  const fedSizes = new Map<bigint, bigint>()
  const sourceOf = (chainId: bigint): Source => {
    const source = sources.get(chainId) ?? { heard: clock.now() }
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
  async function takeHead(head: SignedHead): Promise<PoolChange | null> {
    const member = members.find(head.chainId)
    if (!member || head.chainId === engine.chainId || !(await verifyHead(domain, head, member.batcher))) return null
    const change = pool.addHead(head)
    note(change)
    return change
  }

  async function onHead(head: SignedHead): Promise<void> {
    const change = await takeHead(head)
    const replaced = change?.dropped.filter(({ source, nonce, reason }) => reason === 'replaced' && consumed(source, nonce)) ?? []
    if (replaced.length > 0) await review(head.chainId, replaced)
  }

  /**
   * A source was rebuilt from some block on. What it sent before that block still stands, so it is asked what it says now; only what
   * it does not repeat has lost its ground.
   */
  async function review(chainId: bigint, replaced: PoolChange['dropped']): Promise<void> {
    let next = replaced.reduce((first, { nonce }) => (nonce < first ? nonce : first), NEVER)
    for (let from = -1n; from < next; ) {
      from = next
      const answer = await link.query({ kind: 'heads', chainId, fromNonce: from, limit: 64 })
      for (const head of answer?.kind === 'heads' ? answer.heads : []) {
        const last = head.messages.at(-1)?.nonce ?? -1n
        if ((await takeHead(head)) && last >= next) next = last + 1n
      }
    }
    for (const { nonce, leaf } of replaced) {
      const now = pool.get({ source: chainId, nonce })
      if (!now || messageLeaf(now.message, now.policyHash) !== leaf) lose(chainId, nonce, 'its source was rebuilt without it')
    }
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

  function onCertificate(certificate: Certificate): void {
    const { chainId, policyHash, height } = certificate.before
    const member = members.find(chainId)
    if (!member || chainId === engine.chainId || member.policyHash !== policyHash || certificate.notAfter < reader.heads.finalized.timestamp) return
    const source = sourceOf(chainId)
    // History, whoever repeats it.
    if (height < members.settledHeight(chainId) || (source.live && height < source.live.before.height)) return
    try {
      checkSignatures(certificate, domain)
    } catch (error) {
      // Without k valid signatures it is nobody's certificate; only a signed one that breaks a rule tells something of the chain.
      if (errorCode(error) === undefined) throw error
      return
    }
    try {
      checkCertificate(certificate, { domain, time: clock.now(), slotOf: members.slotOf })
    } catch (error) {
      const code = errorCode(error)
      // Its clock is ahead of ours, or it imports from a chain whose registration this node has not read: it comes again.
      if (code === 'RULE_R3' || code === 'UNKNOWN_CHAIN') return
      log.warn('a member signed an invalid certificate', { chainId, height: certificate.after.height, code })
      abandon(chainId, certificate, `the certificate of its source is invalid (${code ?? 'malformed'})`)
      return
    }
    source.live = certificate
    source.heard = clock.now()
    note(pool.addCertified(certificate))
    const { before, after, entries } = certificate
    contradict(unsettledImports(), chainId, before.outboxSize, entries.flatMap((entry) => (entry.kind === 'export' ? [messageLeaf(entry.message, policyHash)] : [])), after.timestamp)
  }

  /** A source's certificate is dead or invalid: what was imported of it has no ground any more. */
  function abandon(chainId: bigint, certificate: Certificate, reason: string): void {
    pool.importFailed(chainId)
    for (const entry of certificate.entries)
      if (entry.kind === 'export' && entry.message.destination === engine.chainId && entry.message.nonce >= members.settledOutbox(chainId)) lose(chainId, entry.message.nonce, reason)
    delete sourceOf(chainId).live
  }

  /** Feeds what L1 settled, and gives up on certificates that L1 has left behind. */
  async function onL1(): Promise<void> {
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
    pool.prune({ consumed: (source, nonce) => (place(source, nonce)?.block ?? NEVER) <= final, now: 0n })
    await save()
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
      for (const { chainId } of members.all()) {
        // Registration is free: whoever is not allowed and has never settled anything has nothing for us.
        if (chainId === engine.chainId || (!allow.has(chainId) && members.settledHeight(chainId) === 0n)) continue
        const answer = await link.query({ kind: 'heads', chainId, fromNonce: pool.missing(chainId)[0] ?? members.settledOutbox(chainId), limit: 64 })
        if (answer?.kind === 'heads') for (const head of answer.heads) await onHead(head)
        const certificate = await link.query({ kind: 'certificate', chainId })
        if (certificate?.kind === 'certificate' && certificate.certificate) onCertificate(certificate.certificate)
      }
      await save()
    },
    /**
     * Messages that a block at `timestamp` may import, in order. The inbox of a block names its sources by their slots, so only of sources
     * whose registration is final: no reorg of L1 changes what a block has consumed.
     */
    candidates(timestamp: bigint): ImportedMessage[] {
      const final = members.final()
      return pool
        .candidates({ allow, consumed, now: timestamp, lastImport: (source) => lastImport.get(source) ?? -1n })
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
      const incarnation = chain.incarnation + 1n
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
