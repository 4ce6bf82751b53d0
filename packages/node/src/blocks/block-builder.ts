import { blockEntries, blockInputs, CausewayError, errorCode, reservedWeight, type Clock, type Entry, type ImportedMessage, type L1InboxEntry, type Log, type Message, type SystemInputs } from '@causeway/core'
import type { Mempool, PendingTransaction } from '@causeway/sequencer'
import { keccak256, type Address, type Hex } from 'viem'
import type { Chain } from '../chain.js'
import type { BlockRecord } from '../store/records.js'
import type { BacklogView } from './backlog.js'
import { selectInputs, type InputSelection } from './select-inputs.js'

/** Where a sequencer takes its blocks' inputs from. */
export type BlockBuilderOptions = {
  chain: Chain
  mempool: Mempool
  /** L1 inbox entries from `cursor` on, as sure as the chain wants them. */
  l1Entries(cursor: bigint): readonly L1InboxEntry[]
  /** Messages of other chains that may be executed now. */
  imports(timestamp: bigint): readonly ImportedMessage[]
  /** Nonce of an account at the head. */
  nextNonce(sender: Address): Promise<bigint>
  /** How far the chain is ahead of its certificates. */
  backlog(): BacklogView
  clock: Clock
  log: Log
}

/** Builds blocks on the head from what waits. */
export type BlockBuilder = ReturnType<typeof createBlockBuilder>

