import { CausewayError, createSerial, nextIncarnation, policyHash as hashPolicy, type ExecutionEngine } from '@causeway/core'
import { createL1Reader, createL1Sender } from '@causeway/l1'
import { createMempool } from '@causeway/sequencer'
import { zeroAddress } from 'viem'
import { createDerivation } from './batches/derive.js'
import { createPublisher } from './batches/publish.js'
import { createBacklog } from './blocks/backlog.js'
import { createBlockBuilder } from './blocks/block-builder.js'
import { createBlockTimer } from './blocks/block-timer.js'
import { createRepair } from './blocks/repair.js'
import { createStoredMempool } from './blocks/stored-mempool.js'
import { createAttester } from './certificates/attest.js'
import { createCertifier } from './certificates/certify.js'
import { openChain } from './chain.js'
import { issuesOf } from './definition/check.js'
import { report, type RollupDefinition } from './definition/definition.js'
import { executionOf } from './definition/execution.js'
import { allowances, resolveSequencing } from './definition/resolve.js'
import { specDigest, specOf } from './definition/spec.js'
import { checkEngine, environment, explainUnreachable, hostIssues, keysOf, type RollupHost } from './host.js'
import { createImports } from './imports/imports.js'
import { createMembers } from './l1/members.js'
import { otherRegistration } from './l1/own-registration.js'
import { createSettlement } from './l1/settlement.js'
import { createWithdrawalClaims } from './l1/withdrawal-claims.js'
import { createLinkSide } from './link.js'
import { createLoops } from './loops.js'
import { createPlugins, type Plugins } from './plugins/plugins.js'
import { chainReadiness } from './readiness.js'
import { causewayMethods } from './rpc/causeway-methods.js'
import { createRpc, type Rpc } from './rpc/index.js'
import { createRpcChain } from './rpc/rpc-chain.js'
import { createStatus } from './status.js'
import { certificatesFrom, type BlockRecord } from './store/records.js'

/** One node of one chain, inside this process. */
export type Rollup = Awaited<ReturnType<typeof createRollup>>

const NO_POLICY = { path: 'policy', message: 'it is missing: nothing says what makes a certificate of the chain valid', fix: 'attestedPolicy(k, publicKeys) of @causeway/core makes one; a local cluster (createCluster) makes it for its chains' }

/**
 * Composes a node of a chain. Nothing runs before `start`; a stepped harness calls the steps instead.
 * @throws CausewayError `BAD_ROLLUP` (its `issues` are all that is wrong), `SECRET_MISSING`, `L1_UNREACHABLE`, `OTHER_CHAIN` (the store holds another chain), `OTHER_REGISTRATION`, `BATCHER_CHANGED`, `NOT_A_SIGNER`, `PLUGIN_SETUP`
 */
