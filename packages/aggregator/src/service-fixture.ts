import {
  applyEpoch,
  CausewayError,
  silentLog,
  toBytes32,
  ZERO_HASH,
  type Certificate,
  type ClusterLink,
  type EpochProof,
  type EpochProver,
  type EpochWitness,
  type LinkEvent,
  type LinkQuery,
  type Store,
} from '@causeway/core'
import { createTwinCluster, manualClock, memoryStore, TEST_BENEFICIARY, TEST_DOMAIN, type TwinChain } from '@causeway/testing'
import type { EpochData } from '@causeway/l1'
import { concatHex, type Address, type Hex } from 'viem'
import { createAggregator, settledEpochOf, type AggregatorEvent, type AggregatorParameters, type SettlementLayer, type StepResult } from './index.js'

/** What the mock prover makes and the mock hub accepts: it names both roots, so it fits no other epoch. */
const mockProof = (rootFrom: Hex, rootTo: Hex): Hex => concatHex([rootFrom, rootTo])

/** For unit tests: proves nothing, but says what the epoch says. */
export function createMockProver({ places = 2 }: { places?: number } = {}): EpochProver & { asked: EpochWitness[]; next: (() => Promise<void>)[] } {
  const asked: EpochWitness[] = []
  const next: (() => Promise<void>)[] = []
  return {
    name: 'mock',
    places,
    asked,
    next,
    async prove(witness, signal): Promise<EpochProof> {
      asked.push(witness)
      const aborted = new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }))
      await Promise.race([next.shift()?.() ?? Promise.resolve(), aborted])
      const { rootTo, publicInputs } = applyEpoch(witness)
      return { proof: mockProof(toBytes32(witness.rootFrom), toBytes32(rootTo)), publicInputs: publicInputs.map(toBytes32) }
    },
    close: async () => undefined,
  }
}

/** For unit tests: an L1 with a hub that checks what the real one does, except that its proofs are the mock prover's. */
export function createMockSettlementLayer(cluster: ReturnType<typeof createTwinCluster>) {
  const epochs: EpochData[] = []
  const hashes = new Map<string, Hex>()
  const refused: string[] = []
  let finalized = 0n
  const rootBefore = cluster.registry.root
  const root = () => epochs.at(-1)?.newRoot ?? toBytes32(rootBefore)
  const refuse = (reason: string): never => {
    refused.push(reason)
    throw new CausewayError(`settle reverts: ${reason}`, { code: 'L1_REVERTED' })
  }
  const batches = new Map<string, bigint>()
  const mock = {
    epochs,
    refused,
    /** Called at the beginning and at the end of each settlement; what it throws is what the caller gets. */
    before: async () => undefined as void,
    after: async () => undefined as void,
    /** L1 learns of the inbox and the batches that a certificate refers to. */
    publish({ before, after, inboxHash, daIndex, daHash }: Certificate) {
      hashes.set(`${before.chainId}/${after.l1InboxCursor}`, inboxHash)
      batches.set(`${before.chainId}/${daHash}`, daIndex)
    },
    forget({ before, after, daHash }: Certificate) {
      hashes.delete(`${before.chainId}/${after.l1InboxCursor}`)
      batches.delete(`${before.chainId}/${daHash}`)
    },
    finalize: () => (finalized = BigInt(epochs.length)),
    /** L1 takes its last epoch back. */
    reorg: () => void epochs.pop(),
    layer: (): SettlementLayer => ({
      domain: TEST_DOMAIN,
      refresh: async () => ({ time: cluster.time, epoch: BigInt(epochs.length), finalizedEpoch: finalized }),
      queue: () => cluster.queue,
      epochs: (from) => epochs.slice(Number(from) - 1).map(settledEpochOf),
      inboxHash: (chainId, index) => (index === 0n ? ZERO_HASH : (hashes.get(`${chainId}/${index}`) ?? null)),
      daIndex: (chainId, daHash) => (daHash === ZERO_HASH ? 0n : (batches.get(`${chainId}/${daHash}`) ?? null)),
      async settle(data, proof) {
        await mock.before()
        if (data.epoch <= BigInt(epochs.length) && epochs[Number(data.epoch) - 1]?.newRoot === data.newRoot) return { adopted: true, transaction: null }
        if (data.epoch !== BigInt(epochs.length) + 1n) refuse('EpochNumberWrong')
        if (data.certificates.length === 0) refuse('NoCertificates')
        for (const { slot, daIndex } of data.certificates) {
          const chainId = cluster.chains.find((chain) => chain.slot === BigInt(slot))?.chainId
          if (![...batches].some(([key, index]) => key.startsWith(`${chainId}/`) && index === daIndex)) refuse('DaIndexUnknown')
        }
        if (data.certificates.some(({ notAfter }) => notAfter < cluster.time)) refuse('CertificateExpired')
        if (proof !== mockProof(root(), data.newRoot)) refuse('ProofInvalid')
        epochs.push(data)
        await mock.after()
        return { adopted: false, transaction: toBytes32(data.epoch) }
      },
    }),
  }
  return mock
}

