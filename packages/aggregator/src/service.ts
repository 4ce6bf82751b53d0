import { CAPACITY, createFairQueue, createSerial, parseCertificate, statement, type Certificate, type Clock, type ClusterLink, type EpochProver, type LinkEvent, type Log, type Store } from '@causeway/core'
import type { Address } from 'viem'
import { createAsking } from './asking.js'
import { createCandidates } from './candidates.js'
import { refusalByL1 } from './eligibility.js'
import { createEngine, isSettled, pendingQueue } from './engine.js'
import type { AggregatorEvent, AggregatorStatus, StepResult } from './events.js'
import { takeCertificate, type Intake } from './intake.js'
import { createJudge } from './judge.js'
import { createRegistryStore } from './registry-store.js'
import { slotOf, type Registry } from './registry.js'
import type { SettlementLayer } from './settlement-layer.js'
import { simulateCertificate, type Simulation } from './simulate.js'
import { createVerdicts, type UnsignedVerdict, type Verdict } from './verdicts.js'
import { createWorkStore, epochOf } from './work.js'

/** What {@link createAggregator} needs. */
export type AggregatorParameters = {
  link: ClusterLink
  l1: SettlementLayer
  prover: EpochProver
  store: Store
  clock: Clock
  log: Log
  /** Gets whatever a settlement earns; the proof names it. */
  beneficiary: Address
  /** Signs a verdict with the account that chains know the aggregator by (`signVerdict` of `@causeway/messaging`). */
  signVerdict(verdict: UnsignedVerdict): Promise<Extract<LinkEvent, { kind: 'verdict' }>>
  /** ms after the first candidate's arrival at which an epoch is composed without the chains that have none, but not within half of it after the last epoch. Default 30,000. */
  epochInterval?: number
  /** ms that proving and settling may take; certificates that end sooner are left out. Default 60,000. */
  provingTime?: number
  /** ms between looks at L1. Default 1,000. */
  pollInterval?: number
  /** Ids of chains that get places before all others, an operator's own say. By default all chains take turns. */
  prefer?: readonly bigint[]
}

/** The cluster service. */
export type Aggregator = {
  /** Works until {@link Aggregator.stop}. */
  start(): void
  /** Stops working; everything is on disk. Resolves when nothing runs any more. */
  stop(): Promise<void>
  /** Drives one transition, without waiting for time to pass. Steps follow each other, also with `start`. */
  step(signal?: AbortSignal): Promise<StepResult>
  status(): AggregatorStatus
  /** Takes a certificate as if it had come over the link. */
  submit(certificate: unknown): Promise<Intake>
  /** The twin's verdict, and L1's, on a certificate as things are, other candidates counted in. @throws `MALFORMED`, `OUT_OF_RANGE` */
  simulate(certificate: unknown): Promise<Simulation>
  /** The registry as of the last look at L1. */
  registry(): Registry
  subscribe(listener: (event: AggregatorEvent) => void): () => void
}

/** Certificates of one chain that wait to be judged, and chains with such. Chains repeat theirs every few seconds. */
const INCOMING = { perKey: 8, keys: 1_024 }
/** ms between looks at L1 for the sake of a chain that is not known. */
const LOOK_INTERVAL = 1_000n

