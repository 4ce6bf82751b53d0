import type { Store } from '@causeway/core'
import type { Hex } from 'viem'
import { put, read, type Change } from '../store/records.js'

/** How far a plugin has been told: the last block, the last certificate, and the last block that it knows to be settled. */
export type Cursor = { block: bigint; certificate: { height: bigint; statement: bigint }; settled: bigint }

/** Rows of what a plugin has been told. */
export type CursorRows = ReturnType<typeof cursorRows>

const index = (n: bigint) => n.toString(16).padStart(16, '0')

/** The rows begin with `prefix`. Beside the cursor, the hash of each block that was told stays until no rollback can reach the block. */
export function cursorRows(store: Store, prefix: string) {
  const [cursorKey, told] = [`${prefix}cursor`, `${prefix}told/`]
  /** Numbers of the blocks whose hashes are kept, from `from` to before `to`. */
  const kept = (from: bigint, to: bigint, options: { reverse?: boolean } = {}) => store.range({ start: told + index(from), end: told + index(to), ...options })
  const forget = (from: bigint, to: bigint): Change[] => [...kept(from, to)].map(({ key }) => ({ key, value: null }))

  return {
    read: (): Cursor | undefined => read<Cursor>(store, cursorKey),
    write: (cursor: Cursor): Promise<void> => store.write([put(cursorKey, cursor)]),
    /** Takes up that a block was told. Of blocks up to `final`, which no rollback reaches, no hash is kept. */
    advance: (cursor: Cursor, hash: Hex, final: bigint): Promise<void> =>
      store.write([put(cursorKey, cursor), ...(cursor.block > final ? [put(told + index(cursor.block), hash)] : []), ...forget(0n, final + 1n)]),
    /** Takes up that everything after `cursor.block` was taken back. */
    retreat: (cursor: Cursor, from: bigint): Promise<void> => store.write([put(cursorKey, cursor), ...forget(cursor.block + 1n, from + 1n)]),
    /** The last block up to `block` of which what was told still holds. `hashAt`: of the chain as it is now. */
    common(block: bigint, hashAt: (number: bigint) => Hex | undefined): bigint {
      let before = block
      for (const { key } of kept(0n, block + 1n, { reverse: true })) {
        const number = BigInt(`0x${key.slice(told.length)}`)
        if (read<Hex>(store, key) === hashAt(number)) return number
        before = number - 1n
      }
      // Below what is kept nothing was told, or it is settled for good.
      return before
    },
  }
}
