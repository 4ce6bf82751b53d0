import { encodeJson, IMPORT_LOOK_AHEAD, messageLeaf, NEVER, type Clock, type ClusterDomain, type ClusterLink, type Entry, type ImportedMessage, type LinkEvent, type Log } from '@causeway/core'
import type { L1Reader } from '@causeway/l1'
import { createMessagePool, type ImportAllowance, type PoolStanding } from '@causeway/messaging'
import type { Hex } from 'viem'
import type { Chain } from '../chain.js'
import type { Members } from '../l1/members.js'
import type { SettledPoint } from '../l1/settlement.js'
import { put, read, type Change } from '../store/records.js'
import { createSourceCertificates } from './certificates.js'
import { createSettledEpochs } from './epochs.js'
import { createExecutedImports } from './executed.js'
import { createSourceHeads } from './heads.js'
import { createLostImports, putRolledBack, readRolledBack, type Lost, type RolledBack } from './lost.js'

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

type ImportEntry = Entry & { kind: 'import' }

/** Rows of what cannot be asked for again after a restart: what executed messages have lost their ground, and where each source stands. */
const LOST = 'imports/lost'
const STANDING = 'imports/standing'
/** Chains that are asked at the same time. */
const ASKED_AT_ONCE = 16

/** What other chains sent here: which of it may be executed, and which of what was executed has lost its ground. */
export type Imports = ReturnType<typeof createImports>

/** Follows the other members over the link and on L1. */
export function createImports({ chain, members, reader, link, domain, allow, settled, clock, log }: ImportsOptions) {
  const { engine, store } = chain
  const { chainId } = engine
  const standing = new Map(read<[bigint, PoolStanding][]>(store, STANDING))
  const pool = createMessagePool({ chainId, policyFor: (source) => members.find(source)?.policyHash, standing })
  const executed = createExecutedImports({ chain, settled })
  const lost = createLostImports({ chain, executed, settled, known: read<Lost[]>(store, LOST) ?? [] })
  const heads = createSourceHeads({ chainId, members, pool, executed, lost, link, domain, save: () => save(), log })
  const certificates = createSourceCertificates({ chainId, members, reader, pool, executed, lost, domain, clock, log })
  const feedEpochs = createSettledEpochs({ chainId, members, reader, pool, executed, lost, certificates })
  /** The rows as they are on disk. */
  const written = new Map([LOST, STANDING].map((key) => [key, encodeJson(read(store, key) ?? [])]))
  /** The final block up to which consumed messages were forgotten. */
  let prunedTo = -1n

  /** Writes `more`, and the rows if they changed, at once. */
  async function save(more: readonly Change[] = []): Promise<void> {
    const rows: [string, unknown][] = [
      [LOST, lost.all()],
      [STANDING, [...pool.standing()].filter(([, { incarnation, distrusted }]) => distrusted || incarnation > 0n)],
    ]
    const changed = rows.filter(([key, value]) => written.get(key) !== encodeJson(value))
    if (changed.length + more.length === 0) return
    await store.write([...more, ...changed.map(([key, value]) => put(key, value))])
    for (const [key, value] of changed) written.set(key, encodeJson(value))
  }

  /** Asks for what a chain has said and this node may have missed; every answer is tried. */
  async function ask(source: bigint): Promise<void> {
    for await (const answer of link.query({ kind: 'heads', chainId: source, fromNonce: pool.missing(source)[0] ?? members.settledOutbox(source), limit: 64 }))
      for (const head of answer.kind === 'heads' ? answer.heads : []) if (!(await heads.take(head))) break
    for await (const answer of link.query({ kind: 'certificate', chainId: source })) if (answer.kind === 'certificate' && answer.certificate) certificates.take(answer.certificate)
  }

  return {
    pool,
    place: executed.place,
    async onLink(event: LinkEvent): Promise<void> {
      if (event.kind === 'head') await heads.take(event.head)
      if (event.kind === 'certificate') certificates.take(event.certificate)
      if (event.kind === 'head' || event.kind === 'certificate') await save()
    },
    /** Feeds what L1 settled, and gives up on certificates that L1 has left behind. */
    async onL1(): Promise<void> {
      for (const { chainId: source, era } of members.all()) pool.enterEra(source, era)
      feedEpochs()
      certificates.onL1()
      // What a final block has consumed never comes back; without this every message ever sent here would be looked at for each block.
      const final = settled('finalized').block
      if (final > prunedTo) pool.prune({ consumed: (source, nonce) => (executed.place(source, nonce)?.block ?? NEVER) <= final, now: 0n })
      prunedTo = final
      await save()
    },
    /** Writes what a restart must not forget, if it changed; every other call that may change it does so itself. */
    save: () => save(),
    /** Asks the other members for what this node may have missed. */
    async catchUp(): Promise<void> {
      // Registration is free: whoever is not allowed and has never settled anything has nothing for us.
      const chains = members.all().flatMap((member) => (member.chainId === chainId || (!allow.has(member.chainId) && members.settledHeight(member.chainId) === 0n) ? [] : [member.chainId]))
      for (let at = 0; at < chains.length; at += ASKED_AT_ONCE) await Promise.all(chains.slice(at, at + ASKED_AT_ONCE).map(ask))
      await save()
    },
    /** Resolves when what has been found to have lost its ground so far is known for sure. */
    idle: heads.idle,
    /**
     * Messages that a block at `timestamp` may import, in order. The inbox of a block names its sources by their slots, so only of sources
     * whose registration is final: no reorg of L1 changes what a block has consumed.
     */
    candidates(timestamp: bigint): ImportedMessage[] {
      const final = members.final()
      return pool
        .candidates({ allow, consumed: executed.isConsumed, now: timestamp, perSource: IMPORT_LOOK_AHEAD, lastImport: executed.lastFrom })
        .flatMap(({ message, policyHash }) => (final.has(message.source) ? [{ message, policyHash }] : []))
    },
    /** Until which L1 time (ms) an import can settle: `NEVER` if it has, null if its source has not certified it. */
    coveredUntil({ message, policyHash }: ImportEntry): bigint | null {
      if (message.nonce < members.settledOutbox(message.source)) return NEVER
      const leaf = messageLeaf(message, policyHash)
      const live = certificates.live(message.source)
      const has = live?.entries.some((entry) => entry.kind === 'export' && entry.message.nonce === message.nonce && messageLeaf(entry.message, policyHash) === leaf)
      return live && has ? live.notAfter : null
    },
    /** Gives up an import whose source has certified nothing for `patience` ms: it would hold up this chain's certificates for ever. */
    giveUp({ message: { source, nonce } }: ImportEntry, since: bigint, patience: bigint): void {
      const heard = certificates.heard(source)
      if (clock.now() - (heard > since ? heard : since) <= patience) return
      pool.importFailed(source)
      lost.lose(source, nonce, `its source has certified nothing for ${patience} ms`)
    },
    /** {@link LostImports.take}, and nothing more is imported of their sources before it is settled. */
    takeLost(bound: bigint): ReturnType<typeof lost.take> {
      const found = lost.take(bound)
      // Otherwise two chains that import of each other would rebuild one another for ever: what is sent again has another time.
      for (const { rolledBack } of found?.messages ?? []) pool.importFailed(rolledBack.source)
      return found
    },
    remember: (messages: readonly { id: Hex; rolledBack: RolledBack }[]) => save(messages.map(putRolledBack)),
    rolledBack: (id: Hex) => readRolledBack(chain, id),
  }
}