/** Makes a builder of blocks. Calls of `build` must not overlap. */
export function createBlockBuilder({ chain, mempool, l1Entries, imports, nextNonce, backlog, clock, log }: BlockBuilderOptions) {
  const { engine } = chain
  /** What transactions would have sent that were tried and had no room: nobody executes them again before there is some. */
  const exporters = new WeakMap<PendingTransaction, readonly Entry[]>()
  /** Settled height at which a delivery of a kind turned out to send more than there was room for. */
  const crowdedAt = { l1: -1n, import: -1n }
  /** Imports that no block can take, however few it has: they are passed over. */
  const impossible = new WeakSet<Message>()
  let saidThatExportsWait = false

  async function nonces(): Promise<(sender: Address) => bigint> {
    const known = new Map<Address, bigint>()
    for (const { sender } of mempool.all()) if (!known.has(sender)) known.set(sender, await nextNonce(sender))
    return (sender) => known.get(sender) ?? 0n
  }

  /** Passes over the transactions that are known to send more than there is room for beside `entries`. */
  function withRoom(view: BacklogView, entries: readonly Entry[]): (transaction: PendingTransaction) => boolean {
    let all = entries
    return (transaction) => {
      const own = exporters.get(transaction)
      if (!own) return true
      if (!view.hasRoom([...all, ...own])) return false
      all = [...all, ...own]
      return true
    }
  }

  const waiting = (): number => mempool.all().filter((transaction) => exporters.has(transaction)).length

  const isValid = (raw: Hex): Promise<boolean> =>
    engine.validate(raw, chain.head.hash).then(
      () => true,
      (error: unknown) => {
        if (errorCode(error) === undefined) throw error
        return false
      },
    )

  /** The entries of system inputs that send nothing themselves. */
  const entriesOf = ({ l1Entries, imports }: SystemInputs, timestamp: bigint): Entry[] =>
    blockEntries({ outcomes: [...l1Entries.map((entry) => ({ kind: 'l1' as const, entry, ok: true, sent: [] })), ...imports.map((item) => ({ kind: 'import' as const, ...item, ok: true, sent: [] }))], timestamp }, engine.chainId, 0n)

  function selectAt(timestamp: bigint, view: BacklogView, exportsReady: () => boolean): InputSelection {
    const { number, accounting } = chain.head
    const waiting = { l1Entries: l1Entries(accounting.l1InboxCursor), imports: imports(timestamp).filter(({ message }) => !impossible.has(message)) }
    return selectInputs(waiting, view, { number: number + 1n, timestamp, limits: engine, exportsReady, entriesOf: (inputs) => entriesOf(inputs, timestamp), crowded: (kind) => crowdedAt[kind] === view.height })
  }

  function tellWhetherExportsWait({ certificates, limit }: BacklogView): void {
    const wait = waiting()
    if (wait > 0 && certificates >= limit && !saidThatExportsWait) {
      log.warn('exports wait: the blocks so far need all the certificates that the chain may be ahead', { transactions: wait, certificates })
      saidThatExportsWait = true
    } else if (wait === 0 && saidThatExportsWait) {
      log.info('no export waits any more', { certificates })
      saidThatExportsWait = false
    }
  }

  return {
    /** Transactions of the mempool that are known to wait for room in the certificates ahead. */
    waiting,
    /** Whether the next block would import something: not while what waits has no room. */
    importsReady: (): boolean => selectAt(clock.now(), backlog(), () => false).system.imports.length > 0,
    /** The mempool: what the next block may take, and what waits for an earlier nonce or for room. */
    async pool(): Promise<{ pending: PendingTransaction[]; queued: PendingTransaction[] }> {
      const pending = mempool.take(await nonces(), 1n << 64n, withRoom(backlog(), []))
      const ready = new Set(pending)
      return { pending, queued: mempool.all().filter((transaction) => !ready.has(transaction)) }
    },
    /** Builds a block. It is later than `after` (ms): a rebuilt chain never has two blocks of one number and one time, by which batches tell them apart. */
    async build(after: bigint): Promise<BlockRecord> {
      const { head } = chain
      const now = clock.now()
      const latest = after > head.timestamp ? after : head.timestamp
      const timestamp = now > latest ? now : latest + 1n
      const nonceOf = await nonces()
      mempool.prune(nonceOf)
      const view = backlog()
      const selection = selectAt(timestamp, view, () => mempool.take(nonceOf, engine.weightLimit, withRoom(view, [])).some((transaction) => exporters.has(transaction)))
      let { system } = selection
      // What the system inputs may use is not promised to transactions: one that does not fit would be refused for good.
      const admits = selection.exports ? withRoom(view, entriesOf(system, timestamp)) : (transaction: PendingTransaction) => !exporters.has(transaction)
      const transactions = mempool.take(nonceOf, engine.weightLimit - reservedWeight(system, engine), admits).map(({ raw }) => raw)
      const parent = { number: head.number, hash: head.hash, timestamp: head.timestamp, l1InboxCursor: head.accounting.l1InboxCursor }
      for (;;) {
        try {
          const { record, refused, unfit, waiting } = await chain.extend(blockInputs(parent, timestamp, system.l1Entries, system.imports, transactions, engine), { hasRoom: view.hasRoom, exports: selection.exports })
          for (const { transaction, reason } of refused) log.info('transaction refused', { hash: keccak256(transaction), reason })
          for (const [hash, entries] of waiting) {
            const transaction = mempool.get(hash)
            if (transaction) exporters.set(transaction, entries)
          }
          // Refused is not hopeless: its turn may come once an earlier one of its sender is in, or the base fee falls.
          const hopeless = await Promise.all(refused.map(async ({ transaction }) => unfit.has(keccak256(transaction)) || !(await isValid(transaction))))
          mempool.remove([...record.transactions, ...refused.flatMap(({ transaction }, i) => (hopeless[i] ? [transaction] : []))].map((raw) => keccak256(raw)))
          tellWhetherExportsWait(view)
          return record
        } catch (error) {
          const code = errorCode(error)
          const { imports, l1Entries } = system
          // No message of another chain, however it got here, keeps this one from building blocks, nor other messages out of them.
          const isBadImport = imports.length > 0 && (code === 'OUT_OF_RANGE' || code === 'UNKNOWN_CHAIN' || (code?.startsWith('RULE_') ?? false))
          if (code !== 'BLOCK_TOO_LARGE' && code !== 'BACKLOG_FULL' && !isBadImport) throw error
          if (imports.length + l1Entries.length === 1 && code !== 'BLOCK_TOO_LARGE') {
            if (isBadImport) for (const { message } of imports) impossible.add(message)
            else crowdedAt[imports.length > 0 ? 'import' : 'l1'] = view.height
            if (isBadImport) log.warn('an import cannot be executed', { code, imports: imports.map(({ message: { source, nonce } }) => ({ source, nonce })) })
            system = { l1Entries: [], imports: [] }
          } else system = fewer(system, selection.optional, error as { cause?: { fits?: number } })
        }
      }
    },
  }
}

/** Fewer system inputs, those of the `optional` kind first. A single L1 entry always fits, and so does a single import, so this ends. */
function fewer({ l1Entries, imports }: SystemInputs, optional: 'l1' | 'import', { cause }: { cause?: { fits?: number } }): SystemInputs {
  const fits = cause?.fits
  // The engine says how many it has executed before one did not fit. L1 entries come first: they make room for imports all at once, since trying again costs as much as the block.
  if (fits) return optional === 'import' || l1Entries.length === 0 || imports.length === 0 ? { l1Entries: l1Entries.slice(0, fits), imports: imports.slice(0, Math.max(0, fits - l1Entries.length)) } : { l1Entries: [], imports }
  if (l1Entries.length + imports.length <= 1)
    throw new CausewayError('A block with one L1 inbox entry or import does not fit a certificate.', {
      code: 'BLOCK_TOO_LARGE',
      fix: 'this is a bug of the engine or the messenger predeploy: one delivery sends at most two messages',
    })
  const from = (optional === 'l1' ? l1Entries.length > 0 : imports.length === 0) ? 'l1' : 'import'
  return from === 'l1' ? { l1Entries: l1Entries.slice(0, l1Entries.length >> 1), imports } : { l1Entries, imports: imports.slice(0, imports.length >> 1) }
}
