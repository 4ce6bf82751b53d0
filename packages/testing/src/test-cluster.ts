import { createAggregator, l1Settlement, type Aggregator, type StepResult } from '@causeway/aggregator'
import { causewayHubAbi, type Verifier } from '@causeway/contracts'
import { silentLog, type ClusterLink, type DaDefinition, type DataAvailability, type EpochProver, type Log, type Store } from '@causeway/core'
import { blobs } from '@causeway/da-ethereum'
import { evm } from '@causeway/execution-evm'
import { createL1Reader, createL1Sender, type L1Reader, type L1Sender } from '@causeway/l1'
import { createLinkHub, signVerdict } from '@causeway/messaging'
import { registrationOf, type CertifyTiming, type ChainDefinition, type RollupDefinition } from '@causeway/node'
import { createPublicClient, http, zeroAddress, type LocalAccount, type PublicClient, type Transport } from 'viem'
import { manualClock, type ManualClock } from './manual-clock.js'
import { memoryStore } from './memory-store.js'
import { checkedSettlement, createMockEpochProver } from './mock-epoch-prover.js'
import { createTestChain, testPolicy, type TestChain } from './test-chain.js'
import { startTestL1, type TestL1 } from './test-l1.js'
import { startTestNode, type TestEngine, type TestNode, type TestNodeOptions } from './test-node.js'


/** What a chain is; a function of the L1, if it needs something there first. */
export type TestChainDefinition = ChainDefinition<TestEngine> | ((l1: TestL1) => Promise<ChainDefinition<TestEngine>>)

/** Options of {@link createTestCluster}. */
export type TestClusterOptions = {
  /** At most four: EVM chains over blobs by their names, or a definition with a name. Default: `a` and `b`. */
  chains?: readonly (string | { name: string; rollup: TestChainDefinition })[]
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
  /** Has the folders of a node's plugins, by the node's name. */
  folder?(who: string): string
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
  const { chains: named = ['a', 'b'], clock = manualClock(), log = silentLog, importCap = 10n ** 24n, proofs } = options
  const places = options.places ?? named.length
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

  const given = await Promise.all(named.map(async (chain) => (typeof chain === 'string' ? undefined : typeof chain.rollup === 'function' ? chain.rollup(l1) : chain.rollup)))
  const specs = named.map((chain, i) => {
    const batcher = l1.account(FIRST_BATCHER + i)
    const id = 42001n + BigInt(i)
    const name = typeof chain === 'string' ? chain : chain.name
    const rollup = given[i]
    const base: ChainDefinition<TestEngine> = rollup ?? { chain: { id }, execution: evm({ feeRecipient: batcher.address }), da: blobs({ beaconUrl: anvil.url }) }
    return { name, batcher, base, isPlain: rollup === undefined, chainId: base.chain.id, ...testPolicy(base.chain.id) }
  })
  const definitions = specs.map(({ base, chainId, policy }): RollupDefinition<TestEngine> => ({
    ...base,
    chain: { owner: l1.account(OWNER).address, ...base.chain },
    policy,
    sequencing: { l1Tag: options.l1Tag ?? 'latest', ...(options.maxBacklog !== undefined && { maxBacklog: options.maxBacklog }), ...base.sequencing, certify: { delay: 0, idle: 0, ...options.certify, ...base.sequencing?.certify } },
    interop: { allow: specs.filter((other) => importCap > 0n && other.chainId !== chainId).map((other) => ({ from: other.chainId, rung: 'included', cap: importCap })), ...base.interop },
  }))
  for (const [i, { batcher }] of specs.entries()) {
    const registration = await registrationOf(definitions[i] as RollupDefinition, { l1ChainId: cluster.domain.l1ChainId, bridge: cluster.bridge, batcher: batcher.address })
    await l1.call(OWNER, cluster.hub, { abi: causewayHubAbi, functionName: 'register', args: [{ daAdapter: zeroAddress, ...registration }] })
  }

  const chains = await Promise.all(specs.map((spec, i) => startChain(spec, definitions[i] as RollupDefinition<TestEngine>)))

  async function startChain({ name, chainId, batcher, signers, policy, isPlain }: (typeof specs)[number], definition: RollupDefinition<TestEngine>): Promise<TestChain> {
    const node = async (who: string, rest: Pick<TestNodeOptions, 'signer' | 'batcher'>) => {
      const beaconUrl = (await options.beacon?.(who, anvil.url)) ?? anvil.url
      const chosen = isPlain ? blobs({ beaconUrl }) : definition.da
      const da: DaDefinition = { ...chosen, create: (host) => options.da?.(who, chosen.create(host)) ?? chosen.create(host) }
      return startTestNode({ name: who, definition: { ...definition, da }, cluster, aggregator: l1.account(AGGREGATOR).address, clock, log, store: storeOf(who), ...(options.folder && { folder: options.folder(who) }), transport: transportOf(who, anvil.url), connect: () => connect(who), ...rest })
    }
    const [first, second] = signers as [(typeof signers)[number], (typeof signers)[number]]
    return createTestChain({
      ...{ name, chainId, policy, signers, batcher, definition, l1, clock, blockTime: 1000, settleLink },
      sequencer: await node(`${name}/sequencer`, { batcher, signer: first }),
      follower: await node(`${name}/follower`, { signer: second }),
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
    observe: ({ name, definition }: TestChain): Promise<TestNode> =>
      startTestNode({ name: `${name}/observer`, definition, cluster, clock, log, store: memoryStore(), ...(options.folder && { folder: options.folder(`${name}/observer`) }), transport: transportOf(`${name}/observer`, anvil.url), connect: () => createLinkHub().connect('alone') }),
    stopAggregator,
    /** Ends the aggregator and starts another on the same database, or on the one given. */
    async restartAggregator(store: Store = service.store): Promise<void> {
      await stopAggregator()
      service = startAggregator(store)
    },
    async stop(): Promise<void> {
      await stopAggregator()
      for (const { sequencer, follower } of chains)
        for (const { rollup } of [sequencer, follower]) await rollup.stop()
      await hub.close()
      await l1.stop()
    },
  }
}
