import { CausewayError, decodeJson, encodeJson, type EpochProof, type EpochResult, type EpochWitness, type Store } from '@causeway/core'
import { stringToBytes, type Hex } from 'viem'

/** An epoch under way. */
export type EpochInProgress = { witness: EpochWitness; result: EpochResult; queueCursor: bigint }

/**
 * What the aggregator is doing. Each state is one row, written at once; a restart goes on from it:
 * collecting → composed → proving → proven → settling → settled → collecting.
 */
export type EpochState =
  /** Waits for certificates, after a failure not before `notBefore` (ms of the host's clock). */
  | { state: 'collecting'; failures: number; notBefore: bigint }
  | ({ state: 'composed' | 'proving'; failures: number; notBefore: bigint } & EpochInProgress)
  | ProvenEpoch
  /** `transaction` is null if somebody else settled the same epoch. `since`: ms of the host's clock. */
  | { state: 'settled'; epoch: bigint; root: bigint; transaction: Hex | null; since: bigint }

/** An epoch with its proof. */
export type ProvenEpoch = { state: 'proven' | 'settling'; failures: number; notBefore: bigint; proof: EpochProof } & EpochInProgress

/** Names of the states. */
export type EpochStateName = EpochState['state']

/** Nothing under way. */
export const COLLECTING: EpochState = { state: 'collecting', failures: 0, notBefore: 0n }

/** Number of the epoch under way, or of the one just settled; undefined while collecting. */
export function epochOf(state: EpochState): bigint | undefined {
  if (state.state === 'collecting') return undefined
  return state.state === 'settled' ? state.epoch : state.witness.epoch
}

/** The row of the epoch under way, and those of settled epochs that L1 may still take back. */
export type EpochStateStore = {
  load(): EpochState
  /** One atomic write: the new state, and what it makes of the settled epochs. */
  save(state: EpochState, changes?: { settled?: ProvenEpoch }): Promise<void>
  /** Our proof of an epoch that settled, kept until L1 cannot take the epoch back. */
  settled(epoch: bigint): ProvenEpoch | undefined
  /** Forgets the proof of an epoch: it cannot settle. */
  forget(epoch: bigint): Promise<void>
  /** Forgets the proofs of epochs up to this one. */
  prune(epoch: bigint): Promise<void>
}

const ROW = 'aggregator/epoch'
const SETTLED = { start: 'aggregator/settled/', end: 'aggregator/settled0' }
const settledKey = (epoch: bigint) => `${SETTLED.start}${epoch.toString(16).padStart(16, '0')}`

/** Opens the rows in a store. */
export function createEpochStateStore(store: Store): EpochStateStore {
  const encode = (state: EpochState) => stringToBytes(encodeJson(state))
  const decode = (bytes: Uint8Array): EpochState => {
    const row = decodeJson(new TextDecoder().decode(bytes)) as Partial<EpochState> | null
    if (typeof row?.state !== 'string') throw new CausewayError('The row of the epoch under way is damaged.', { code: 'CORRUPT_STORE', fix: 'delete the row aggregator/epoch; the epoch is composed again' })
    return row as EpochState
  }
  return {
    load() {
      const bytes = store.get(ROW)
      return bytes ? decode(bytes) : COLLECTING
    },
    save: (state, { settled } = {}) =>
      store.write([{ key: ROW, value: encode(state) }, ...(settled ? [{ key: settledKey(settled.witness.epoch), value: encode(settled) }] : [])]),
    settled(epoch) {
      const bytes = store.get(settledKey(epoch))
      return bytes && (decode(bytes) as ProvenEpoch)
    },
    async forget(epoch) {
      if (store.get(settledKey(epoch))) await store.write([{ key: settledKey(epoch), value: null }])
    },
    async prune(epoch) {
      const old = [...store.range({ start: SETTLED.start, end: settledKey(epoch + 1n) })]
      if (old.length > 0) await store.write(old.map(({ key }) => ({ key, value: null })))
    },
  }
}
