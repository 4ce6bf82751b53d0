import { fail } from './failure.js'

/** Units of capacity: about 30 ns of the reference machine each. Rules of the chain, like everything that decides blocks. */
export const GAS = {
  /** An action: signature, nonce and fee. */
  action: 80_000n,
  /** A delivery besides what its recipient does. */
  delivery: 60_000n,
  read: 5_000n,
  write: 24_000n,
  event: 1_000n,
  send: 20_000n,
  /** A byte that is signed, read, written, emitted or sent, and one of a map's key. */
  byte: 16n,
  /** Three words that a module hashes, begun. */
  hash: 3_000n,
} as const

/** Counts what one action or delivery does through its context. What a handler computes besides is not counted. */
export type Meter = {
  /** @throws Failure `OUT_OF_GAS`, and from then on always; also after {@link Meter.close} */
  charge(gas: bigint): void
  used(): bigint
  isSpent(): boolean
  /** What a handler has left behind can do nothing any more. */
  close(): void
}

/** A meter with so much to spend. */
export function createMeter(limit: bigint): Meter {
  let used = 0n
  let spent = false
  let closed = false
  return {
    charge(gas) {
      spent ||= used + gas > limit
      if (closed || spent) fail('OUT_OF_GAS')
      used += gas
    },
    used: () => (spent ? limit : used),
    isSpent: () => spent,
    close: () => void (closed = true),
  }
}

/** The protocol's own accesses, whose price is in {@link GAS} already. */
export const unmetered: Pick<Meter, 'charge'> = { charge() {} }
