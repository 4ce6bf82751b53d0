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
  CREATE TABLE IF NOT EXISTS balances (holder TEXT, token TEXT, amount TEXT, PRIMARY KEY (holder, token)) WITHOUT ROWID;`

/** The transfers of a chain in an SQLite file. Each call is one SQL transaction, of which a slice of a block is enough: the node's thread does it. */
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
    removeBlocks: sql('DELETE FROM blocks WHERE number > ?'),
    newest: sql('SELECT * FROM transfers WHERE block > ? ORDER BY block DESC, log_index DESC LIMIT ?'),
    removeTransfer: sql('DELETE FROM transfers WHERE block = ? AND log_index = ?'),
    removeSide: sql('DELETE FROM sides WHERE holder = ? AND block = ? AND log_index = ?'),
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
    /** Adds transfers of a block; those of the last slice with `isWhole`, which says that the block is there. */
    add: database.transaction((block, transfers, isWhole) => {
      for (const { logIndex, token, from, to, amount } of transfers) {
        statements.addTransfer.run(block, logIndex, token, from, to, `${amount}`)
        for (const holder of new Set([from, to])) statements.addSide.run(holder, block, logIndex, token)
      }
      move(transfers, 1n)
      if (isWhole) statements.addBlock.run(block)
    }),
    /** Removes the newest transfers after a block, so many at most; answers whether there may be more. */
    takeBack: database.transaction((block, most) => {
      statements.removeBlocks.run(block)
      const transfers = statements.newest.all(block, most).map(({ block, log_index: logIndex, token, sender: from, recipient: to, amount }) => ({ block, logIndex, token, from, to, amount: BigInt(amount) }))
      for (const { block, logIndex, from, to } of transfers) {
        statements.removeTransfer.run(block, logIndex)
        for (const holder of new Set([from, to])) statements.removeSide.run(holder, block, logIndex)
      }
      move(transfers, -1n)
      return transfers.length === most
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