/** For unit tests: a link with nobody else on it. */
export function createMockLink(): ClusterLink & { said: LinkEvent[]; answers: Map<bigint, Certificate>; deliver(event: LinkEvent): void } {
  const said: LinkEvent[] = []
  const answers = new Map<bigint, Certificate>()
  const handlers = new Set<(event: LinkEvent) => void>()
  return {
    said,
    answers,
    deliver: (event) => handlers.forEach((handler) => handler(event)),
    publish: (event) => void said.push(event),
    subscribe(handler) {
      handlers.add(handler)
      return () => handlers.delete(handler)
    },
    query: async function* (query: LinkQuery) {
      const certificate = answers.get(query.chainId)
      if (query.kind === 'certificate' && certificate) yield { kind: 'certificate' as const, certificate, toBlock: 0n }
    },
    serve: () => () => undefined,
    close: async () => undefined,
  }
}

/** A cluster with a mock L1 and aggregators that share it. */
export function createScene({ chainIds = [101n, 102n], places = 2 }: { chainIds?: bigint[]; places?: number } = {}) {
  const cluster = createTwinCluster(chainIds, { places })
  const l1 = createMockSettlementLayer(cluster)
  const clock = manualClock()
  const scene = {
    cluster,
    l1,
    clock,
    chains: cluster.chains as [TwinChain, TwinChain, TwinChain],
    /** An aggregator; give it an old store to restart it. */
    aggregator(options: Partial<AggregatorParameters> & { store?: Store } = {}) {
      const link = createMockLink()
      const prover = createMockProver({ places })
      const events: AggregatorEvent[] = []
      const store = options.store ?? memoryStore()
      const beneficiary: Address = TEST_BENEFICIARY
      const aggregator = createAggregator({ link, l1: l1.layer(), prover, clock, log: silentLog, beneficiary, signVerdict: async (verdict) => ({ ...verdict, signature: `0x${'00'.repeat(65)}` }), ...options, store })
      aggregator.subscribe((event) => events.push(event))
      return { ...aggregator, link, prover, events, store, run: () => runSteps(aggregator.step) }
    },
    /** Something happens on each chain, and each certifies it; L1 knows what they refer to. */
    async certify(which: readonly TwinChain[] = cluster.chains, options: { notAfter?: bigint } = {}): Promise<Certificate[]> {
      cluster.tick()
      const certificates = await Promise.all(
        which.map((chain) => {
          chain.deposit(1000n)
          return chain.certify(options)
        }),
      )
      certificates.forEach(l1.publish)
      return certificates
    },
  }
  return scene
}

/** Steps until nothing moves any more; the names of the states on the way. */
export async function runSteps(step: () => Promise<StepResult>): Promise<string> {
  const path: string[] = []
  for (let i = 0; i < 50; i++) {
    const { to, progress } = await step()
    if (!progress) return path.join(' ')
    path.push(to)
  }
  throw new Error(`no rest after ${path.join(' ')}`)
}
