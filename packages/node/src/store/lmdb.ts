import { mkdirSync } from 'node:fs'
import { CausewayError, type Store } from '@causeway/core'
import { open, type RootDatabase } from 'lmdb'

/** Rows that one reading of a range takes. */
const PIECE = 256

/**
 * A {@link Store} on LMDB: one folder, one environment, one synchronous transaction a write. After a kill -9 it holds whole writes
 * or nothing.
 * @throws `STORE_OPEN` if the folder cannot be used
 */
export function lmdbStore(path: string): Store {
  const database = openDatabase(path)
  return {
    get: (key) => database.getBinary(key),
    *range({ start, end, reverse = false, limit = Infinity }) {
      // In pieces: an open cursor holds one of LMDB's few reader slots, and callers may stop halfway or wait between rows.
      let [from, left] = [reverse ? end : start, limit]
      while (left > 0) {
        const size = Math.min(PIECE, left)
        const piece = [...database.getRange({ start: from, end: reverse ? start : end, reverse, inclusiveEnd: reverse, exclusiveStart: reverse || from !== start, limit: size })]
        for (const { key, value } of piece) yield { key, value }
        const last = piece.at(-1)
        if (!last || piece.length < size) return
        from = last.key
        left -= size
      }
    },
    async write(changes) {
      database.transactionSync(() => {
        for (const { key, value } of changes) void (value === null ? database.removeSync(key) : database.putSync(key, Buffer.from(value)))
      })
    },
    close: () => database.close(),
  }
}

function openDatabase(path: string): RootDatabase<Buffer, string> {
  try {
    mkdirSync(path, { recursive: true })
    return open<Buffer, string>({ path, encoding: 'binary', noSubdir: false })
  } catch (cause) {
    throw new CausewayError(`The database at ${path} cannot be opened.`, { code: 'STORE_OPEN', fix: 'check that the folder is writable and that no other node uses it', cause })
  }
}
