import { CausewayError, decodeJson, encodeJson, type EpochProof, type EpochResult, type EpochWitness, type Store } from '@causeway/core'
import { stringToBytes, type Hex } from 'viem'

/** An epoch under way. */
export type EpochInWork = { witness: EpochWitness; result: EpochResult; queueCursor: bigint }

/**
 * What the aggregator is doing. Each state is one row, written at once; a restart goes on from it:
 * collecting → composed → proving → proven → settling → settled → collecting.
 */
export type Work =
  /** Waits for certificates, after a failure not before `notBefore` (ms of the host's clock). */
  | { state: 'collecting'; failures: number; notBefore: bigint }
  | ({ state: 'composed' | 'proving'; failures: number; notBefore: bigint } & EpochInWork)
  | ProvenWork
  /** `transaction` is null if somebody else settled the same epoch. `since`: ms of the host's clock. */
  | { state: 'settled'; epoch: bigint; root: bigint; transaction: Hex | null; since: bigint }

/** An epoch with its proof. */
export type ProvenWork = { state: 'proven' | 'settling'; failures: number; notBefore: bigint; proof: EpochProof } & EpochInWork

/** Names of the states. */
export type WorkState = Work['state']

/** Nothing under way. */
export const COLLECTING: Work = { state: 'collecting', failures: 0, notBefore: 0n }

/** Number of the epoch under way, or of the one just settled; undefined while collecting. */
export function epochOf(work: Work): bigint | undefined {
  if (work.state === 'collecting') return undefined
  return work.state === 'settled' ? work.epoch : work.witness.epoch
}

/** The row of the work, and those of settled epochs that L1 may still take back. */
export type WorkStore = {
  load(): Work
  /** One atomic write: the new state, and what it makes of the settled epochs. */
  save(work: Work, changes?: { settled?: ProvenWork }): Promise<void>
  /** Our proof of an epoch that settled, kept until L1 cannot take the epoch back. */
  settled(epoch: bigint): ProvenWork | undefined
  /** Forgets the proof of an epoch: it cannot settle. */
  forget(epoch: bigint): Promise<void>
  /** Forgets the proofs of epochs up to this one. */
  prune(epoch: bigint): Promise<void>
}

const ROW = 'aggregator/work'
const SETTLED = { start: 'aggregator/settled/', end: 'aggregator/settled0' }
const settledKey = (epoch: bigint) => `${SETTLED.start}${epoch.toString(16).padStart(16, '0')}`

/** Opens the rows in a store. */
export function createWorkStore(store: Store): WorkStore {
  const encode = (work: Work) => stringToBytes(encodeJson(work))
  const decode = (bytes: Uint8Array): Work => {
    const row = decodeJson(new TextDecoder().decode(bytes)) as Partial<Work> | null
    if (typeof row?.state !== 'string') throw new CausewayError('The row of the epoch under way is damaged.', { code: 'CORRUPT_STORE', fix: 'delete the row aggregator/work; the epoch is composed again' })
    return row as Work
  }
  return {
    load() {
      const bytes = store.get(ROW)
      return bytes ? decode(bytes) : COLLECTING
    },
    save: (work, { settled } = {}) =>
      store.write([{ key: ROW, value: encode(work) }, ...(settled ? [{ key: settledKey(settled.witness.epoch), value: encode(settled) }] : [])]),
    settled(epoch) {
      const bytes = store.get(settledKey(epoch))
      return bytes && (decode(bytes) as ProvenWork)
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
