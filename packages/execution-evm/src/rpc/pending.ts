import type { Json, WaitingTransaction } from '@causeway/core'
import { numberToHex, parseTransaction, type Hex, type TransactionSerializedEIP1559 } from 'viem'
import { nextBaseFee } from '../block.js'
import type { EvmBlock } from '../types.js'
import { formatHeader, formatPendingTransaction } from './format.js'
import type { RpcContext } from './context.js'

/** What the next block would take of the mempool now: in its order, as far as their gas limits fit. */
export async function pendingTransactions({ chain, reader, scheduler }: RpcContext): Promise<WaitingTransaction[]> {
  const { pending } = await chain.pool()
  let room = reader.getBlock(reader.head().hash)?.gasLimit ?? 0n
  const taken: WaitingTransaction[] = []
  for (const [index, transaction] of pending.entries()) {
    if (index % 128 === 127) await scheduler.goOn()
    room -= parseTransaction(transaction.raw as TransactionSerializedEIP1559).gas ?? 0n
    if (room < 0n) break
    taken.push(transaction)
  }
  return taken
}

/** Fields of the header that nobody knows before the block is made. */
const UNKNOWN = ['hash', 'nonce', 'miner', 'stateRoot', 'receiptsRoot', 'transactionsRoot', 'logsBloom', 'mixHash'] as const

/** The block after the head, as geth shows it: it has no hash, nonce and miner yet. Nothing in it is executed, so it has no roots and no gas used. */
export async function formatPendingBlock(context: RpcContext, head: EvmBlock, full: boolean): Promise<Json> {
  const { clock } = context
  const now = (clock?.now() ?? 0n) / 1000n
  const waiting = await pendingTransactions(context)
  const transactions: (Json | Hex)[] = waiting.map((transaction) => (full ? formatPendingTransaction(transaction) : transaction.hash))
  return {
    ...formatHeader(head),
    ...Object.fromEntries(UNKNOWN.map((field) => [field, null])),
    parentBeaconBlockRoot: null,
    number: numberToHex(head.number + 1n),
    parentHash: head.hash,
    timestamp: numberToHex(now > head.timestamp ? now : head.timestamp),
    baseFeePerGas: numberToHex(nextBaseFee(head)),
    gasUsed: '0x0',
    size: '0x0',
    transactions,
    uncles: [],
    withdrawals: [],
  }
}
