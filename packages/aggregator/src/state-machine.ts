import { CAPACITY, createSerial, errorCode, type Certificate, type Clock, type EpochProver, type EpochWitness, type Log } from '@causeway/core'
import type { Address, Hex } from 'viem'
import type { CandidateCertificate, Candidates } from './certificates/candidates.js'
import { createFailureRecord } from './certificates/failures.js'
import { refusalByL1 } from './certificates/l1-conditions.js'
import type { cachedValidation } from './certificates/validation.js'
import type { Verdict } from './certificates/verdicts.js'
import { composeEpoch } from './epoch/compose.js'
import { epochDataFor } from './epoch/epoch-data.js'
import { COLLECTING, epochOf, type ProvenEpoch, type EpochState, type EpochStateStore } from './epoch/epoch-state.js'
import { fairOrder } from './epoch/fair-order.js'
import { proveWatched } from './epoch/prove.js'
import type { AggregatorEvent, StepResult } from './events.js'
import type { RegistryStore } from './registry/registry-store.js'
import { isSettled, pendingQueue, slotOf, type Registry } from './registry/registry.js'
import { syncRegistry } from './registry/sync.js'
import type { SettlementLayer, SettlementView } from './settlement/settlement-layer.js'

/** What the state machine works with. */
export type StateMachineParameters = {
  l1: SettlementLayer
  prover: EpochProver
  clock: Clock
  log: Log
  beneficiary: Address
  /** Chains that get places before others. */
  prefer: readonly bigint[]
  epochInterval: number
  provingTime: number
  pollInterval: number
  registries: RegistryStore
  candidates: Candidates
  states: EpochStateStore
  validate: ReturnType<typeof cachedValidation>
  emit(event: AggregatorEvent): void
  /** Tells a chain how its certificate does. */
  tell(certificate: Certificate, epoch: bigint, verdict: Verdict): void
  /** What it was told last. */
  verdictOf(certificate: Certificate): Verdict['verdict'] | undefined
  /** Asks for certificates of chains that have none. */
  requestMissing(): Promise<void>
}

/** The state machine of epochs, without the world around it. */
export type StateMachine = {
  /** One transition. Calls must not overlap. */
  step(signal: AbortSignal): Promise<StepResult>
  /** Looks at L1 and follows it; may be called any time. */
  sync(): Promise<SettlementView>
  readonly state: EpochState
  readonly registry: Registry
  /** Whether a certificate was in an epoch that was refused, though nothing was wrong with it by itself. */
  suspect(certificate: Certificate): boolean
  /** L1 as of the last look, if there was one. */
  readonly view: SettlementView | undefined
}

/** Pause after failure number n, ms. */
const backoff = (failures: number) => BigInt(Math.min(60_000, 1000 * 2 ** Math.min(failures, 10)))
/** Failures after which an epoch is composed anew: something in it may be the cause. */
const ATTEMPTS = 5
/** How long (ms of L1 time) a certificate is kept after its end, in case L1 goes back. */
const KEPT_EXPIRED = 3_600_000n
/** Age (ms of L1 time) at which an epoch is composed anew; the hub takes none older than two hours. */
const MAX_AGE = 90n * 60_000n
/** ms to wait for L1's answer to show an epoch that was mined. */
const SHOW_INTERVAL = 60_000n

