import { mkdirSync } from 'node:fs'
import { CausewayError, type Store } from '@causeway/core'
import { open, type RootDatabase } from 'lmdb'

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
      let count = 0
      for (const { key, value } of database.getRange(reverse ? { start: end, reverse } : { start, end })) {
        if (reverse && key >= end) continue
        if (key < start || count++ >= limit) return
        yield { key, value }
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
