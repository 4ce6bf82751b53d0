import {
  applyEntries,
  blockEntries,
  CausewayError,
  emptyRoot,
  BALANCE,
  errorCode,
  fitsCertificate,
  INBOX,
  memoryNodes,
  messageId,
  nextInboxHash,
  OUTBOX,
  ZERO_HASH,
  type AccountingState,
  type BlockInputs,
  type Entry,
  type ExecutedBlock,
  type ExecutionEngine,
  type InputOutcome,
  type Store,
} from '@causeway/core'
import type { Hex } from 'viem'
import { storedNodes } from './store/nodes.js'
import { keys, messagesIn, put, read, type BlockRecord, type Change, type ChainStamp } from './store/records.js'

/** What a chain needs to know of its cluster. */
export type ChainContext = {
  l1ChainId: bigint
  hub: Hex
  policyHash: bigint
  /** Registry slot of a member. @throws `UNKNOWN_CHAIN` */
  slotOf(chainId: bigint): bigint
}

/** A block that was made, and what became of the transactions that are not in it. */
export type Extended = {
  record: BlockRecord
  refused: ExecutedBlock['refused']
  /** Those whose messages fit no later block either. */
  unfit: ReadonlySet<Hex>
  /** Those whose messages had no room in this one, with the entries that they would have made. */
  waiting: ReadonlyMap<Hex, readonly Entry[]>
}

/** What a sequencer lets a block have of what still fits a certificate. */
export type Building = { hasRoom(entries: readonly Entry[]): boolean; exports: boolean }

/** Blocks, their accounting, and the one atomic write that makes a block. */
export type Chain = Awaited<ReturnType<typeof openChain>>

const NO_ACCOUNTING: AccountingState = { outboxRoot: emptyRoot(OUTBOX), outboxSize: 0n, inboxRoot: emptyRoot(INBOX), balanceRoot: emptyRoot(BALANCE), l1InboxCursor: 0n }