export async function createRollup<E extends ExecutionEngine>(definition: RollupDefinition<E>, host: RollupHost) {
  report([...issuesOf(definition), ...(definition.policy === undefined ? [NO_POLICY] : []), ...hostIssues(host, definition)])
  const { chain: { id: chainId, owner }, policy } = definition
  const { link, store, clock, log, l1: { client, contracts, pollInterval } } = host
  const { domain, hub, bridge } = contracts
  const { batcher, signer } = await keysOf(definition, host)
  const sequencing = batcher && { batcher, ...resolveSequencing(definition.sequencing) }
  const engine = executionOf(definition).create({ chainId, l1: { chainId: domain.l1ChainId, bridge }, store, clock, log })
  checkEngine(engine)
  const sender = sequencing && createL1Sender({ client, account: sequencing.batcher, clock, log, ...(pollInterval !== undefined && { pollInterval }) })
  const da = definition.da.create({ chainId, client, hub, secrets: host.secrets ?? environment, ...(sequencing && sender && { sender, batcher: sequencing.batcher }) })
  const daKind = definition.da.kind
  const policyHash = hashPolicy(policy)
  const reader = createL1Reader({ client, addresses: contracts, clock, log })
  await reader.poll().catch((error: unknown) => explainUnreachable(error, client.transport?.['url']))
  const members = createMembers(reader)
  const chain = await openChain({ engine, store, context: { l1ChainId: domain.l1ChainId, hub: domain.hub, policyHash, slotOf: members.slotOf } })
  const own = { chainId, policyHash, daKind, daAdapter: definition.da.adapter ?? zeroAddress, spec: specOf(definition), stateRoot: (chain.block(0n) as BlockRecord).stateRoot, ...(owner && { owner }), ...(sequencing && { batcher: sequencing.batcher.address }) }
  /** Why the node does nothing more: its chain is not what L1 has registered, or settled, under its id, or another sequences it. A reorg of L1 can end that, and begin it. */
  const halted = (): CausewayError | undefined => otherRegistration(members, own) ?? settlement.divergence()
  const other = otherRegistration(members, own)
  if (other) throw other
  const settlement = createSettlement({ chain, members, reader, policyHash, taken: () => (sequencing ? publisher : derivation).taken() })
  const settled = (at: 'latest' | 'finalized' = 'latest') => settlement.at(at)
  const imports = createImports({ chain, members, reader, link, domain, allow: sequencing ? allowances(definition) : new Map(), settled, clock, log })
  const publisher = createPublisher({ chain, da, reader, finalBlock: () => settled('finalized').block, log })
  const derivation = createDerivation({ chain, da, reader, settledBlock: () => settled().block, log })
  const derivedUpTo = (daIndex: bigint): bigint | undefined => (sequencing ? publisher.endOf(daIndex) : derivation.endOf(daIndex))
  const attester = signer ? createAttester({ chain, reader, domain, policy, signer, settled, derivedUpTo, clock, log }) : null
  const certifier = sequencing
    ? createCertifier({ chain, publisher, reader, link, domain, policy, attester, batcher: sequencing.batcher, ...(host.aggregator && { aggregator: host.aggregator }), settled, coveredUntil: imports.coveredUntil, giveUp: imports.giveUp, timing: sequencing.certify, clock, log })
    : null
  const mempool = createMempool({ validate: (raw) => engine.validate(raw, chain.head.hash) })
  const waiting = createStoredMempool({ mempool, store, log })
  const backlog = sequencing && createBacklog({ chain, settled, newest: () => certifier?.newest(), limit: sequencing.maxBacklog })
  const builder =
    sequencing &&
    backlog &&
    createBlockBuilder({
      ...{ chain, mempool, imports: imports.candidates, backlog, clock, log },
      l1Entries: (cursor) => reader.inbox(chainId, cursor, cursor + 8n, sequencing.l1Tag).map(({ entry }) => entry),
      nextNonce: (sender) => engine.getNonce(sender, chain.head.hash),
    })
  const repair = sequencing && createRepair({ chainId, chain, members, reader, imports, certifier, settledBlock: () => settled().block, accept: waiting.accept, log })
  const loops = createLoops({ clock, log })
  /** The divergence for which the chain was derived again. */
  let derivedFor: string | undefined
  /** When (ms) L1 was read, and when a block was built (a follower: what L1 has was derived), the last time without a failure. */
  let [l1ReadAt, movedAt] = [clock.now(), clock.now()]
  const blockTimer =
    sequencing &&
    createBlockTimer({
      ...{ blockTime: sequencing.blockTime, clock, signal: loops.signal },
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
    daKind,
    specDigest: specDigest(own.spec),
    settled,
    claimed: createWithdrawalClaims({ client, bridge, l1Block: () => reader.heads.latest.number }),
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
    chainReadiness({ now: clock.now(), l1ReadAt, movedAt, blockTime: sequencing?.blockTime, halted: halted()?.shortMessage, head: chain.head.number, safe: settled().block, finalized: settled('finalized').block, l1Block: reader.heads.latest.number })

  // One thing at a time touches the chain; everybody else queues here.
  const exclusive = createSerial()

  const linkSide = createLinkSide({
    ...{ chain, members, imports, certifier, policyHash, link, domain, exclusive, log },
    attester: sequencing ? null : attester,
    ...(sequencing && { batcher: sequencing.batcher }),
    onMessage: () => blockTimer?.message(),
    guarded: (run) => loops.guarded('link event', run)(),
  })

  async function buildNow(): Promise<BlockRecord> {
    if (!builder || !repair) throw new CausewayError('A follower builds no blocks.', { code: 'NOT_A_SEQUENCER', fix: "send transactions to the chain's sequencer" })
    checkBranch()
    await repair.enterEra()
    await repair.regain()
    const record = await builder.build(repair.droppedTime())
    movedAt = clock.now()
    await waiting.prune()
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
      await exclusive(async () => repair?.enterEra())
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
        await repair?.enterEra()
        await certifier?.step()
        await imports.save()
      }),
    catchUp: () => imports.catchUp(),
    /** Tells plugins what has happened. */
    plugins: () => plugins.deliver(),
  }

  let connected = false
  async function connect(): Promise<void> {
    if (connected) return
    connected = true
    linkSide.connect()
    await waiting.restore()
  }

  const rpcChain = createRpcChain({
    ...{ engine, chain, mempool, builder, settled, readiness, metrics: () => plugins.metrics() },
    accept(raw) {
      checkBranch()
      return waiting.accept(raw)
    },
  })
  const rpc: Rpc = createRpc({
    engine,
    chain: rpcChain,
    clock,
    log,
    ...(host.limits && { limits: host.limits }),
  })
  rpc.extend(causewayMethods({ status, certifier, domain, time: () => clock.now(), slotOf: members.slotOf }))
  const provider = { request: (args: { method: string; params?: unknown }) => rpc.request(args) }
  const plugins: Plugins = await createPlugins({
    ...{ plugins: definition.plugins ?? [], chainId, store, provider, folder: host.folder, methods: rpc.methods, clock, log },
    happenings: { chain, final: () => settled('finalized'), certificates: (from) => certificatesFrom(store, from) },
  })
  rpc.extend(plugins.rpc)

  return {
    chainId,
    engine,
    /** L1 as the node knows it. */
    reader,
    /** What posts the batches: a stepped harness has it look at L1. */
    sender,
    rpc,
    /** EIP-1193. */
    provider,
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
      loops.every('reading L1', 500, steps.l1)
      loops.every('catching up', 5_000, steps.catchUp)
      if (sequencing && blockTimer) {
        mempool.subscribe(blockTimer.transaction)
        loops.add(blockTimer.run(loops.guarded('block building', steps.build)))
        loops.every('posting batches', sequencing.batchInterval, steps.publish)
        loops.every('certification', 500, steps.certify)
      } else loops.every('derivation', 500, steps.derive)
      loops.add(plugins.run(loops.signal))
    },
    /** Stops after the step under way; the store stays open and belongs to whoever made it. */
    async stop(): Promise<void> {
      const ended = loops.stop()
      linkSide.disconnect()
      rpcChain.stop()
      // What it was asked to post is rejected, and posted after a restart.
      await sender?.close()
      await ended
      await linkSide.idle()
      await exclusive(async () => undefined)
      await plugins.dispose()
      await engine.dispose?.()
    },
  }
}
