import { blockInputs, CausewayError, errorCode, takeSystemInputs, type Clock, type ImportedMessage, type L1InboxEntry, type Log } from '@causeway/core'
import type { Mempool } from '@causeway/sequencer'
import { keccak256, type Address, type Hex } from 'viem'
import type { Chain } from './chain.js'
import type { BlockRecord } from './store/rows.js'

/** Where a sequencer takes a block's inputs from. */
export type BlockSources = {
  mempool: Mempool
  /** L1 inbox entries from `cursor` on, as sure as the chain wants them. */
  l1Entries(cursor: bigint): readonly L1InboxEntry[]
  /** Messages of other chains that may be executed now. */
  imports(timestamp: bigint): readonly ImportedMessage[]
  nonceOf(sender: Address): Promise<bigint>
  /** The block is later than this (ms): a rebuilt chain never has two blocks of one number and one time, by which batches tell them apart. */
  after: bigint
}

/** Builds one block on the head from what waits. Calls must not overlap. */
export async function sequenceBlock(chain: Chain, sources: BlockSources, clock: Clock, log: Log): Promise<BlockRecord> {
  const { engine, head } = chain
  const now = clock.now()
  const after = sources.after > head.timestamp ? sources.after : head.timestamp
  const timestamp = now > after ? now : after + 1n
  const senders = new Map<Address, bigint>()
  for (const { sender } of sources.mempool.all()) if (!senders.has(sender)) senders.set(sender, await sources.nonceOf(sender))
  let system = takeSystemInputs(sources.l1Entries(head.accounting.l1InboxCursor), sources.imports(timestamp), timestamp, engine)
  // What the system inputs may use is not promised to transactions: one that does not fit would be refused for good.
  const reserved = [...system.l1Entries, ...system.imports].reduce((gas, input) => gas + engine.inputGas(input), 0n)
  const transactions = sources.mempool.take((sender) => senders.get(sender) ?? 0n, engine.gasLimit - reserved)
  const parent = { number: head.number, hash: head.hash, timestamp: head.timestamp, l1InboxCursor: head.accounting.l1InboxCursor }
  const isValid = (raw: Hex): Promise<boolean> =>
    engine.validate(raw, chain.head.hash).then(
      () => true,
      (error: unknown) => {
        if (errorCode(error) === undefined) throw error
        return false
      },
    )
  for (;;) {
    try {
      const { record, refused, unfit } = await chain.extend(blockInputs(parent, timestamp, system.l1Entries, system.imports, transactions, engine))
      for (const { transaction, reason } of refused) log.info('transaction refused', { hash: keccak256(transaction), reason })
      // Refused is not hopeless: its turn may come once an earlier one of its sender is in, or the base fee falls.
      const hopeless = await Promise.all(refused.map(async ({ transaction }) => unfit.has(keccak256(transaction)) || !(await isValid(transaction))))
      sources.mempool.remove([...record.transactions, ...refused.flatMap(({ transaction }, i) => (hopeless[i] ? [transaction] : []))].map((raw) => keccak256(raw)))
      return record
    } catch (error) {
      const code = errorCode(error)
      const isTooLarge = code === 'BLOCK_TOO_LARGE'
      // No message of another chain, however it got here, keeps this one from building blocks.
      const isBadImport = system.imports.length > 0 && (code === 'OUT_OF_RANGE' || code === 'UNKNOWN_CHAIN' || (code?.startsWith('RULE_') ?? false))
      if (!isTooLarge && !isBadImport) throw error
      if (isBadImport) log.warn('an import cannot be executed', { code, imports: system.imports.map(({ message: { source, nonce } }) => ({ source, nonce })) })
      system = halve(system)
    }
  }
}

/** Fewer system inputs: imports go first, because they are optional. A single L1 entry always fits, so this ends. */
function halve({ l1Entries, imports }: { l1Entries: L1InboxEntry[]; imports: ImportedMessage[] }) {
  if (imports.length > 0) return { l1Entries, imports: imports.slice(0, imports.length >> 1) }
  if (l1Entries.length > 1) return { l1Entries: l1Entries.slice(0, l1Entries.length >> 1), imports }
  throw new CausewayError('A block with one L1 inbox entry does not fit a certificate.', {
    code: 'BLOCK_TOO_LARGE',
    fix: 'this is a bug of the engine or the messenger predeploy: one delivery sends at most two messages',
  })
}
