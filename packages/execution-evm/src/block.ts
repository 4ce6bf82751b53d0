import { createBlock, createBlockHeader, createBlockHeaderFromBytesArray, type Block, type BlockHeader } from '@ethereumjs/block'
import type { Common } from '@ethereumjs/common'
import { RLP } from '@ethereumjs/rlp'
import { concatHex, hexToBytes, type Address, type Hex } from 'viem'
import { bytesToHex, ethAddress, toUint, uintBytes } from './bytes.js'
import { keccakHex } from './keccak.js'
import type { EvmBlock, EvmHeader } from './types.js'

/** What a header says before its transactions ran. */
export type OpenHeader = {
  number: bigint
  parentHash: Hex
  timestampMs: bigint
  gasLimit: bigint
  baseFeePerGas: bigint
  feeRecipient: Address
  /** Derived unless the block exists already. */
  mixHash?: Hex
  /** Default: the milliseconds of `timestampMs`. */
  extraData?: Hex
}
/** What execution adds to a header. */
export type Sealed = { stateRoot: Hex; transactionsRoot: Hex; receiptsRoot: Hex; logsBloom: Hex; gasUsed: bigint }

/** The EVM's view of a block in the making. */
export function openBlock(open: OpenHeader, common: Common): Block {
  return createBlock({ header: headerData(open) }, { common, skipConsensusFormatValidation: true })
}

/** The finished header: Ethereum's fields, RLP and hash. */
export function sealHeader(open: OpenHeader, sealed: Sealed, common: Common): BlockHeader {
  const data = {
    ...headerData(open),
    stateRoot: sealed.stateRoot,
    transactionsTrie: sealed.transactionsRoot,
    receiptTrie: sealed.receiptsRoot,
    logsBloom: sealed.logsBloom,
    gasUsed: sealed.gasUsed,
  }
  return createBlockHeader(data, { common, skipConsensusFormatValidation: true })
}

function headerData(open: OpenHeader) {
  const ms = bytesToHex(uintBytes(open.timestampMs, 8))
  return {
    number: open.number,
    parentHash: open.parentHash,
    coinbase: ethAddress(open.feeRecipient),
    gasLimit: open.gasLimit,
    baseFeePerGas: open.baseFeePerGas,
    // Whole seconds for the EVM; blocks of the same second share a timestamp, the milliseconds are in extraData.
    timestamp: open.timestampMs / 1000n,
    extraData: open.extraData ?? ms,
    // PREVRANDAO: differs in every block; the sequencer can choose it, as it can the timestamp.
    mixHash: open.mixHash ?? keccakHex(concatHex([open.parentHash, ms])),
  }
}

/** The block row: rlp([header, [envelope, …]]). */
export function encodeBlock(header: BlockHeader, transactions: readonly Hex[]): Uint8Array {
  return RLP.encode([header.raw(), transactions.map((raw) => hexToBytes(raw))])
}

/** Reads a block row. */
export function decodeBlock(row: Uint8Array, common: Common): EvmBlock {
  const [fields, envelopes] = RLP.decode(row) as unknown as [Uint8Array[], Uint8Array[]]
  const header = createBlockHeaderFromBytesArray(fields, { common, skipConsensusFormatValidation: true })
  return {
    ...toHeader(header),
    size: RLP.encode([fields, envelopes.map((bytes) => (bytes[0] !== undefined && bytes[0] >= 0xc0 ? RLP.decode(bytes) : bytes)), [], []]).length,
    transactions: envelopes.map((bytes) => ({ hash: keccakHex(bytes), raw: bytesToHex(bytes) })),
  }
}

function toHeader(header: BlockHeader): EvmHeader {
  return {
    hash: bytesToHex(header.hash()),
    parentHash: bytesToHex(header.parentHash),
    number: header.number,
    stateRoot: bytesToHex(header.stateRoot),
    transactionsRoot: bytesToHex(header.transactionsTrie),
    receiptsRoot: bytesToHex(header.receiptTrie),
    logsBloom: bytesToHex(header.logsBloom),
    gasLimit: header.gasLimit,
    gasUsed: header.gasUsed,
    timestamp: header.timestamp,
    timestampMs: toUint(header.extraData),
    extraData: bytesToHex(header.extraData),
    mixHash: bytesToHex(header.mixHash),
    feeRecipient: bytesToHex(header.coinbase.bytes),
    baseFeePerGas: header.baseFeePerGas ?? 0n,
    withdrawalsRoot: bytesToHex(header.withdrawalsRoot ?? new Uint8Array(32)),
    blobGasUsed: header.blobGasUsed ?? 0n,
    excessBlobGas: header.excessBlobGas ?? 0n,
    parentBeaconBlockRoot: bytesToHex(header.parentBeaconBlockRoot ?? new Uint8Array(32)),
    requestsHash: header.requestsHash ? bytesToHex(header.requestsHash) : null,
  }
}

/** EIP-1559's base fee of the block after `parent`: elasticity 2, at most an eighth up or down. */
export function nextBaseFee(parent: Pick<EvmHeader, 'gasLimit' | 'gasUsed' | 'baseFeePerGas'>): bigint {
  const target = parent.gasLimit / 2n
  const base = parent.baseFeePerGas
  if (parent.gasUsed === target) return base
  if (parent.gasUsed > target) {
    const rise = (base * (parent.gasUsed - target)) / target / 8n
    return base + (rise > 0n ? rise : 1n)
  }
  return base - (base * (target - parent.gasUsed)) / target / 8n
}

