/** One access to the state: what was read, or written, where. */
export type Access = { kind: 'read' | 'write'; key: bigint; value: Uint8Array | null }

/** A place to go back to. */
export type Mark = { undone: number; accesses: number }

/** All access to the state goes through it, in order. */
export type Journal = {
  get(key: bigint): Uint8Array | null
  /** null deletes. */
  set(key: bigint, value: Uint8Array | null): void
  mark(): Mark
  /** Undoes the writes since the mark, by writes: whoever replays the accesses comes to the same state. */
  revert(mark: Mark): void
  /** Undoes everything since the mark, as if it had never been. */
  forget(mark: Mark): void
  /** Every access, in order. */
  readonly accesses: readonly Access[]
  /** What is different now. */
  changes(): Map<bigint, Uint8Array | null>
  /** What the store failed with, if it did: no handler can hide it. */
  damage(): unknown
}

/** A journal over values that are read once. */
export function createJournal(read: (key: bigint) => Uint8Array | null): Journal {
  const before = new Map<bigint, Uint8Array | null>()
  const now = new Map<bigint, Uint8Array | null>()
  const undo: { key: bigint; value: Uint8Array | null }[] = []
  const accesses: Access[] = []
  let damage: unknown

  function original(key: bigint): Uint8Array | null {
    const known = before.get(key)
    if (known !== undefined) return known
    try {
      const value = read(key)
      before.set(key, value)
      return value
    } catch (error) {
      damage ??= error
      throw error
    }
  }
  const current = (key: bigint): Uint8Array | null => {
    const value = now.get(key)
    return value === undefined ? original(key) : value
  }
  const takeBack = ({ undone }: Mark, each: (key: bigint, value: Uint8Array | null) => void): void => {
    for (const { key, value } of undo.splice(undone).reverse()) {
      now.set(key, value)
      each(key, value)
    }
  }

  return {
    accesses,
    get(key) {
      const value = current(key)
      accesses.push({ kind: 'read', key, value })
      return value
    },
    set(key, value) {
      undo.push({ key, value: current(key) })
      now.set(key, value)
      accesses.push({ kind: 'write', key, value })
    },
    mark: () => ({ undone: undo.length, accesses: accesses.length }),
    revert: (mark) => takeBack(mark, (key, value) => accesses.push({ kind: 'write', key, value })),
    forget(mark) {
      takeBack(mark, () => undefined)
      accesses.length = mark.accesses
    },
    changes: () => new Map([...now].filter(([key, value]) => !same(value, original(key)))),
    damage: () => damage,
  }
}

function same(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === b || (a !== null && b !== null && a.length === b.length && a.every((byte, i) => byte === b[i]))
}