/** Makes the cluster service: it collects certificates, composes epochs, has them proven and settles them. */
export function createAggregator(parameters: AggregatorParameters): Aggregator {
  const { link, l1, prover, store, clock, log, beneficiary, signVerdict } = parameters
  const { epochInterval = 30_000, provingTime = 60_000, pollInterval = 1000, prefer = [] } = parameters
  const { domain } = l1
  const candidates = createCandidates({ store, domain, log })
  const judge = createJudge(domain)
  const statementOf = createStatements()
  const listeners = new Set<(event: AggregatorEvent) => void>()
  const [steps, intakes] = [createSerial(), createSerial()]
  const stopping = new AbortController()
  let wake = new AbortController()
  let running: Promise<void> | undefined

  const emit = (event: AggregatorEvent) => {
    for (const listener of listeners) listener(event)
  }
  const saying = createSerial()
  const verdicts = createVerdicts((verdict) => {
    emit(verdict)
    saying(async () => link.publish(await signVerdict(verdict))).catch((error: unknown) => log.error('a verdict was not published', { error: String(error) }))
  }, () => clock.now())
  const tell = (certificate: Certificate, epoch: bigint, verdict: Verdict) => verdicts.say(certificate, statementOf(certificate), epoch, verdict)
  const verdictOf = (certificate: Certificate) => verdicts.of(statementOf(certificate))?.verdict
  const registries = createRegistryStore(store)
  const works = createWorkStore(store)
  const engine = createEngine({ l1, prover, clock, log, beneficiary, prefer, epochInterval, provingTime, pollInterval, registries, candidates, works, judge, emit, tell, verdictOf, askForMissing })

  /** One certificate's statement is hashed once. */
  function createStatements(): (certificate: Certificate) => bigint {
    const known = new WeakMap<Certificate, bigint>()
    return (certificate) => {
      const signed = known.get(certificate) ?? statement(domain, certificate)
      known.set(certificate, signed)
      return signed
    }
  }

  const ask = createAsking({
    ...{ link, clock, log, signal: stopping.signal },
    async take(chainId, certificate) {
      const intake = await submit(certificate)
      // One that has settled is the word of a chain that is there and has no other.
      return (intake.accepted || intake.code === 'STALE_CERTIFICATE') && intake.certificate?.before.chainId === chainId
    },
  })
  function askForMissing(): Promise<void> {
    const chains = [...[...engine.registry.headers.values()].map(({ chainId }) => chainId), ...pendingQueue(l1, engine.registry).slice(0, CAPACITY.queue).map(({ chainId }) => chainId)]
    const held = new Set(candidates.list().flatMap(({ certificate }) => (isSettled(certificate, engine.registry) || verdictOf(certificate) === 'invalid' ? [] : [certificate.before.chainId])))
    return ask(chains.filter((chainId) => !held.has(chainId)))
  }

  /** Looks at L1 because of a chain that is not known: strangers name such chains as often as they like. */
  let looked = -LOOK_INTERVAL
  async function lookForChain(): Promise<boolean> {
    if (clock.now() - looked < LOOK_INTERVAL) return false
    looked = clock.now()
    await engine.sync()
    return true
  }

  async function take(raw: unknown): Promise<Intake> {
    if (!engine.view) await engine.sync()
    const taken = () => takeCertificate(raw, { domain, registry: engine.registry, queue: pendingQueue(l1, engine.registry), candidates, judge, suspect: engine.suspect, now: clock.now() })
    let intake = await taken()
    // Its registration may be newer than our last look at L1.
    if (!intake.accepted && intake.code === 'UNKNOWN_CHAIN' && (await lookForChain())) intake = await taken()
    if (!intake.accepted) {
      log[intake.copy ? 'debug' : 'warn']('certificate refused', { chainId: intake.certificate?.before.chainId, code: intake.code, reason: intake.reason })
      // Nobody is told of what nobody has signed.
      if (intake.certificate && !intake.copy) tell(intake.certificate, engine.registry.epoch + 1n, intake)
    } else if (intake.new) {
      emit({ kind: 'candidate', chainId: intake.certificate.before.chainId, height: intake.certificate.after.height, statement: intake.statement })
      wake.abort()
    }
    return intake
  }
  const submit = (raw: unknown) => intakes(() => take(raw))

  // What comes over the link waits in a queue with an end; there is never more than one turn for each that waits.
  const incoming = createFairQueue<Certificate>(INCOMING)
  let turns = 0
  function hear(certificate: Certificate): void {
    const { chainId } = certificate.before
    const isMember = slotOf(engine.registry, chainId) !== undefined || pendingQueue(l1, engine.registry).some((entry) => entry.chainId === chainId)
    incoming.push(isMember ? String(chainId) : 'unknown', certificate)
    if (turns >= incoming.size) return
    turns++
    intakes(async () => {
      turns--
      const next = incoming.shift()
      if (next) await take(next)
      const lost = incoming.takeLost()
      if (lost > 0) log.warn('more certificates came than could be judged; the oldest of the chains that sent most were lost', { lost })
    }).catch((error: unknown) => log.error('a certificate was lost', { error: String(error) }))
  }
  const unsubscribe = link.subscribe((event) => {
    if (event.kind === 'certificate') hear(event.certificate)
  })

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      wake = new AbortController()
      let wait = pollInterval
      try {
        if ((await step()).progress) wait = 0
      } catch (error) {
        log.error('the aggregator stumbled', { error: error instanceof Error ? error.message : String(error) })
        wait = 5 * pollInterval
      }
      if (wait > 0) await clock.sleep(wait, AbortSignal.any([stopping.signal, wake.signal]))
    }
  }

  const step = (outer?: AbortSignal) =>
    steps(async () => {
      // What came before the step is in it.
      await intakes(async () => undefined)
      const result = await engine.step(outer ? AbortSignal.any([outer, stopping.signal]) : stopping.signal)
      await saying(async () => undefined)
      return result
    })

  return {
    start() {
      running ??= run()
    },
    async stop() {
      stopping.abort(new Error('the aggregator stops'))
      unsubscribe()
      await running
      await steps(async () => undefined)
      await intakes(async () => undefined)
    },
    step,
    submit,
    async simulate(raw) {
      const certificate = parseCertificate(raw)
      const { time } = engine.view ?? (await engine.sync())
      const others = candidates.list().map((item) => item.certificate)
      const simulation = simulateCertificate(engine.registry, certificate, { domain, time, queue: pendingQueue(l1, engine.registry), candidates: others, judge })
      return simulation.verdict === 'valid' ? (refusalByL1(certificate, l1, { time, until: time + BigInt(provingTime) }) ?? simulation) : simulation
    },
    registry: () => engine.registry,
    status() {
      const { work, registry } = engine
      return {
        state: work.state,
        epoch: epochOf(work),
        failures: work.state === 'settled' ? 0 : work.failures,
        settled: { epoch: registry.epoch, root: registry.root, chains: registry.headers.size },
        candidates: candidates.list().map(({ certificate, statement: signed, receivedAt }) => ({
          chainId: certificate.before.chainId,
          height: certificate.after.height,
          statement: signed,
          receivedAt,
          verdict: verdicts.of(signed),
        })),
      }
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