/** Makes the state machine; it goes on from where its stores left off. */
export function createStateMachine(parameters: StateMachineParameters): StateMachine {
  const { l1, prover, clock, log, beneficiary, prefer, epochInterval, provingTime, pollInterval, registries, candidates, states, validate, emit, tell, verdictOf, requestMissing } = parameters
  const syncs = createSerial()
  const failureRecord = createFailureRecord()
  let registry = registries.latest()
  let current = states.load()
  let view: SettlementView | undefined
  /** When the last epoch was done, by the host's clock. */
  let freeSince = 0n

  async function move(to: EpochState, reason: string, settled?: ProvenEpoch): Promise<void> {
    const [from, epoch] = [current, epochOf(to) ?? epochOf(current)]
    await states.save(to, settled ? { settled } : {})
    current = to
    log.info(`epoch ${epoch ?? ''} ${to.state}`, { from: from.state, reason })
    emit({ kind: 'transition', from: from.state, to: to.state, epoch, reason })
  }

  /** Looks at L1 and does what follows from it. */
  const sync = () =>
    syncs(async (): Promise<SettlementView> => {
      const seen = await l1.refresh()
      const { registry: now, applied, removed } = await syncRegistry(registry, l1, registries)
      registry = now
      view = seen
      if (removed > 0n) {
        log.warn('L1 took epochs back', { epochs: removed })
        emit({ kind: 'rewound', epoch: now.epoch - BigInt(applied.length) })
      }
      for (const { epoch, newRoot } of applied) emit({ kind: 'epoch', epoch, root: newRoot })
      await states.prune(seen.finalizedEpoch)
      const final = registries.at(seen.finalizedEpoch)
      await candidates.remove(candidates.list().filter(({ certificate }) => isSettled(certificate, final) || certificate.notAfter + KEPT_EXPIRED < seen.time))
      return seen
    })

  /** What L1 makes of the epoch under way. True if it moved. */
  async function reconcile({ time }: SettlementView): Promise<boolean> {
    if (current.state === 'collecting' || current.state === 'settled') {
      if (current.state === 'settled' && registry.epoch < current.epoch && clock.now() < current.since + SHOW_INTERVAL) return false
      const ours = states.settled(registry.epoch + 1n)
      if (!ours || ours.witness.rootFrom !== registry.root) return false
      await move({ ...ours, state: 'settling', failures: 0, notBefore: 0n }, 'L1 took the epoch back; its proof still holds')
      return true
    }
    const { witness, result } = current
    if (l1.epochs(witness.epoch)[0]?.newRoot === result.rootTo) await settled(null, 'L1 has it')
    else if (registry.epoch >= witness.epoch) await discard('another epoch landed first', 0)
    else if (witness.rootFrom !== registry.root) await discard('L1 went back behind its root', 0)
    else if (time > witness.time + MAX_AGE) await discard('it is too old to settle', 0)
    else if (witness.certificates.some(({ certificate }) => certificate.notAfter < time)) await discard('a certificate in it has ended', 0)
    else return false
    return true
  }

  /** Certificates are candidates until they settle for good, so nothing has to be put back. */
  async function discard(reason: string, failures: number): Promise<void> {
    if (current.state === 'collecting' || current.state === 'settled') return
    const { epoch } = current.witness
    await move({ state: 'collecting', failures, notBefore: failures > 0 ? clock.now() + backoff(failures) : 0n }, reason)
    await states.forget(epoch)
  }

  async function settled(transaction: Hex | null, reason: string): Promise<void> {
    if (current.state === 'collecting' || current.state === 'settled') return
    const { witness, result } = current
    await move({ state: 'settled', epoch: witness.epoch, root: result.rootTo, transaction, since: clock.now() }, reason, 'proof' in current ? current : undefined)
  }

  async function failed(error: unknown): Promise<string> {
    if (current.state === 'collecting' || current.state === 'settled') return ''
    const { witness } = current
    const reason = error instanceof Error ? error.message : String(error)
    const code = errorCode(error) === 'PROOF_FAILED' ? (errorCode((error as Error).cause) ?? '') : (errorCode(error) ?? '')
    const failures = current.failures + 1
    log.error(`epoch ${witness.epoch}: ${current.state} failed`, { failures, code, error: reason })
    const hopeless = code === 'L1_REVERTED' || code === 'EPOCH_SUPERSEDED' || code === 'UNSATISFIED' || code.startsWith('RULE_')
    // Whoever was superseded was only slower than others.
    if (hopeless && code !== 'EPOCH_SUPERSEDED') failureRecord.note(candidatesIn(witness), code, witness.epoch)
    if (hopeless || failures % ATTEMPTS === 0) await discard(reason, failures)
    else {
      const again = { ...current, failures, notBefore: clock.now() + backoff(failures) }
      await states.save(again)
      current = again
    }
    return reason
  }

  /** Certificates that could be in the next epoch as far as L1 goes, oldest first; the others hear why not. */
  function eligible(seen: SettlementView): CandidateCertificate[] {
    const until = seen.time + BigInt(provingTime)
    return candidates.list().filter(({ certificate }) => {
      if (isSettled(certificate, registry)) return false
      const refusal = failureRecord.refusal(certificate) ?? refusalByL1(certificate, l1, { time: seen.time, until })
      if (refusal) tell(certificate, registry.epoch + 1n, refusal)
      return !refusal
    })
  }

  /** The candidates that an epoch was composed of, by what they become: after a restart they are other objects than the epoch's. */
  function candidatesIn({ certificates }: EpochWitness): Certificate[] {
    const known = candidates.list().map(({ certificate }) => certificate)
    return certificates.flatMap(({ certificate: { after } }) => known.filter((item) => item.after.chainId === after.chainId && item.after.height === after.height && item.after.stateRoot === after.stateRoot && item.after.timestamp === after.timestamp))
  }

  async function collect(seen: SettlementView): Promise<string | null> {
    if (current.state !== 'collecting') return null
    const { failures } = current
    if (clock.now() < current.notBefore) return 'pausing after a failure'
    await requestMissing()
    const open = eligible(seen)
    const queue = pendingQueue(l1, registry)
    const ready = open.filter(({ certificate: { before } }) => (registry.headers.get(slotOf(registry, before.chainId) ?? -1n)?.height ?? 0n) === before.height)
    const chains = new Set(ready.map(({ certificate }) => certificate.before.chainId))
    // Whoever was told to wait does not make the others hurry.
    const first = ready.find(({ certificate }) => verdictOf(certificate) !== 'waiting') ?? ready[0]
    if (!first) return queue.length > 0 ? 'registrations wait for the first certificate' : 'no certificates'
    const members = registry.headers.size + Math.min(queue.length, CAPACITY.queue)
    // Chains that have just settled need a moment for their next certificate: else two would take turns for ever, each in an epoch of its own.
    const patience = [first.receivedAt + BigInt(epochInterval), freeSince + BigInt(epochInterval) / 2n]
    if (chains.size < Math.min(members, prover.places) && patience.some((end) => clock.now() < end)) return `${chains.size} of ${members} chains have a certificate`

    const order = fairOrder(open.map(({ certificate, receivedAt }) => ({ certificate, chainId: certificate.before.chainId, receivedAt, ...failureRecord.of(certificate) })), registry, prefer)
    const compose = (places: number, left: readonly Certificate[] = []) =>
      composeEpoch({ registry, domain: l1.domain, time: seen.time, beneficiary, queue, candidates: order.flatMap(({ certificate }) => (left.includes(certificate) ? [] : [certificate])), places, validate })
    const { epoch, dropped } = chooseEpoch(compose, failures, order.flatMap((item) => (item.failures > 0 ? [item.certificate] : [])))
    for (const { certificate, ...refusal } of dropped) tell(certificate, registry.epoch + 1n, refusal)
    if (!epoch) return 'no certificate can settle yet'
    const { witness, result, queueCursor, certificates } = epoch
    await move({ state: 'composed', witness, result, queueCursor, failures, notBefore: 0n }, `${certificates.length} certificates`)
    for (const certificate of certificates) tell(certificate, witness.epoch, { verdict: 'composed', code: 'COMPOSED', reason: `it is in epoch ${witness.epoch}` })
    return null
  }

  /** The epoch of whoever's turn it is. One that does harm must not take the same others along each time. */
  function chooseEpoch(compose: (places: number, left?: readonly Certificate[]) => ReturnType<typeof composeEpoch>, failures: number, suspects: readonly Certificate[]): ReturnType<typeof composeEpoch> {
    // After hopeless failures smaller epochs.
    const careful = failures > 0 ? compose(Math.max(1, prover.places >> failures)) : null
    if (careful?.epoch) return careful
    const all = compose(prover.places)
    const [first, ...others] = suspects.filter((certificate) => all.epoch?.certificates.includes(certificate))
    if (!first || others.length === 0) return all
    const apart = compose(prover.places, suspects.filter((certificate) => certificate !== first))
    return apart.epoch?.certificates.includes(first) ? apart : all
  }

  async function prove(signal: AbortSignal): Promise<string | null> {
    if (current.state !== 'proving') return null
    const mine = current
    if (clock.now() < mine.notBefore) return 'pausing after a failure'
    try {
      const proof = await proveWatched(mine, { prover, l1, clock, log, pollInterval, signal })
      if (!proof) {
        await reconcile(await sync())
        return null
      }
      await move({ ...mine, state: 'proven', proof }, 'the proof is there')
      const { epoch } = mine.witness
      for (const { certificate } of mine.witness.certificates) tell(certificate, epoch, { verdict: 'proven', code: 'PROVEN', reason: `epoch ${epoch} is proven` })
      return null
    } catch (error) {
      if (signal.aborted) return 'stopped'
      return failed(error)
    }
  }

  async function settle(signal: AbortSignal): Promise<string | null> {
    if (current.state !== 'settling') return null
    if (clock.now() < current.notBefore) return 'pausing after a failure'
    try {
      const { adopted, transaction } = await l1.settle(epochDataFor(current, l1), current.proof.proof, signal)
      await settled(transaction, adopted ? 'somebody settled it' : 'mined')
      return null
    } catch (error) {
      if (signal.aborted) return 'stopped'
      // Perhaps it landed all the same, or another did: L1 says which.
      if (await reconcile(await sync())) return null
      return failed(error)
    }
  }

  async function act(seen: SettlementView, signal: AbortSignal): Promise<string | null> {
    switch (current.state) {
      case 'collecting':
        return collect(seen)
      case 'composed':
        await move({ ...current, state: 'proving' }, 'the proof is asked for')
        return null
      case 'proving':
        return prove(signal)
      case 'proven':
        await move({ ...current, state: 'settling' }, 'sending')
        return null
      case 'settling':
        return settle(signal)
      case 'settled':
        if (registry.epoch < current.epoch && clock.now() < current.since + SHOW_INTERVAL) return 'L1 does not show the epoch yet'
        await move(COLLECTING, 'the next epoch')
        freeSince = clock.now()
        return null
    }
  }

  return {
    async step(signal) {
      const from = current
      const seen = await sync()
      const reason = (await reconcile(seen)) ? null : await act(seen, signal)
      return { from: from.state, to: current.state, epoch: epochOf(current) ?? epochOf(from), progress: current.state !== from.state, reason: reason ?? '' }
    },
    sync,
    suspect: (certificate) => failureRecord.of(certificate).failures > 0,
    get state() {
      return current
    },
    get registry() {
      return registry
    },
    get view() {
      return view
    },
  }
}
