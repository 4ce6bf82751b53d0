import { CausewayError, createSerial, eraOf, nextIncarnation, policyHash as hashPolicy, type ExecutionEngine, type HeadEvent } from '@causeway/core'
import { createMempool, type PendingTransaction } from '@causeway/sequencer'
import { keccak256, type Hex } from 'viem'
import { createAttester } from './attest.js'
import { createBacklog } from './backlog.js'
import { createCertifier, type CertifyTiming } from './certify.js'
import { openChain } from './chain.js'
import { createClaims } from './claims.js'
import { createDerivation } from './derive.js'
import { hasInboxOf } from './grounds.js'
import { createImports } from './imports.js'
import { createLinkSide } from './link.js'
import { createMembers, otherRegistration } from './members.js'
import { causewayMethods } from './methods.js'
import { checkEngine, checkOptions, explainUnreachable, type RollupOptions } from './options.js'
import { createPace } from './pace.js'
import { createPublisher } from './publish.js'
import { chainReadiness } from './readiness.js'
import { createRpc, type Rpc } from './rpc/index.js'
import { createSequencing } from './sequence.js'
import { createSettled } from './settled.js'
import { createStatus } from './status.js'
import { keys, put, readAll, type BlockRecord } from './store/rows.js'

/** One node of one chain, inside this process. */
export type Rollup = Awaited<ReturnType<typeof createRollup>>

const TIMING: CertifyTiming = { delay: 2_000, idle: 60_000, lifetime: 10 * 60_000 }
const MAX_BACKLOG = 8
/** Codes of what a node halts for. */
const HALTS: ReadonlySet<string> = new Set(['DIVERGED', 'OTHER_REGISTRATION', 'BATCHER_CHANGED'])

/**
 * Composes a node. Nothing runs before `start`; a stepped harness calls the steps instead.
 * @throws CausewayError `BAD_ROLLUP` or `BAD_POLICY` (a wrong option), `L1_UNREACHABLE`, `OTHER_CHAIN` (the store holds another chain), `OTHER_REGISTRATION`, `BATCHER_CHANGED`, `NOT_A_SIGNER`
 */
