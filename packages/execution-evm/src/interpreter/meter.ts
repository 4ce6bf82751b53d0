/**
 * Counts the work of a block's executions (see work.ts). One that does more than half of what a block may do halts, with all its frames, as
 * if it had run out of gas: wherever it stands, so this is its outcome. One for which the block has too little left halts too, but says
 * nothing of itself: it belongs into a later block.
 */
export type Meter = {
  /** From now on executions may use the block's work up to this part of it, 1 at first. */
  share(part: number): void
  /** Begins an execution. */
  begin(): void
  /** Counts work before it is done. @returns whether it may be done */
  spend(work: number): boolean
  /** Whether the execution was halted. */
  halted(): boolean
  /** Whether it was halted because the block has too little left. */
  crowded(): boolean
  /** A mark to {@link Meter.restore}. */
  mark(): number
  /** Takes back what was counted since the mark: an execution that was undone. */
  restore(mark: number): void
}

/** A meter of `limit` work a block. */
export function createMeter(limit: number): Meter {
  let most = limit
  let used = 0
  let own = 0
  let why: 'slow' | 'crowded' | undefined
  const begin = (): void => {
    own = 0
    why = undefined
  }
  return {
    share(part) {
      most = part * limit
    },
    begin,
    spend(work) {
      why ??= own + work > limit / 2 ? 'slow' : used + work > most ? 'crowded' : undefined
      if (why) return false
      own += work
      used += work
      return true
    },
    halted: () => why !== undefined,
    crowded: () => why === 'crowded',
    mark: () => used,
    restore(mark) {
      used = mark
      begin()
    },
  }
}

const meters = new WeakMap<object, Meter>()

/** Gives an EVM its meter. */
export const setMeter = (evm: object, meter: Meter): void => void meters.set(evm, meter)

/** The meter of an EVM, if it has one. */
export const meterOf = (evm: object): Meter | undefined => meters.get(evm)
