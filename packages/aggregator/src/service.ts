import { CAPACITY, createFairQueue, createSerial, parseCertificate, statement, type Certificate, type Clock, type ClusterLink, type EpochProver, type LinkEvent, type Log, type Store } from '@causeway/core'
import type { Address } from 'viem'
import { admitCertificate, type Admission } from './certificates/admission.js'
import { createCandidates } from './certificates/candidates.js'
import { refusalByL1 } from './certificates/l1-conditions.js'
import { createRequester } from './certificates/request.js'
import { simulateCertificate, type Simulation } from './certificates/simulate.js'
import { cachedValidation } from './certificates/validation.js'
import { createVerdicts, type UnsignedVerdict, type Verdict } from './certificates/verdicts.js'
import { createEpochStateStore, epochOf } from './epoch/epoch-state.js'
import type { AggregatorEvent, AggregatorStatus, StepResult } from './events.js'
import { createRegistryStore } from './registry/registry-store.js'
import { isSettled, pendingQueue, slotOf, type Registry } from './registry/registry.js'
import type { SettlementLayer } from './settlement/settlement-layer.js'
import { createStateMachine } from './state-machine.js'

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
  submit(certificate: unknown): Promise<Admission>
  /** The twin's verdict, and L1's, on a certificate as things are, other candidates counted in. @throws `MALFORMED`, `OUT_OF_RANGE` */
  simulate(certificate: unknown): Promise<Simulation>
  /** The registry as of the last look at L1. */
  registry(): Registry
  subscribe(listener: (event: AggregatorEvent) => void): () => void
}

/** Certificates of one chain that wait to be checked, and chains with such. Chains repeat theirs every few seconds. */
const INCOMING = { perKey: 8, keys: 1_024 }
/** ms between looks at L1 for the sake of a chain that is not known. */
const LOOK_INTERVAL = 1_000n

/** Makes the cluster service: it collects certificates, composes epochs, has them proven and settles them. */
export function createAggregator(parameters: AggregatorParameters): Aggregator {
  const { link, l1, prover, store, clock, log, beneficiary, signVerdict } = parameters
  const { epochInterval = 30_000, provingTime = 60_000, pollInterval = 1000, prefer = [] } = parameters
  const { domain } = l1
  const candidates = createCandidates({ store, domain, log })
  const validate = cachedValidation(domain)
  const statementOf = createStatements()
  const listeners = new Set<(event: AggregatorEvent) => void>()
  const [steps, admissions] = [createSerial(), createSerial()]
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
  const states = createEpochStateStore(store)
  const machine = createStateMachine({ l1, prover, clock, log, beneficiary, prefer, epochInterval, provingTime, pollInterval, registries, candidates, states, validate, emit, tell, verdictOf, requestMissing })

  /** One certificate's statement is hashed once. */
  function createStatements(): (certificate: Certificate) => bigint {
    const known = new WeakMap<Certificate, bigint>()
    return (certificate) => {
      const signed = known.get(certificate) ?? statement(domain, certificate)
      known.set(certificate, signed)
      return signed
    }
  }

  const requestCertificates = createRequester({
    ...{ link, clock, log, signal: stopping.signal },
    async take(chainId, certificate) {
      const admission = await submit(certificate)
      // One that has settled is the word of a chain that is there and has no other.
      return (admission.accepted || admission.code === 'STALE_CERTIFICATE') && admission.certificate?.before.chainId === chainId
    },
  })
  function requestMissing(): Promise<void> {
    const chains = [...[...machine.registry.headers.values()].map(({ chainId }) => chainId), ...pendingQueue(l1, machine.registry).slice(0, CAPACITY.queue).map(({ chainId }) => chainId)]
    const held = new Set(candidates.list().flatMap(({ certificate }) => (isSettled(certificate, machine.registry) || verdictOf(certificate) === 'invalid' ? [] : [certificate.before.chainId])))
    return requestCertificates(chains.filter((chainId) => !held.has(chainId)))
  }

  /** Looks at L1 because of a chain that is not known: strangers name such chains as often as they like. */
  let looked = -LOOK_INTERVAL
  async function lookForChain(): Promise<boolean> {
    if (clock.now() - looked < LOOK_INTERVAL) return false
    looked = clock.now()
    await machine.sync()
    return true
  }

  async function take(raw: unknown): Promise<Admission> {
    if (!machine.view) await machine.sync()
    const taken = () => admitCertificate(raw, { domain, registry: machine.registry, queue: pendingQueue(l1, machine.registry), candidates, validate, suspect: machine.suspect, now: clock.now() })
    let admission = await taken()
    // Its registration may be newer than our last look at L1.
    if (!admission.accepted && admission.code === 'UNKNOWN_CHAIN' && (await lookForChain())) admission = await taken()
    if (!admission.accepted) {
      log[admission.copy ? 'debug' : 'warn']('certificate refused', { chainId: admission.certificate?.before.chainId, code: admission.code, reason: admission.reason })
      // Nobody is told of what nobody has signed.
      if (admission.certificate && !admission.copy) tell(admission.certificate, machine.registry.epoch + 1n, admission)
    } else if (admission.new) {
      emit({ kind: 'candidate', chainId: admission.certificate.before.chainId, height: admission.certificate.after.height, statement: admission.statement })
      wake.abort()
    }
    return admission
  }
  const submit = (raw: unknown) => admissions(() => take(raw))

  // What comes over the link waits in a queue with an end; there is never more than one turn for each that waits.
  const incoming = createFairQueue<Certificate>(INCOMING)
  let turns = 0
  function hear(certificate: Certificate): void {
    const { chainId } = certificate.before
    const isMember = slotOf(machine.registry, chainId) !== undefined || pendingQueue(l1, machine.registry).some((entry) => entry.chainId === chainId)
    incoming.push(isMember ? String(chainId) : 'unknown', certificate)
    if (turns >= incoming.size) return
    turns++
    admissions(async () => {
      turns--
      const next = incoming.shift()
      if (next) await take(next)
      const lost = incoming.takeLost()
      if (lost > 0) log.warn('more certificates came than could be checked; the oldest of the chains that sent most were lost', { lost })
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
      await admissions(async () => undefined)
      const result = await machine.step(outer ? AbortSignal.any([outer, stopping.signal]) : stopping.signal)
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
      await admissions(async () => undefined)
    },
    step,
    submit,
    async simulate(raw) {
      const certificate = parseCertificate(raw)
      const { time } = machine.view ?? (await machine.sync())
      const others = candidates.list().map((item) => item.certificate)
      const simulation = simulateCertificate(machine.registry, certificate, { domain, time, queue: pendingQueue(l1, machine.registry), candidates: others, validate })
      return simulation.verdict === 'valid' ? (refusalByL1(certificate, l1, { time, until: time + BigInt(provingTime) }) ?? simulation) : simulation
    },
    registry: () => machine.registry,
    status() {
      const { state, registry } = machine
      return {
        state: state.state,
        epoch: epochOf(state),
        failures: state.state === 'settled' ? 0 : state.failures,
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
