import { messageLeaf, type ImportedMessage } from '@causeway/core'
import type { Chain, MessagePlace } from '../chain.js'
import type { SettledPoint } from '../l1/settlement.js'
import { keys, read, type BlockRecord } from '../store/records.js'

/** A message of another chain that a block has executed, and its leaf in the outbox of its source. */
export type ExecutedImport = ImportedMessage & { leaf: bigint }

/** What the chain has executed of other chains' messages. */
export type ExecutedImports = {
  /** Where the chain consumed a message, if it did. */
  place(source: bigint, nonce: bigint): MessagePlace | undefined
  isConsumed(source: bigint, nonce: bigint): boolean
  /** In the blocks that no settled certificate covers. */
  unsettled(): ExecutedImport[]
  /** The last block that imported from a source since this node runs; -1 if none did. */
  lastFrom(source: bigint): bigint
}

/** Reads them of the chain's rows and blocks. */
export function createExecutedImports({ chain, settled }: { chain: Chain; settled(): Pick<SettledPoint, 'block'> }): ExecutedImports {
  const last = new Map<bigint, bigint>()
  chain.subscribe(({ number, imports }) => {
    for (const { message } of imports) last.set(message.source, number)
  })
  function place(source: bigint, nonce: bigint): MessagePlace | undefined {
    const held = read<MessagePlace>(chain.store, keys.received(source, nonce))
    return held && chain.block(held.block)?.hash === held.hash ? held : undefined
  }
  return {
    place,
    isConsumed: (source, nonce) => place(source, nonce) !== undefined,
    unsettled() {
      const found: ExecutedImport[] = []
      for (let number = settled().block + 1n; number <= chain.head.number; number++)
        for (const entry of (chain.block(number) as BlockRecord).entries) if (entry.kind === 'import') found.push({ ...entry, leaf: messageLeaf(entry.message, entry.policyHash) })
      return found
    },
    lastFrom: (source) => last.get(source) ?? -1n,
  }
}
