import { createAggregator, l1Settlement, type Aggregator, type StepResult } from '@causeway/aggregator'
import type { Verifier } from '@causeway/contracts'
import { DA_KINDS, encodePolicy, silentLog, type ClusterLink, type DaKind, type DataAvailability, type EpochProver, type ExecutionDefinition, type Log, type Store } from '@causeway/core'
import { createL1Reader, createL1Sender, registerChain, type L1Reader, type L1Sender } from '@causeway/l1'
import { createLinkHub, signVerdict } from '@causeway/messaging'
import type { CertifyTiming } from '@causeway/node'
import { createPublicClient, http, type Address, type LocalAccount, type PublicClient, type Transport } from 'viem'
import { manualClock, type ManualClock } from './manual-clock.js'
import { memoryStore } from './memory-store.js'
import { checkedSettlement, createMockEpochProver } from './mock-epoch-prover.js'
import { createTestChain, testPolicy, type TestChain } from './test-chain.js'
import { startTestL1 } from './test-l1.js'
import { startTestNode, testExecution, type TestEngine, type TestNode, type TestNodeOptions } from './test-node.js'

export * from './faults.js'
export type { BlobFaults } from './faulty-beacon.js'
export type { StoreFaults } from './faulty-store.js'
export type { L1Faults } from './faulty-l1.js'
export * from './mock-epoch-prover.js'
export * from './test-chain.js'
export * from './test-l1.js'
export * from './test-node.js'

/** Options of {@link createTestCluster}. */
export type TestClusterOptions = {
  /** Default: `a` and `b`; at most four. */
  chains?: readonly string[]
  /** The engine of a chain. Default: the EVM. */
  execution?(chain: string, feeRecipient: Address): ExecutionDefinition<TestEngine>
  /** How chains post, by name. Default: `blobs`. */
  daKinds?: Readonly<Record<string, DaKind>>
  /** Makes real proofs against a real verifier. Default: `MockVerifier` and a `MockEpochProver`; the twin judges all the same. */
  proofs?: { verifier: Verifier; prover: EpochProver }
  /** Certificate places of the mock prover. Default: one a chain. */
  places?: number
  clock?: ManualClock
  /** How sure an L1 inbox entry must be before a block takes it. Default `latest`, so that tests need not mine on. */
  l1Tag?: 'latest' | 'safe'
  certify?: Partial<CertifyTiming>
  /** Certificates that the blocks of a chain may be ahead of L1. Default: the node's. */
  maxBacklog?: number
  /** Unsettled value (wei) that chains accept of each other at `included`. Default 10^24; 0: nothing before it has settled. */
  importCap?: bigint
  /** A database for a node (`a/sequencer`, `a/follower`, …, `aggregator`). Default: in memory. */
  store?(who: string): Store
  /** Puts faults (see {@link createFaults}) in front of a node's L1, its beacon API, its DA layer or its link, by the node's name. */
  transport?(who: string, url: string): Transport
  beacon?(who: string, url: string): Promise<string>
  da?(who: string, da: DataAvailability): DataAvailability
  link?(who: string, link: ClusterLink): ClusterLink
  log?: Log
}

/** A whole cluster in this process in which nothing happens but by a step. */
export type TestCluster = Awaited<ReturnType<typeof createTestCluster>>

const OWNER = 0
const AGGREGATOR = 1
const FIRST_BATCHER = 2
const FIRST_USER = 6
const STEPS = 100

/**
 * Starts L1, deploys the real contracts, registers the chains and starts their nodes and the aggregator; none of them does anything
 * by itself, and time stands still, so that a test is the same each time.
 *
 * @example
 * const cluster = await createTestCluster()
 * const [a, b] = cluster.chains
 * await cluster.l1.deposit({ chainId: a.chainId, amount: 10n ** 18n, recipient: cluster.users[0].address })
 * await a.advance()
 * await cluster.settle()
 * await cluster.stop()
 */
