import { CausewayError } from '@causeway/core'
import Database from 'libsql'

const ZERO = `0x${'00'.repeat(20)}`

/** A holder's side of a transfer; both are one if somebody sends to himself. Answers are read along an index, so what they cost is bounded by `limit`. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS blocks (number INTEGER PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS transfers (block INTEGER, log_index INTEGER, token TEXT, sender TEXT, recipient TEXT, amount TEXT, PRIMARY KEY (block, log_index)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS by_token ON transfers (token, block, log_index);
  CREATE TABLE IF NOT EXISTS sides (holder TEXT, block INTEGER, log_index INTEGER, token TEXT, PRIMARY KEY (holder, block, log_index)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS by_holder_and_token ON sides (holder, token, block, log_index);
  CREATE INDEX IF NOT EXISTS sides_by_block ON sides (block);
  CREATE TABLE IF NOT EXISTS balances (holder TEXT, token TEXT, amount TEXT, PRIMARY KEY (holder, token)) WITHOUT ROWID;`

/** The transfers of a chain in an SQLite file. Each call is one SQL transaction. */
export function openTransfers(file) {
  const database = new Database(file)
  database.exec('PRAGMA journal_mode = WAL')
  // The node remembers that a block was told as soon as the hook returns: by then it has to be on the disk.
  database.exec('PRAGMA synchronous = FULL')
  database.exec(SCHEMA)
  const sql = (text) => database.prepare(text)
  const statements = {
    last: sql('SELECT max(number) AS last FROM blocks'),
    addBlock: sql('INSERT INTO blocks VALUES (?)'),
    addTransfer: sql('INSERT INTO transfers VALUES (?, ?, ?, ?, ?, ?)'),
    addSide: sql('INSERT INTO sides VALUES (?, ?, ?, ?)'),
    balance: sql('SELECT amount FROM balances WHERE holder = ? AND token = ?'),
    setBalance: sql('INSERT OR REPLACE INTO balances VALUES (?, ?, ?)'),
    removeBalance: sql('DELETE FROM balances WHERE holder = ? AND token = ?'),
    after: sql('SELECT token, sender, recipient, amount FROM transfers WHERE block > ?'),
    removals: ['DELETE FROM transfers WHERE block > ?', 'DELETE FROM sides WHERE block > ?', 'DELETE FROM blocks WHERE number > ?'].map(sql),
    ofToken: sql('SELECT * FROM transfers WHERE token = ? AND (block, log_index) > (?, ?) ORDER BY block, log_index LIMIT ?'),
    ofHolder: sql('SELECT t.* FROM sides s JOIN transfers t USING (block, log_index) WHERE s.holder = ? AND (s.block, s.log_index) > (?, ?) ORDER BY s.block, s.log_index LIMIT ?'),
    ofBoth: sql('SELECT t.* FROM sides s JOIN transfers t USING (block, log_index) WHERE s.holder = ? AND s.token = ? AND (s.block, s.log_index) > (?, ?) ORDER BY s.block, s.log_index LIMIT ?'),
    balances: sql('SELECT token, amount FROM balances WHERE holder = ? AND token > ? ORDER BY token LIMIT ?'),
  }
  const last = () => statements.last.get().last ?? 0

  /** What came less what went of each holder and token, into or out of the balances. */
  function move(transfers, sign) {
    const changes = new Map()
    const change = (holder, token, amount) => {
      const key = `${holder} ${token}`
      if (holder !== ZERO) changes.set(key, (changes.get(key) ?? 0n) + amount)
    }
    for (const { token, from, to, amount } of transfers) {
      change(from, token, -sign * amount)
      change(to, token, sign * amount)
    }
    for (const [key, amount] of changes) {
      const [holder, token] = key.split(' ')
      const now = BigInt(statements.balance.get(holder, token)?.amount ?? 0) + amount
      if (now === 0n) statements.removeBalance.run(holder, token)
      else statements.setBalance.run(holder, token, `${now}`)
    }
  }

  return {
    last,
    add: database.transaction((number, transfers) => {
      statements.addBlock.run(number)
      for (const { logIndex, token, from, to, amount } of transfers) {
        statements.addTransfer.run(number, logIndex, token, from, to, `${amount}`)
        for (const holder of new Set([from, to])) statements.addSide.run(holder, number, logIndex, token)
      }
      move(transfers, 1n)
    }),
    /** Removes what came after a block; answers the last block that is left. */
    takeBack: database.transaction((to) => {
      move(statements.after.all(to).map(({ token, sender, recipient, amount }) => ({ token, from: sender, to: recipient, amount: BigInt(amount) })), -1n)
      for (const removal of statements.removals) removal.run(to)
      return last()
    }),
    transfers({ token, holder, after: { block, logIndex }, limit }) {
      if (token === undefined && holder === undefined) throw new CausewayError('ask for a token, a holder, or both', { code: 'INVALID_PARAMS' })
      const rows = holder === undefined ? statements.ofToken.all(token, block, logIndex, limit) : token === undefined ? statements.ofHolder.all(holder, block, logIndex, limit) : statements.ofBoth.all(holder, token, block, logIndex, limit)
      return rows.map(({ block, log_index, token, sender, recipient, amount }) => ({ block: BigInt(block), logIndex: log_index, token, from: sender, to: recipient, amount: BigInt(amount) }))
    },
    balances({ holder, after, limit }) {
      if (holder === undefined) throw new CausewayError('ask for a holder', { code: 'INVALID_PARAMS' })
      return statements.balances.all(holder, after, limit).map(({ token, amount }) => ({ token, amount: BigInt(amount) }))
    },
    close: () => database.close(),
  }
}
