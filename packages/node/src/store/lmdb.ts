import { mkdirSync } from 'node:fs'
import { CausewayError, type SharedStore, type Store, type StoreReader } from '@causeway/core'
import { open, type RootDatabase } from 'lmdb'

/** Rows that one reading of a range takes. */
const PIECE = 256

/**
 * A {@link Store} on LMDB: one folder, one environment, one synchronous transaction a write. After a kill -9 it holds whole writes
 * or nothing. Other threads read it with {@link openReader}.
 * @throws `STORE_OPEN` if the folder cannot be used
 */
export function lmdbStore(path: string): SharedStore {
  const database = openDatabase(path)
  return {
    ...readsOf(database),
    location: { module: '@causeway/node/lmdb', from: import.meta.url, options: path },
    async write(changes) {
      database.transactionSync(() => {
        for (const { key, value } of changes) void (value === null ? database.removeSync(key) : database.putSync(key, Buffer.from(value)))
      })
    },
  }
}

/** The rows that an {@link lmdbStore} has in a folder, for a thread that only reads them. @throws `STORE_OPEN` */
export function openReader(path: string): StoreReader {
  const database = openDatabase(path, { readOnly: true })
  return { ...readsOf(database), refresh: () => database.resetReadTxn() }
}

function readsOf(database: RootDatabase<Buffer, string>): Pick<Store, 'get' | 'range' | 'close'> {
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
    close: () => database.close(),
  }
}

function openDatabase(path: string, { readOnly = false } = {}): RootDatabase<Buffer, string> {
  try {
    if (!readOnly) mkdirSync(path, { recursive: true })
    return open<Buffer, string>({ path, encoding: 'binary', noSubdir: false, readOnly })
  } catch (cause) {
    throw new CausewayError(`The database at ${path} cannot be opened.`, { code: 'STORE_OPEN', fix: 'check that the folder is writable and that no other node uses it', cause })
  }
}
