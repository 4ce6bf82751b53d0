import { blockParam, hashParam, inSlices, needBlock, type RpcHandler } from '@causeway/core'
import { concatHex, fromRlp, numberToHex, toHex, toRlp, type Hex } from 'viem'
import type { EvmBlock, EvmReceipt } from '../../types.js'
import type { RpcContext } from '../context.js'

/** `debug_getRaw*`: what the hashes of blocks, transactions and receipts are made of. */
export function rawMethods(context: RpcContext): Record<string, RpcHandler> {
  const { reader, scheduler } = context
  return {
    debug_getRawHeader: (params) => toRlp(headerFields(needBlock(context, blockParam(params, 0)))),
    debug_getRawBlock(params) {
      const block = needBlock(context, blockParam(params, 0))
      // A legacy transaction sits in the list as a list, a typed one as bytes.
      const transactions = block.transactions.map(({ raw }) => (Number(raw.slice(0, 4)) >= 0xc0 ? fromRlp(raw) : raw))
      return toRlp([headerFields(block), transactions, [], []])
    },
    debug_getRawReceipts: (params) => inSlices(reader.getReceipts(needBlock(context, blockParam(params, 0)).hash) ?? [], scheduler, rawReceipt),
    debug_getRawTransaction: (params) => reader.getTransaction(hashParam(params, 0))?.raw ?? null,
  }
}

function headerFields(block: EvmBlock): Hex[] {
  return [
    block.parentHash,
    '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
    block.feeRecipient,
    block.stateRoot,
    block.transactionsRoot,
    block.receiptsRoot,
    block.logsBloom,
    '0x',
    minimal(block.number),
    minimal(block.gasLimit),
    minimal(block.gasUsed),
    minimal(block.timestamp),
    block.extraData,
    block.mixHash,
    '0x0000000000000000',
    minimal(block.baseFeePerGas),
    block.withdrawalsRoot,
    minimal(block.blobGasUsed),
    minimal(block.excessBlobGas),
    block.parentBeaconBlockRoot,
    ...(block.requestsHash === null ? [] : [block.requestsHash]),
  ]
}

function rawReceipt(receipt: EvmReceipt): Hex {
  const logs = receipt.logs.map((log) => [log.address, [...log.topics], log.data])
  const body = toRlp([minimal(receipt.success ? 1n : 0n), minimal(receipt.cumulativeGasUsed), receipt.logsBloom, logs] as Hex[])
  return receipt.type === 0 ? body : concatHex([toHex(receipt.type, { size: 1 }), body])
}

/** RLP's zero is empty. */
function minimal(value: bigint): Hex {
  if (value === 0n) return '0x'
  const digits = numberToHex(value).slice(2)
  return `0x${digits.length % 2 ? '0' : ''}${digits}`
}