/** Opens the chain in a store, or starts it there. @throws `OTHER_CHAIN` if the store holds another chain */
export async function openChain({ engine, store, context }: { engine: ExecutionEngine; store: Store; context: ChainContext }) {
  const genesis = await engine.genesis()
  const stamp: ChainStamp = { chainId: engine.chainId, genesisHash: genesis.hash, hub: context.hub }
  const held = read<ChainStamp>(store, keys.stamp)
  if (held && (held.chainId !== stamp.chainId || held.genesisHash !== stamp.genesisHash || held.hub.toLowerCase() !== stamp.hub.toLowerCase()))
    throw new CausewayError(`The database holds chain ${held.chainId} of hub ${held.hub} with genesis ${held.genesisHash}, not chain ${stamp.chainId} of hub ${stamp.hub}.`, {
      code: 'OTHER_CHAIN',
      fix: 'use another data folder, or empty this one to start anew',
    })
  const nodes = storedNodes(store)
  if (!held) {
    const record: BlockRecord = {
      number: 0n,
      hash: genesis.hash,
      parentHash: `0x${'00'.repeat(32)}`,
      timestamp: 0n,
      stateRoot: genesis.stateRoot,
      incarnation: 0n,
      l1Entries: 0,
      imports: [],
      transactions: [],
      inboxHash: ZERO_HASH,
      accounting: NO_ACCOUNTING,
      entries: [],
      delivered: [],
    }
    await store.write([...genesis.changes, put(keys.stamp, stamp), put(keys.block(0n), record), put(keys.head, 0n), put(keys.incarnation, 0n)])
  }
  let head = mustRead<BlockRecord>(store, keys.block(mustRead<bigint>(store, keys.head)))
  let incarnation = mustRead<bigint>(store, keys.incarnation)
  const listeners = new Set<(head: BlockRecord, dropped?: readonly BlockRecord[]) => void>()

  const accounting = { chainId: engine.chainId, policyHash: context.policyHash, slotOf: context.slotOf }
  const fits = (entries: readonly Entry[]) => fitsCertificate(entries, { ...accounting, l1ChainId: context.l1ChainId })

  return {
    engine,
    nodes,
    store,
    accounting,
    fits,
    get head() {
      return head
    },
    get incarnation() {
      return incarnation
    },
    block(number: bigint): BlockRecord | undefined {
      return number > head.number ? undefined : number === head.number ? head : read<BlockRecord>(store, keys.block(number))
    },
    /**
     * Executes a block on the head and writes it with its accounting, whole or not at all. A user transaction whose messages would not
     * fit the certificate, or that sends what the chain does not hold, is left out; `unfit` ones fit no later block either.
     * @param building what a sequencer allows the block besides; a transaction over `hasRoom` is left out too, and without `exports` any
     * that sends something. Never given where a block is derived
     * @throws `BLOCK_TOO_LARGE` if the system inputs alone do not fit a certificate; `BACKLOG_FULL` if they are over what `hasRoom` allows
     */
    async extend(inputs: BlockInputs, { hasRoom, exports }: Building = { hasRoom: () => true, exports: true }): Promise<Extended> {
      const parent = head
      const kept: InputOutcome[] = []
      const unfit = new Set<Hex>()
      const waiting = new Map<Hex, readonly Entry[]>()
      const entriesOf = (outcomes: readonly InputOutcome[]) => blockEntries({ outcomes, timestamp: inputs.timestamp }, engine.chainId, parent.accounting.outboxSize)
      const admit = (outcome: InputOutcome): boolean => {
        if (outcome.sent.length > 0) {
          const entries = entriesOf([...kept, outcome])
          const fitting = fits(entries)
          if (outcome.kind === 'transaction') {
            const alone = entriesOf([outcome])
            const possible = fits(alone) && isBacked(entries)
            if (!possible) unfit.add(outcome.hash)
            else if (!exports || !fitting || !hasRoom(entries)) waiting.set(outcome.hash, alone)
            if (unfit.has(outcome.hash) || waiting.has(outcome.hash)) return false
          } else if (!fitting || !isBacked(entries)) return false
        }
        kept.push(outcome)
        return true
      }
      const isBacked = (entries: readonly Entry[]): boolean => {
        try {
          // What it writes is not the block's.
          applyEntries(memoryNodes(nodes), parent.accounting, entries, accounting)
          return true
        } catch (error) {
          if (errorCode(error) === 'RULE_R20') return false
          throw error
        }
      }
      const block = await engine.execute(inputs, { admit })
      const entries = entriesOf(block.outcomes)
      if (!fits(entries)) {
        nodes.takeChanges()
        throw new CausewayError(`Block ${inputs.number} does not fit one certificate.`, { code: 'BLOCK_TOO_LARGE', fix: 'give it fewer L1 entries and imports' })
      }
      if (!hasRoom(entries)) {
        nodes.takeChanges()
        throw new CausewayError(`There is no room for what the deliveries of block ${inputs.number} send.`, { code: 'BACKLOG_FULL', fix: 'give it no L1 entries and imports' })
      }
      const { state } = applyEntries(nodes, parent.accounting, entries, accounting)
      const delivered = block.outcomes.flatMap((outcome) => (outcome.kind === 'transaction' ? [] : [outcome.ok]))
      const record: BlockRecord = {
        number: block.number,
        hash: block.hash,
        parentHash: block.parentHash,
        timestamp: block.timestamp,
        stateRoot: block.stateRoot,
        incarnation,
        l1Entries: inputs.l1Entries.length,
        imports: inputs.imports,
        transactions: block.transactions,
        inboxHash: inputs.l1Entries.reduce(nextInboxHash, parent.inboxHash),
        accounting: state,
        entries,
        delivered,
      }
      await store.write([...block.changes, ...nodes.takeChanges(), put(keys.block(record.number), record), put(keys.head, record.number), ...messageRows(record, engine.chainId)])
      head = record
      for (const listener of listeners) listener(record)
      return { record, refused: block.refused, unfit, waiting }
    },
    /** Makes block `to` the head again; the blocks after it are dropped and returned, oldest first. The next blocks are of `nextIncarnation`. */
    async rollback(to: bigint, nextIncarnation: bigint): Promise<BlockRecord[]> {
      const dropped: BlockRecord[] = []
      for (let number = to + 1n; number <= head.number; number++) dropped.push(mustRead<BlockRecord>(store, keys.block(number)))
      const target = mustRead<BlockRecord>(store, keys.block(to))
      await store.write([...engine.rewind(target.hash), put(keys.head, to), put(keys.incarnation, nextIncarnation)])
      head = target
      incarnation = nextIncarnation
      for (const listener of listeners) listener(target, dropped)
      return dropped
    },
    /** Calls back with the new head after each block, and after each rollback, with the blocks that it dropped (oldest first). */
    subscribe(listener: (head: BlockRecord, dropped?: readonly BlockRecord[]) => void): () => void {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** Where a message is in the chain's blocks. Rows of dropped blocks stay; readers check the block's hash. */
export type MessagePlace = { block: bigint; hash: Hex; direction: 'sent' | 'received'; entry: number; ok: boolean }

function messageRows(record: BlockRecord, chainId: bigint): Change[] {
  return messagesIn(record).flatMap(({ message, entry, kind, ok }): Change[] => {
    const place: MessagePlace = { block: record.number, hash: record.hash, direction: message.source === chainId ? 'sent' : 'received', entry, ok }
    const row = kind === 'export' ? keys.sent(message.nonce) : keys.received(message.source, message.nonce)
    return [put(keys.message(messageId(message)), place), put(row, place)]
  })
}

function mustRead<T>(store: Store, key: string): T {
  const value = read<T>(store, key)
  if (value === undefined) throw new CausewayError(`The database lacks the row ${key}.`, { code: 'STORE_INCOMPLETE', fix: 'empty the data folder; a follower rebuilds it from L1' })
  return value
}