export async function createTestCluster(options: TestClusterOptions = {}) {
  const { chains: names = ['a', 'b'], clock = manualClock(), log = silentLog, importCap = 10n ** 24n, proofs } = options
  const places = options.places ?? names.length
  const storeOf = options.store ?? (() => memoryStore())
  const l1 = await startTestL1({ clock, ...(proofs && { verifier: proofs.verifier }) })
  const { cluster, anvil } = l1
  const hub = createLinkHub({ log })
  const transportOf = options.transport ?? ((_who: string, url: string) => http(url, { retryCount: 0, timeout: 60_000 }))

  // Every event is counted, so that the link can be waited for.
  let traffic = 0
  function connect(who: string): ClusterLink {
    const link = hub.connect(who)
    const counted: ClusterLink = {
      ...link,
      publish(event) {
        traffic++
        link.publish(event)
      },
      subscribe: (handler) =>
        link.subscribe((event) => {
          traffic++
          handler(event)
        }),
    }
    return options.link?.(who, counted) ?? counted
  }

  const ids = names.map((_, i) => 42001n + BigInt(i))
  const daKindOf = (name: string): DaKind => options.daKinds?.[name] ?? 'blobs'
  const specs = names.map((name, i) => {
    const chainId = ids[i] as bigint
    const batcher = l1.account(FIRST_BATCHER + i)
    return { name, chainId, batcher, execution: options.execution?.(name, batcher.address) ?? testExecution(batcher.address), ...testPolicy(chainId) }
  })
  for (const { name, chainId, batcher, policy, execution } of specs) {
    const { stateRoot } = await execution.create({ chainId, l1: { chainId: cluster.domain.l1ChainId, bridge: cluster.bridge }, store: memoryStore() }).genesis()
    const registration = { chainId, stateRoot, policy: encodePolicy(policy), batcher: batcher.address, owner: l1.account(OWNER).address, daKind: DA_KINDS[daKindOf(name)], spec: '' }
    await l1.drive(registerChain({ client: l1.client, wallet: l1.wallet(OWNER), hub: cluster.hub, registration }), [])
  }

  const chains = await Promise.all(specs.map(startChain))

  async function startChain({ name, chainId, batcher, signers, policy, execution }: (typeof specs)[number]): Promise<TestChain> {
    const node = async (who: string, rest: Pick<TestNodeOptions, 'role' | 'signer'> & { batcher?: LocalAccount }) =>
      startTestNode({
        ...{ name: who, chainId, cluster, policy, owner: l1.account(OWNER).address, daKind: daKindOf(name), execution, aggregator: l1.account(AGGREGATOR).address, clock, log, store: storeOf(who) },
        ...{ transport: transportOf(who, anvil.url), beaconUrl: (await options.beacon?.(who, anvil.url)) ?? anvil.url, connect: () => connect(who) },
        ...(options.da && { wrapDa: (da: DataAvailability) => options.da?.(who, da) ?? da }),
        ...rest,
      })
    const allow = new Map(importCap === 0n ? [] : ids.filter((id) => id !== chainId).map((id) => [id, { rung: 'included' as const, cap: importCap }]))
    const certify = { delay: 0, idle: 0, ...options.certify }
    const [first, second] = signers as [(typeof signers)[number], (typeof signers)[number]]
    return createTestChain({
      ...{ name, chainId, policy, signers, batcher, execution, l1, clock, blockTime: 1000, settleLink },
      sequencer: await node(`${name}/sequencer`, { batcher, signer: first, role: { kind: 'sequencer', batcher, allow, certify, l1Tag: options.l1Tag ?? 'latest', ...(options.maxBacklog !== undefined && { maxBacklog: options.maxBacklog }) } }),
      follower: await node(`${name}/follower`, { signer: second, role: { kind: 'follower' } }),
    })
  }

  const prover = proofs?.prover ?? createMockEpochProver({ places })
  let service = startAggregator(storeOf('aggregator'))

  function startAggregator(store: Store) {
    const client: PublicClient = createPublicClient({ transport: transportOf('aggregator', anvil.url), cacheTime: 0 })
    const reader: L1Reader = createL1Reader({ client, addresses: cluster, clock, log })
    const account = l1.account(AGGREGATOR)
    const sender: L1Sender = createL1Sender({ client, account, clock, log })
    const settlement = l1Settlement({ domain: cluster.domain, client, reader, sender, log, at: 'latest' })
    const link = connect('aggregator')
    const layer = proofs ? settlement : checkedSettlement(settlement, { client, hub: cluster.hub })
    const aggregator: Aggregator = createAggregator({ link, l1: layer, prover, store, clock, log, beneficiary: account.address, signVerdict: (verdict) => signVerdict(cluster.domain, verdict, account), epochInterval: 0, provingTime: 10_000 })
    return { aggregator, sender, reader, store, link }
  }
  async function stopAggregator(): Promise<void> {
    await service.aggregator.stop()
    await service.sender.close()
    await service.link.close()
  }

  /** Resolves when every event on the link, and what followed from it, was handled. Late ones of a faulty link wait for the clock. */
  async function settleLink(): Promise<void> {
    for (let before = -1; before !== traffic; ) {
      before = traffic
      await new Promise((resolve) => setImmediate(resolve))
      for (const { sequencer, follower } of chains ?? []) for (const { rollup } of [sequencer, follower]) await rollup.idle()
      // Certificates are taken one after the other: once this one is refused, those before it were judged.
      await service?.aggregator.submit(null).catch((error: unknown) => log.debug('the aggregator cannot judge certificates now', { error }))
    }
  }

  const step = (): Promise<StepResult> => l1.drive(service.aggregator.step(), [service.sender])

  return {
    l1,
    clock,
    chains: chains as [TestChain, TestChain, TestChain, TestChain],
    /** Funded on L1; keys of L2 users too. */
    users: [0, 1, 2].map((i) => l1.account(FIRST_USER + i)) as [LocalAccount, LocalAccount, LocalAccount],
    domain: cluster.domain,
    contracts: cluster,
    hub,
    /** Connects somebody else to the link. */
    connect,
    settleLink,
    prover: prover as ReturnType<typeof createMockEpochProver>,
    get aggregator(): Aggregator {
      return service.aggregator
    },
    /** One transition of the aggregator; L1 mines what it sends. */
    step,
    /** Steps the aggregator until it has nothing to do, and lets every node see it. Resolves to the states on the way. */
    async settle(): Promise<string[]> {
      const path: string[] = []
      for (let i = 0; i < STEPS; i++) {
        const { to, progress } = await step()
        if (progress) path.push(to)
        else break
      }
      await settleLink()
      for (const chain of chains) await chain.look()
      return path
    },
    /** One block on each chain, posted, derived, certified; then settled. */
    async round(): Promise<void> {
      for (const chain of chains) await chain.advance()
      await this.settle()
    },
    /** Starts a follower of a chain with an empty database, no key, and nobody on its link: all that it knows comes from L1. */
    observe: ({ name, chainId, policy, execution }: TestChain): Promise<TestNode> =>
      startTestNode({
        ...{ name: `${name}/observer`, chainId, cluster, policy, owner: l1.account(OWNER).address, daKind: daKindOf(name), role: { kind: 'follower' }, execution, clock, log, store: memoryStore() },
        ...{ transport: transportOf(`${name}/observer`, anvil.url), beaconUrl: anvil.url, connect: () => createLinkHub().connect('alone') },
      }),
    stopAggregator,
    /** Ends the aggregator and starts another on the same database, or on the one given. */
    async restartAggregator(store: Store = service.store): Promise<void> {
      await stopAggregator()
      service = startAggregator(store)
    },
    async stop(): Promise<void> {
      await stopAggregator()
      for (const { sequencer, follower } of chains)
        for (const { rollup, sender } of [sequencer, follower]) {
          await sender?.close()
          await rollup.stop()
        }
      await hub.close()
      await l1.stop()
    },
  }
}
