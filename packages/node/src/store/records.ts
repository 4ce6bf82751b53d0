import { decodeJson, encodeJson, messageOf, type AccountingState, type Certificate, type CertificateDraft, type Entry, type ImportedMessage, type Message, type Store } from '@causeway/core'
import type { Hex } from 'viem'
import type { L1References } from '../certificates/l1-references.js'

/** A block as the node keeps it beside the engine's rows: what decided it, and what followed for accounting. */
export type BlockRecord = {
  number: bigint
  hash: Hex
  parentHash: Hex
  /** ms; grows strictly from block to block */
  timestamp: bigint
  stateRoot: Hex
  incarnation: bigint
  l1Entries: number
  imports: readonly ImportedMessage[]
  transactions: readonly Hex[]
  /** Rolling hash of the L1 inbox at the cursor after the block. */
  inboxHash: Hex
  /** Trees and cursor after the block. */
  accounting: AccountingState
  entries: readonly Entry[]
  /** Whether each delivered message (L1 entry or import) succeeded, in order. */
  delivered: readonly boolean[]
}

/** A message of a block: `entry`, of which kind, is about it; `ok` is false if its call failed. */
export type BlockMessage = { message: Message; entry: number; kind: Entry['kind']; ok: boolean }

/** The messages of a block, in the order of its entries. */
export function messagesIn({ entries, delivered }: Pick<BlockRecord, 'entries' | 'delivered'>): BlockMessage[] {
  let delivery = 0
  return entries.flatMap((entry, at): BlockMessage[] => {
    const ok = entry.kind === 'export' ? true : (delivered[delivery++] ?? false)
    const message = messageOf(entry)
    return message ? [{ message, entry: at, kind: entry.kind, ok }] : []
  })
}

/** What a store belongs to; a node refuses one of another chain. */
export type ChainStamp = { chainId: bigint; genesisHash: Hex; hub: Hex }

/** A posted batch of this chain. `daIndex` counts the postings up to it. */
export type BatchRecord = { daIndex: bigint; daHash: Hex; first: bigint; last: bigint; incarnation: bigint; lastTimestamp: bigint }

/** The chain's certificate at a height. */
export type CertificateRecord = {
  height: bigint
  fromBlock: bigint
  toBlock: bigint
  statement: bigint
  draft: CertificateDraft
  signatures: Certificate['signatures']
  state: 'proposed' | 'certified' | 'composed' | 'proven' | 'settled' | 'dead'
  epoch?: bigint
  reason?: string
  /** Of the aggregator's last verdict that changed something, ms of its clock. */
  verdictTime?: bigint
}

/** What this node signed at a height, and what it takes to tell that it is dead; before that the node signs no other. */
export type SignedRecord = { statement: bigint; notAfter: bigint; references: L1References }

const index = (n: bigint) => n.toString(16).padStart(16, '0')

/** Keys of the node's rows. */
export const keys = {
  stamp: 'chain/stamp',
  head: 'chain/head',
  incarnation: 'chain/incarnation',
  block: (number: bigint) => `chain/block/${index(number)}`,
  sent: (nonce: bigint) => `chain/sent/${index(nonce)}`,
  received: (source: bigint, nonce: bigint) => `chain/received/${index(source)}/${index(nonce)}`,
  message: (id: Hex) => `chain/message/${id}`,
  batch: (daIndex: bigint) => `chain/batch/${index(daIndex)}`,
  certificate: (height: bigint) => `chain/certificate/${index(height)}`,
  signed: (height: bigint) => `chain/signed/${index(height)}`,
  waiting: (hash: Hex) => `mempool/${hash}`,
} as const

export type Change = { key: string; value: Uint8Array | null }

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A row's write. */
export function put(key: string, value: unknown): Change {
  return { key, value: encoder.encode(encodeJson(value)) }
}

/** Reads a row this node wrote. */
export function read<T>(store: Pick<Store, 'get'>, key: string): T | undefined {
  const bytes = store.get(key)
  return bytes && (decodeJson(decoder.decode(bytes)) as T)
}

/** Reads the rows with a prefix, in order of key; `from`: from this key on. */
export function* readAll<T>(store: Pick<Store, 'range'>, prefix: string, { from = prefix, ...options }: { from?: string; reverse?: boolean; limit?: number } = {}): Generator<T> {
  for (const { value } of store.range({ start: from, end: `${prefix}\xff`, ...options })) yield decodeJson(decoder.decode(value)) as T
}

/** Certificates of this node, from a height on. */
export const certificatesFrom = (store: Pick<Store, 'range'>, height: bigint): Generator<CertificateRecord> => readAll(store, 'chain/certificate/', { from: keys.certificate(height) })
