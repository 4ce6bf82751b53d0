import { canonicalPath, CausewayError, decodeJson, encodeJson, type SentMessage, type Store } from '@causeway/core'
import { bytesToHex, bytesToString, hexToBytes, keccak256, stringToBytes, type Address, type Hex } from 'viem'
import { headRow, rows, type Change } from './rows.js'
import type { Emitted } from './run.js'

/** What became of an action or a delivery. */
export type Receipt = {
  hash: Hex
  kind: 'action' | 'delivery'
  /** Raw action, or the id of the message. */
  raw: Hex
  from: Address
  /** `module.action`; of a delivery, who it was for. */
  to: string
  nonce: bigint
  /** null if it did what it was to do. */
  code: string | null
  gasUsed: bigint
  gasPrice: bigint
  events: readonly Emitted[]
  /** How many messages it sent. */
  sent: number
}

/** A block as the engine keeps it. */
export type AppBlock = {
  number: bigint
  hash: Hex
  parentHash: Hex
  /** ms */
  timestamp: bigint
  stateRoot: Hex
  gasUsed: bigint
  receipts: readonly Receipt[]
}

/** Names the block by all that it holds, as lists, whose order is fixed. */
export function sealBlock(block: Omit<AppBlock, 'hash'>, sent: readonly SentMessage[]): AppBlock {
  const receipts = block.receipts.map(({ hash, kind, raw, from, to, nonce, code, gasUsed, gasPrice, events }) => [hash, kind, raw, from, to, nonce, code, gasUsed, gasPrice, events.map(({ module, event, data }) => [module, event, data])])
  const messages = sent.map((m) => [m.destination, m.sender, m.recipient, m.refundTo, m.token.chain, m.token.address, m.amount, m.gasLimit, m.expiry, m.payload])
  return { ...block, hash: keccak256(stringToBytes(encodeJson([block.number, block.parentHash, block.timestamp, block.stateRoot, block.gasUsed, receipts, messages]))) }
}

/** The rows of a new block. */
export function blockRows(block: AppBlock): Change[] {
  return [
    { key: rows.block(block.hash), value: stringToBytes(encodeJson(block)) },
    ...block.receipts.map(({ hash }, index) => ({ key: rows.receipt(hash, block.hash), value: stringToBytes(index.toString()) })),
    ...(block.receipts.some(({ events }) => events.length > 0) ? [{ key: rows.events(block.number, block.hash), value: Uint8Array.of(1) }] : []),
    { key: rows.canonical(block.number), value: hexToBytes(block.hash) },
    headRow(block.hash),
  ]
}

/** Blocks that are kept decoded: the last few are asked for over and over, and rows never change under their hash. */
const KEPT = 16

/** Reads the engine's blocks. */
export type Blocks = ReturnType<typeof openBlocks>

/** Opens the blocks of a store. */
export function openBlocks(store: Pick<Store, 'get' | 'range'>) {
  const kept = new Map<Hex, AppBlock>()
  const byHash = (hash: Hex): AppBlock | undefined => {
    const known = kept.get(hash)
    const row = known ? undefined : store.get(rows.block(hash))
    const block = row ? (decodeJson(bytesToString(row)) as AppBlock) : known
    if (block && !known) {
      kept.set(hash, block)
      for (const oldest of kept.keys()) if (kept.size > KEPT) kept.delete(oldest)
    }
    return block
  }
  const head = (): AppBlock => {
    const row = store.get(rows.head)
    const block = row && byHash(bytesToHex(row))
    if (!block) throw new CausewayError('The store holds no chain.', { code: 'NO_GENESIS', fix: 'Write the changes of genesis() first.' })
    return block
  }
  const canonicalHash = (number: bigint): Hex | undefined => {
    const row = store.get(rows.canonical(number))
    return row && bytesToHex(row)
  }
  const byNumber = (number: bigint): AppBlock | undefined => {
    const hash = number > head().number ? undefined : canonicalHash(number)
    return hash && byHash(hash)
  }
  return {
    byHash,
    byNumber,
    head,
    /** A receipt of the head's branch. */
    receipt(hash: Hex): { receipt: Receipt; index: number; block: AppBlock } | undefined {
      for (const { key, value } of store.range(rows.receiptRange(hash))) {
        const block = byHash(`0x${key.split('/')[3]}`)
        const index = Number(bytesToString(value))
        const receipt = block?.receipts[index]
        if (block && receipt && byNumber(block.number)?.hash === block.hash) return { receipt, index, block }
      }
      return undefined
    },
    /** The number rows that make a block and its ancestors canonical; none if they are. */
    path: (hash: Hex): Change[] =>
      canonicalPath({ head: head().number, blockByHash: byHash, stored: canonicalHash }, hash).map((block) => ({ key: rows.canonical(block.number), value: hexToBytes(block.hash) })),
  }
}