export async function createRollup<E extends ExecutionEngine>(options: RollupOptions<E>) {
  checkOptions(options)
  const { chainId, execution, da, policy, role, link, store, clock, log, l1 } = options
  const { reader, domain } = l1
  const engine = execution.create({ chainId, l1: { chainId: domain.l1ChainId, bridge: l1.bridge }, store, clock, log })
  checkEngine(engine)
  const policyHash = hashPolicy(policy)
  await reader.poll().catch((error: unknown) => explainUnreachable(error, l1.client.transport?.['url']))
  const members = createMembers(reader)
  const chain = await openChain({ engine, store, context: { l1ChainId: domain.l1ChainId, hub: domain.hub, policyHash, slotOf: members.slotOf } })
  const own = { chainId, policyHash, stateRoot: (chain.block(0n) as BlockRecord).stateRoot, ...(options.owner && { owner: options.owner }), ...(role.kind === 'sequencer' && { batcher: role.batcher.address }) }
  /** Why the node does nothing more: its chain is not what L1 has registered, or settled, under its id, or another sequences it. A reorg of L1 can end that, and begin it. */
  const halted = (): CausewayError | undefined => otherRegistration(reader, own) ?? settlement.divergence()
  const other = otherRegistration(reader, own)
  if (other) throw other
  const settlement = createSettled({ chain, members, reader, policyHash, taken: () => (sequencing ? publisher : derivation).taken() })
  const settled = (at: 'latest' | 'finalized' = 'latest') => settlement.at(at)
  const sequencing = role.kind === 'sequencer' ? role : undefined
  const imports = createImports({ chain, members, reader, link, domain, allow: sequencing?.allow ?? new Map(), settled, clock, log })
  const publisher = createPublisher({ chain, da, reader, finalBlock: () => settled('finalized').block, log })
  const derivation = createDerivation({ chain, da, reader, settledBlock: () => settled().block, log })
  const derivedUpTo = (daIndex: bigint): bigint | undefined => (sequencing ? publisher.endOf(daIndex) : derivation.endOf(daIndex))
  const attester = options.signer ? createAttester({ chain, reader, domain, policy, signer: options.signer, settled, derivedUpTo, clock, log }) : null
  const certifier = sequencing
    ? createCertifier({ chain, publisher, reader, link, domain, policy, attester, batcher: sequencing.batcher, ...(options.aggregator && { aggregator: options.aggregator }), settled, coveredUntil: imports.coveredUntil, giveUp: imports.giveUp, timing: { ...TIMING, ...sequencing.certify }, clock, log })
    : null
  const mempool = createMempool({ validate: (raw) => engine.validate(raw, chain.head.hash) })
  /** Waiting transactions that have a row on disk. */
  const saved = new Set<Hex>()
  const backlog = sequencing && createBacklog({ chain, settled, newest: () => certifier?.newest(), limit: Math.max(1, sequencing.maxBacklog ?? MAX_BACKLOG) })
  const builder =
    sequencing &&
    backlog &&
    createSequencing({
      ...{ chain, mempool, imports: imports.candidates, backlog, clock, log },
      l1Entries: (cursor) => reader.inbox(chainId, cursor, cursor + 8n, sequencing.l1Tag ?? 'safe').map(({ entry }) => entry),
      nextNonce: (sender) => engine.getNonce(sender, chain.head.hash),
    })
  const abort = new AbortController()
  const loops: Promise<void>[] = []
  let saidHalted: string | undefined
  /** The divergence for which the chain was derived again. */
  let derivedFor: string | undefined
  /** When (ms) L1 was read, and when a block was built (a follower: what L1 has was derived), the last time without a failure. */
  let [l1ReadAt, movedAt] = [clock.now(), clock.now()]
  /** Time (ms) of the last block that a rebuild dropped. */
  let droppedTime = 0n
  const pace =
    sequencing &&
    createPace({
      ...{ blockTime: sequencing.blockTime ?? 1_000, clock, signal: abort.signal },
      hasMessages: () => builder?.importsReady() ?? false,
      hasTransactions: () => mempool.size > 0,
    })

  const status = createStatus({
    chain,
    members,
    reader,
    imports,
    certifier,
    domain,
    policy,
    policyHash,
    settled,
    claimed: createClaims({ client: l1.client, bridge: l1.bridge, l1Block: () => reader.heads.latest.number }),
    deliveryOf: (block, id) => engine.deliveryOf?.(block, id),
    halted: () => halted()?.shortMessage,
    backlog: () => {
      const ahead = backlog?.()
      return ahead && { certificates: ahead.certificates, limit: ahead.limit, waiting: builder?.waiting() ?? 0 }
    },
  })

  /** @throws `DIVERGED`, `OTHER_REGISTRATION` or `BATCHER_CHANGED` while the node is {@link halted} */
  function checkBranch(): void {
    const reason = halted()
    if (reason) throw reason
  }

  const readiness = () =>
    chainReadiness({ now: clock.now(), l1ReadAt, movedAt, blockTime: sequencing && (sequencing.blockTime ?? 1_000), halted: halted()?.shortMessage, head: chain.head.number, safe: settled().block, finalized: settled('finalized').block, l1Block: reader.heads.latest.number })

  // One thing at a time touches the chain; everybody else queues here.
  const exclusive = createSerial()

  const headListeners = new Set<(event: HeadEvent) => void>()
  let shown = chain.head
  const unsubscribe = chain.subscribe((head) => {
    // A new era with the same blocks.
    if (head.hash === shown.hash) return
    const removed: Hex[] = []
    if (head.number <= shown.number) removed.push(shown.hash)
    shown = head
    for (const listener of headListeners) listener({ hash: head.hash, removed })
  })

  const linkSide = createLinkSide({
    ...{ chain, members, imports, certifier, policyHash, link, domain, exclusive, log },
    attester: sequencing ? null : attester,
    ...(sequencing && { batcher: sequencing.batcher }),
    onMessage: () => pace?.message(),
    guarded: (run) => guarded('link event', run)(),
  })

  /** A sequencer goes on in the era of its batcher, with all the blocks that it has. */
  async function enterEra(): Promise<void> {
    const era = members.find(chainId)?.era ?? 0n
    if (!sequencing || eraOf(chain.incarnation) === era) return
    await chain.rollback(chain.head.number, nextIncarnation(chain.incarnation, era))
    log.warn('L1 has changed the batcher of this chain: what is not settled is posted again', { era, incarnation: chain.incarnation })
  }

  /** Takes back the blocks from `block` on, and gives their transactions another chance. */
  async function rebuild(block: bigint, reason: string): Promise<void> {
    const dropped = await chain.rollback(block - 1n, nextIncarnation(chain.incarnation))
    droppedTime = dropped.at(-1)?.timestamp ?? droppedTime
    log.warn('chain rebuilt', { from: block, dropped: dropped.length, incarnation: chain.incarnation, reason })
    for (const { transactions } of dropped)
      for (const raw of transactions) await accept(raw).catch((error: unknown) => log.info('a transaction of a dropped block is gone', { hash: keccak256(raw), error }))
  }

  /**
   * Rolls back if something executed has lost its ground: an import, or an L1 inbox entry that L1 took back. Not while a signed
   * certificate covers it: what was lost may come back (L1 may return to the other branch), and then the certificate can settle.
   */
  async function repair(): Promise<void> {
    const bound = (await certifier?.live())?.toBlock ?? 0n
    const lost = imports.takeLost(bound)
    if (lost) {
      await imports.remember(lost.messages)
      await rebuild(lost.block, lost.messages[0]?.rolledBack.reason ?? 'an import lost its ground')
    }
    if (hasInboxOf(chain.head, chainId, reader)) return
    for (let number = settled().block + 1n; number <= chain.head.number; number++) {
      if (hasInboxOf(chain.block(number) as BlockRecord, chainId, reader)) continue
      if (number <= bound) return log.warn('L1 took back an inbox entry; the chain is rebuilt once the certificate that covers it is dead', { block: number, toBlock: bound })
      return rebuild(number, 'L1 took back an inbox entry')
    }
  }

  async function accept(raw: Hex): Promise<Hex> {
    const hash = await mempool.add(raw)
    try {
      await store.write([put(keys.waiting(hash), raw)])
    } catch (error) {
      // Who sent it is told that it was not taken; later ones of the sender must not wait for what a restart would lose.
      mempool.remove([hash])
      throw error
    }
    // Only now: the next block takes the row away if this one had the transaction already.
    saved.add(hash)
    return hash
  }

  async function buildNow(): Promise<BlockRecord> {
    if (!builder) throw new CausewayError('A follower builds no blocks.', { code: 'NOT_A_SEQUENCER', fix: "send transactions to the chain's sequencer" })
    checkBranch()
    await enterEra()
    await repair()
    const record = await builder.build(droppedTime)
    movedAt = clock.now()
    // What was included or replaced, and what never can be included.
    const gone = [...saved].filter((hash) => !mempool.get(hash))
    if (gone.length > 0) await store.write(gone.map((hash) => ({ key: keys.waiting(hash), value: null })))
    for (const hash of gone) saved.delete(hash)
    await linkSide.announce(record)
    return record
  }

  const steps = {
    /** Reads L1, and repairs the chain if L1 or a source took something back. */
    l1: async () => {
      await reader.poll()
      l1ReadAt = clock.now()
      await imports.onL1()
    },
    /** Builds one block now. */
    build: () => exclusive(buildNow),
    /** Posts the blocks that are not on L1 yet. */
    publish: async () => {
      checkBranch()
      await exclusive(enterEra)
      return publisher.step()
    },
    /** A follower: derives what L1 has. */
    derive: () =>
      exclusive(async () => {
        // L1 has settled another of the branches that were posted: derived again, it stands.
        const diverged = settlement.divergence()?.message
        if (diverged !== undefined && diverged !== derivedFor) {
          await derivation.again()
          await derivation.step()
          derivedFor = diverged
        }
        checkBranch()
        const done = await derivation.step()
        movedAt = clock.now()
        return done
      }),
    /** Closes, signs or repeats the certificate. */
    certify: () =>
      exclusive(async () => {
        checkBranch()
        await enterEra()
        await certifier?.step()
        await imports.save()
      }),
    catchUp: () => imports.catchUp(),
  }

  let connected = false
  async function connect(): Promise<void> {
    if (connected) return
    connected = true
    linkSide.connect()
    for (const raw of readAll<Hex>(store, 'mempool/')) {
      saved.add(keccak256(raw))
      await mempool.add(raw).catch((error: unknown) => log.debug('a waiting transaction is no longer valid', { error }))
    }
  }

  const guarded = (name: string, run: () => Promise<unknown>) => async (): Promise<void> => {
    try {
      await run()
    } catch (error) {
      if (abort.signal.aborted) return
      // It halts every loop at each turn; once is enough.
      if (error instanceof CausewayError && HALTS.has(error.code)) {
        if (saidHalted !== error.message) log.error('the node halts', { error })
        saidHalted = error.message
      } else log.error(`${name} failed and will be tried again`, { error })
    }
  }

  function loop(name: string, interval: number, run: () => Promise<unknown>): void {
    const step = guarded(name, run)
    loops.push(
      (async () => {
        while (!abort.signal.aborted) {
          await step()
          await clock.sleep(interval, abort.signal)
        }
      })(),
    )
  }

  const rpc: Rpc = createRpc({
    engine,
    chain: {
      chainId,
      clientVersion: 'causeway/0.1.0',
      sendRawTransaction: async (raw) => {
        if (!sequencing) throw new CausewayError('this node follows the chain and takes no transactions', { code: 'NOT_A_SEQUENCER', fix: "send it to the chain's sequencer" })
        checkBranch()
        return accept(raw)
      },
      pendingNonce: async (address) => mempool.pendingNonce(address, await engine.getNonce(address, chain.head.hash)),
      pendingTransaction: (hash) => {
        const held = mempool.get(hash)
        return held && { raw: held.raw, from: held.sender }
      },
      pool: async () => {
        const { pending, queued } = builder ? await builder.pool() : { pending: [], queued: [] }
        const told = ({ hash, raw, sender }: PendingTransaction) => ({ hash, raw, from: sender })
        return { pending: pending.map(told), queued: queued.map(told) }
      },
      readiness,
      finality: () => ({ safe: settled().block, finalized: settled('finalized').block }),
      onHead: (listener) => {
        headListeners.add(listener)
        return () => void headListeners.delete(listener)
      },
      onPendingTransaction: (listener) => mempool.subscribe(listener),
    },
    extensions: causewayMethods({ status, certifier, domain, time: () => clock.now(), slotOf: members.slotOf }),
    clock,
    log,
    ...(options.limits && { limits: options.limits }),
  })

  return {
    chainId,
    engine,
    rpc,
    /** EIP-1193. */
    provider: { request: (args: { method: string; params?: unknown }) => rpc.request(args) },
    chain,
    members,
    mempool,
    status,
    certifier,
    imports,
    steps,
    settled,
    /** Builds a block now, without waiting for the next turn. */
    build: steps.build,
    /** Attaches the node to the link and takes up the transactions that wait on disk. `start` does it too; a stepped harness calls it alone. */
    connect,
    /** Resolves when the link events that have come so far are handled. */
    idle: (): Promise<void> => linkSide.idle(),
    /** Runs the node until `stop`. */
    async start(): Promise<void> {
      await connect()
      // A sequencer that lost its database finds on L1 what it had posted, and goes on from there.
      if (sequencing && (chain.head.number === 0n || derivation.begun()) && reader.postings(chainId).length > 0) {
        log.warn('the database lacks blocks of this chain that L1 has: deriving them before building more')
        await steps.derive()
        // What it had announced beyond that is gone: to whoever imported of it, this is a rebuild.
        await chain.rollback(chain.head.number, nextIncarnation(chain.incarnation))
        await derivation.leave()
      }
      loop('reading L1', 500, steps.l1)
      loop('catching up', 5_000, steps.catchUp)
      if (sequencing && pace) {
        mempool.subscribe(pace.transaction)
        loops.push(pace.run(guarded('block building', steps.build)))
        loop('posting batches', sequencing.batchInterval ?? 2_000, steps.publish)
        loop('certification', 500, steps.certify)
      } else loop('derivation', 500, steps.derive)
    },
    /** Stops after the step under way; the store stays open and belongs to whoever made it. */
    async stop(): Promise<void> {
      abort.abort()
      linkSide.disconnect()
      unsubscribe()
      await Promise.all(loops)
      await linkSide.idle()
      await exclusive(async () => undefined)
      await engine.dispose?.()
    },
  }
}
