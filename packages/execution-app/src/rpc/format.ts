import { formatLog, SYSTEM_SENDER, type Json, type PlacedLog, type WaitingTransaction } from '@causeway/core'
import { numberToHex, stringToHex, zeroHash, type Address, type Hex } from 'viem'
import type { AppEngine } from '../engine.js'
import type { AppBlock, Receipt } from '../block.js'
import { moduleAddress } from '../module.js'

const EMPTY_UNCLES: Hex = '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347'
const EMPTY_ROOT: Hex = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421'
/** A bloom filter of 256 bytes: nothing, or anything, for whoever reads logs must not be told that there are none. */
const bloom = (hasEvents: boolean): Hex => `0x${(hasEvents ? 'ff' : '00').repeat(256)}`

/** A receipt and where it stands. */
export type Placed = { receipt: Receipt; index: number; block: AppBlock }

/** A block's header in geth's shape. The time is in seconds, and in ms besides. */
export function formatBlock({ hash, number, parentHash, timestamp, stateRoot, gasUsed, receipts }: AppBlock, { weightLimit, feeRecipient }: Pick<AppEngine, 'weightLimit' | 'feeRecipient'>): Json {
  return {
    ...{ hash, parentHash, stateRoot, number: numberToHex(number), timestamp: numberToHex(timestamp / 1000n), timestampMs: numberToHex(timestamp), gasLimit: numberToHex(weightLimit), gasUsed: numberToHex(gasUsed) },
    ...{ miner: feeRecipient.toLowerCase(), baseFeePerGas: '0x0', difficulty: '0x0', extraData: '0x', logsBloom: bloom(receipts.some(({ events }) => events.length > 0)), mixHash: zeroHash, nonce: '0x0000000000000000', sha3Uncles: EMPTY_UNCLES },
    ...{ transactionsRoot: EMPTY_ROOT, receiptsRoot: EMPTY_ROOT },
  }
}

const typeOf = ({ kind }: Receipt): Hex => (kind === 'action' ? '0x7a' : '0x7d')
/** Where an action or delivery goes, as an account. */
const accountOf = ({ kind, to }: Receipt): Address => (kind === 'action' ? moduleAddress(to.split('.')[0] as string) : (to as Address))
const placeOf = ({ index, block }: Placed) => ({ blockHash: block.hash, blockNumber: numberToHex(block.number), transactionIndex: numberToHex(index) })

/** An action or a delivery as a transaction. */
export function formatTransaction(placed: Placed, chainId: bigint): Json {
  const { hash, raw, nonce, gasUsed, gasPrice } = placed.receipt
  return { ...placeOf(placed), hash, type: typeOf(placed.receipt), chainId: numberToHex(chainId), from: senderOf(placed.receipt), to: accountOf(placed.receipt), value: '0x0', input: raw, nonce: numberToHex(nonce), gas: numberToHex(gasUsed), gasPrice: numberToHex(gasPrice) }
}

/**
 * Who is shown to have sent it: of a delivery, as on an EVM chain, an account that nobody has the key of. Were it the message's sender, clients
 * would take the delivery for the account's own transaction of that nonce, which has replaced the one that they wait for.
 */
const senderOf = ({ kind, from }: Receipt): Address => (kind === 'delivery' ? (SYSTEM_SENDER.toLowerCase() as Address) : from)

/** An action that waits for a block. */
export function formatWaiting({ hash, raw, from, nonce }: WaitingTransaction, chainId: bigint): Json {
  return { hash, blockHash: null, blockNumber: null, transactionIndex: null, type: '0x7a', chainId: numberToHex(chainId), from, to: null, value: '0x0', input: raw, nonce: numberToHex(nonce), gas: '0x0', gasPrice: '0x0' }
}

/** What became of an action or a delivery, with its events as logs. */
export function formatReceipt(placed: Placed, logs: readonly PlacedLog[]): Json {
  const { receipt, block, index } = placed
  const { hash, code, gasUsed, gasPrice } = receipt
  const before = block.receipts.slice(0, index)
  return {
    ...placeOf(placed),
    ...{ transactionHash: hash, type: typeOf(receipt), from: senderOf(receipt), to: accountOf(receipt), contractAddress: null, status: code === null ? '0x1' : '0x0', logsBloom: bloom(logs.length > 0) },
    ...{ gasUsed: numberToHex(gasUsed), cumulativeGasUsed: numberToHex(before.reduce((sum, other) => sum + other.gasUsed, gasUsed)), effectiveGasPrice: numberToHex(gasPrice) },
    ...(code === null ? {} : { revertReason: stringToHex(code) }),
    logs: logs.map((log) => formatLog(log, block.timestamp / 1000n)),
  }
}
