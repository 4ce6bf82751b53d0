import { Unzlib, zlibSync } from 'fflate'
import { concatBytes, fromRlp, hexToBigInt, hexToNumber, numberToHex, size, toRlp, type Hex } from 'viem'
import { CausewayError } from '../errors.js'
import { addressToBigInt, CAPACITY, field, uint } from '../protocol/limits.js'
import type { Message } from '../protocol/types.js'
import type { ImportedMessage } from './inputs.js'

/** A block as it stands in a batch: what decides it, and nothing that follows from that. */
export type BatchBlock = {
  /** ms */
  timestamp: bigint
  /** L1 inbox entries that it consumes. */
  l1Entries: number
  imports: readonly ImportedMessage[]
  transactions: readonly Hex[]
}

/** What a chain posts to its DA layer. With L1's inbox it determines the chain. */
export type Batch = {
  chainId: bigint
  /** Which branch of the chain this is (u128, see `eraOf`); a higher one replaces unsettled blocks of a lower one. */
  incarnation: bigint
  /** Number of the first block. */
  first: bigint
  parentHash: Hex
  blocks: readonly BatchBlock[]
}

const VERSION = 1
/** An inflated batch is at most this large: a small blob cannot fill a follower's memory. */
export const MAX_BATCH_BYTES = 16 * 1024 * 1024

/**
 * Items in a batch (byte strings and lists of its RLP) are at most this many, because each takes memory however short it is: as many as
 * {@link MAX_BATCH_BYTES} hold transactions of 64 bytes, which are shorter than any valid one.
 */
export const MAX_BATCH_ITEMS = MAX_BATCH_BYTES / 64

/** How many items (see {@link MAX_BATCH_ITEMS}) a batch of these blocks is: 6 for the batch, 5 for a block, 16 for an import, 1 for a transaction. */
export function batchItems(blocks: readonly Pick<BatchBlock, 'imports' | 'transactions'>[]): number {
  return blocks.reduce((sum, { imports, transactions }) => sum + 5 + 16 * imports.length + transactions.length, 6)
}

const num = (value: bigint | number): Hex => (BigInt(value) === 0n ? '0x' : evenHex(numberToHex(value)))
const evenHex = (hex: Hex): Hex => (hex.length % 2 ? `0x0${hex.slice(2)}` : hex)

/** Encodes a batch: version byte ‖ zlib(RLP). */
export function encodeBatch(batch: Batch): Uint8Array {
  const rlp = toRlp(
    [
      num(batch.chainId),
      num(batch.incarnation),
      num(batch.first),
      batch.parentHash,
      batch.blocks.map((block) => [num(block.timestamp), num(block.l1Entries), block.imports.map(encodeImport), [...block.transactions]]),
    ],
    'bytes',
  )
  return concatBytes([Uint8Array.of(VERSION), zlibSync(rlp, { level: 6 })])
}

function encodeImport({ message: m, policyHash }: ImportedMessage) {
  return [
    ...[m.source, m.nonce, m.timestamp, m.destination].map(num),
    m.sender,
    m.recipient,
    m.refundTo,
    num(m.token.chain),
    m.token.address,
    ...[m.amount, m.fee, m.gasLimit, m.expiry].map(num),
    m.payload,
    num(policyHash),
  ]
}

/**
 * Decodes a batch. The checksum of the compressed stream and what follows it are not looked at: the DA layer's hash binds the bytes.
 * @throws `BATCH_MALFORMED` for anything else that {@link encodeBatch} does not write
 */
export function decodeBatch(bytes: Uint8Array): Batch {
  try {
    if (bytes[0] !== VERSION) throw new Error(`version ${bytes[0]} is unknown`)
    const [chainId, incarnation, first, parentHash, blocks] = list(fromRlp(counted(inflate(bytes.subarray(1))), 'hex'), 5)
    const hash = text(parentHash)
    if (size(hash) !== 32) throw new Error('the parent hash is not 32 bytes')
    return { chainId: int(chainId, 64), incarnation: int(incarnation, 128), first: int(first, 64), parentHash: hash, blocks: list(blocks).map(decodeBlock) }
  } catch (cause) {
    throw new CausewayError(`Malformed batch: ${cause instanceof Error ? cause.message : String(cause)}.`, { code: 'BATCH_MALFORMED', cause })
  }
}

type Rlp = Hex | readonly Rlp[]

function decodeBlock(item: Rlp): BatchBlock {
  const [timestamp, l1Entries, imports, transactions] = list(item, 4)
  const messages = list(imports)
  if (messages.length > CAPACITY.imports) throw new Error('a block imports too many messages')
  return { timestamp: int(timestamp, 64), l1Entries: Number(int(l1Entries, 8)), imports: messages.map(decodeImport), transactions: list(transactions).map(text) }
}

function decodeImport(item: Rlp): ImportedMessage {
  const f = list(item, 15)
  const address = (at: number) => {
    const value = text(f[at])
    addressToBigInt(value, 'address')
    return value
  }
  const message: Message = {
    source: int(f[0], 64),
    nonce: int(f[1], 64),
    timestamp: int(f[2], 64),
    destination: int(f[3], 64),
    sender: address(4),
    recipient: address(5),
    refundTo: address(6),
    token: { chain: int(f[7], 64), address: address(8) },
    amount: int(f[9], 128),
    fee: int(f[10], 128),
    gasLimit: int(f[11], 64),
    expiry: int(f[12], 64),
    payload: text(f[13]),
  }
  return { message, policyHash: field(int(f[14], 256), 'policyHash') }
}

function list(item: Rlp | undefined, length?: number): readonly Rlp[] {
  if (!Array.isArray(item) || (length !== undefined && item.length !== length)) throw new Error('a list has another form')
  return item as readonly Rlp[]
}

function text(item: Rlp | undefined): Hex {
  if (typeof item !== 'string') throw new Error('a list stands where bytes should')
  return item
}

function int(item: Rlp | undefined, bits: number): bigint {
  const hex = text(item)
  if (hex === '0x') return 0n
  if (hexToNumber(`0x${hex.slice(2, 4)}`) === 0) throw new Error('a number has leading zeros')
  return uint(bits, hexToBigInt(hex), 'number')
}

/** Refuses RLP of too many items, without keeping any; what else is wrong with it is for the decoder to find. */
function counted(rlp: Uint8Array): Uint8Array {
  let items = 0
  for (let at = 0; at < rlp.length; items++) {
    if (items === MAX_BATCH_ITEMS) throw new Error(`it holds more than ${MAX_BATCH_ITEMS} items`)
    const prefix = rlp[at] as number
    // A list is entered, bytes are passed over.
    const isList = prefix >= 0xc0
    const short = prefix - (isList ? 0xc0 : 0x80)
    const lengthBytes = Math.max(0, short - 55)
    let length = Math.max(0, short)
    if (lengthBytes > 0) length = rlp.subarray(at + 1, at + 1 + lengthBytes).reduce((value, byte) => value * 256 + byte, 0)
    at += 1 + lengthBytes + (isList ? 0 : length)
  }
  return rlp
}

function inflate(bytes: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = []
  let total = 0
  let ended = false
  const stream = new Unzlib((chunk, final) => {
    total += chunk.length
    if (total > MAX_BATCH_BYTES) throw new Error(`it inflates to more than ${MAX_BATCH_BYTES} bytes`)
    chunks.push(chunk)
    ended = final
  })
  for (let at = 0; at < bytes.length; at += 16384) stream.push(bytes.subarray(at, at + 16384), at + 16384 >= bytes.length)
  if (!ended) throw new Error('it is truncated')
  return concatBytes(chunks)
}

