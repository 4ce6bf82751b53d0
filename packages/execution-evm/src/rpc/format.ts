import { formatLog, type Json } from '@causeway/core'
import { numberToHex, parseTransaction, type Address, type Hex, type TransactionSerializedEIP1559 } from 'viem'
import { decodeSystemTransaction, isSystemTransaction } from '../system-transaction.js'
import type { EvmBlock, EvmReceipt, EvmTransaction } from '../types.js'

const EMPTY_UNCLES: Hex = '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347'
const hex = (value: bigint | number): Hex => numberToHex(value)

/** Header fields of a block, as `newHeads` sends them. */
export function formatHeader(block: EvmBlock): Json {
  return {
    baseFeePerGas: hex(block.baseFeePerGas),
    blobGasUsed: hex(block.blobGasUsed),
    difficulty: '0x0',
    excessBlobGas: hex(block.excessBlobGas),
    extraData: block.extraData,
    gasLimit: hex(block.gasLimit),
    gasUsed: hex(block.gasUsed),
    hash: block.hash,
    logsBloom: block.logsBloom,
    miner: block.feeRecipient,
    mixHash: block.mixHash,
    nonce: '0x0000000000000000',
    number: hex(block.number),
    parentBeaconBlockRoot: block.parentBeaconBlockRoot,
    parentHash: block.parentHash,
    receiptsRoot: block.receiptsRoot,
    ...(block.requestsHash === null ? {} : { requestsHash: block.requestsHash }),
    sha3Uncles: EMPTY_UNCLES,
    stateRoot: block.stateRoot,
    timestamp: hex(block.timestamp),
    transactionsRoot: block.transactionsRoot,
    withdrawalsRoot: block.withdrawalsRoot,
  }
}

/** A block with the hashes of its transactions, or with the transactions where they are given, formatted already. */
export function formatBlock(block: EvmBlock, transactions?: readonly Json[]): Json {
  return {
    ...formatHeader(block),
    size: hex(block.size),
    transactions: transactions ?? block.transactions.map(({ hash }) => hash),
    uncles: [],
    withdrawals: [],
  }
}

/** A transaction of a block. System transactions have type 0x7d, price 0 and no signature. */
export function formatTransaction(transaction: EvmTransaction, block: Pick<EvmBlock, 'timestamp'>): Json {
  return {
    blockHash: transaction.blockHash,
    blockNumber: hex(transaction.blockNumber),
    blockTimestamp: hex(block.timestamp),
    transactionIndex: hex(transaction.index),
    ...envelope(transaction.hash, transaction.raw, transaction.from),
    gasPrice: hex(transaction.effectiveGasPrice),
  }
}

/** A transaction that waits for a block. */
export function formatPendingTransaction(transaction: { hash: Hex; raw: Hex; from: Address }): Json {
  return { blockHash: null, blockNumber: null, blockTimestamp: null, transactionIndex: null, ...envelope(transaction.hash, transaction.raw, transaction.from) }
}

function envelope(hash: Hex, raw: Hex, from: Address): Json {
  if (isSystemTransaction(raw)) {
    const { to, mint, gas, data, sourceId } = decodeSystemTransaction(raw)
    return { hash, from, to, type: '0x7d', value: hex(mint), gas: hex(gas), gasPrice: '0x0', input: data, nonce: '0x0', v: '0x0', r: '0x0', s: '0x0', sourceId }
  }
  const tx = parseTransaction(raw as TransactionSerializedEIP1559) as unknown as ParsedTransaction
  const type = raw.startsWith('0x0') ? (raw.slice(0, 4) as Hex) : '0x00'
  const parity = tx.yParity === undefined ? undefined : hex(tx.yParity)
  return {
    hash,
    from: from.toLowerCase(),
    to: tx.to?.toLowerCase() ?? null,
    type: hex(Number(type)),
    nonce: hex(tx.nonce ?? 0),
    gas: hex(tx.gas ?? 0n),
    value: hex(tx.value ?? 0n),
    input: tx.data ?? '0x',
    gasPrice: hex(tx.gasPrice ?? tx.maxFeePerGas ?? 0n),
    ...(tx.maxFeePerGas === undefined && type !== '0x02' && type !== '0x04'
      ? {}
      : { maxFeePerGas: hex(tx.maxFeePerGas ?? 0n), maxPriorityFeePerGas: hex(tx.maxPriorityFeePerGas ?? 0n) }),
    ...(tx.chainId === undefined ? {} : { chainId: hex(tx.chainId) }),
    ...(type === '0x00' ? {} : { accessList: (tx.accessList ?? []).map((item) => ({ ...item, address: item.address.toLowerCase() })) }),
    ...(tx.authorizationList === undefined ? {} : { authorizationList: tx.authorizationList.map(formatAuthorization) }),
    v: type === '0x00' ? hex(tx.v ?? 0n) : (parity ?? '0x0'),
    r: minimal(tx.r),
    s: minimal(tx.s),
    ...(type === '0x00' || parity === undefined ? {} : { yParity: parity }),
  }
}

/** The union of the fields that viem's `parseTransaction` may give. */
type ParsedTransaction = {
  chainId?: number
  nonce?: number
  to?: Address | null
  gas?: bigint
  value?: bigint
  data?: Hex
  gasPrice?: bigint
  maxFeePerGas?: bigint
  maxPriorityFeePerGas?: bigint
  accessList?: readonly { address: Address; storageKeys: readonly Hex[] }[]
  authorizationList?: readonly Authorization[]
  v?: bigint
  r?: Hex
  s?: Hex
  yParity?: number
}
type Authorization = { chainId: number; address: Address; nonce: number; r?: Hex; s?: Hex; yParity?: number }

function formatAuthorization(authorization: Authorization): Json {
  const { chainId, address, nonce, r, s, yParity } = authorization
  return { chainId: hex(chainId), address: address.toLowerCase(), nonce: hex(nonce), r: minimal(r), s: minimal(s), yParity: hex(yParity ?? 0) }
}

/** A quantity has no leading zeros. */
function minimal(value: Hex | undefined): Hex {
  return hex(BigInt(value ?? 0))
}

/** A receipt. */
export function formatReceipt(receipt: EvmReceipt, block: Pick<EvmBlock, 'timestamp'>): Json {
  return {
    blockHash: receipt.blockHash,
    blockNumber: hex(receipt.blockNumber),
    contractAddress: receipt.contractAddress,
    cumulativeGasUsed: hex(receipt.cumulativeGasUsed),
    effectiveGasPrice: hex(receipt.effectiveGasPrice),
    from: receipt.from,
    gasUsed: hex(receipt.gasUsed),
    logs: receipt.logs.map((log) => formatLog(log, block.timestamp)),
    logsBloom: receipt.logsBloom,
    status: receipt.success ? '0x1' : '0x0',
    to: receipt.to,
    transactionHash: receipt.transactionHash,
    transactionIndex: hex(receipt.index),
    type: hex(receipt.type),
  }
}
