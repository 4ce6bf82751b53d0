import { RLP } from '@ethereumjs/rlp'
import { hexToBytes, type Address, type Hex } from 'viem'
import { bytesToHex, rlpUint, toUint } from './bytes.js'
import { keccak } from './keccak.js'
import type { EvmLog } from './types.js'

/** What the engine keeps of each transaction's execution, beside the block. */
export type StoredReceipt = {
  hash: Hex
  type: number
  from: Address
  to: Address | null
  contractAddress: Address | null
  success: boolean
  gasUsed: bigint
  cumulativeGasUsed: bigint
  effectiveGasPrice: bigint
  logs: readonly EvmLog[]
}

/** The receipts row of a block. */
export function encodeReceipts(receipts: readonly StoredReceipt[]): Uint8Array {
  return RLP.encode(
    receipts.map((r) => [
      hexToBytes(r.hash),
      rlpUint(BigInt(r.type)),
      hexToBytes(r.from),
      r.to === null ? new Uint8Array() : hexToBytes(r.to),
      r.contractAddress === null ? new Uint8Array() : hexToBytes(r.contractAddress),
      rlpUint(r.success ? 1n : 0n),
      rlpUint(r.gasUsed),
      rlpUint(r.cumulativeGasUsed),
      rlpUint(r.effectiveGasPrice),
      r.logs.map(logFields),
    ]),
  )
}

/** Reads a receipts row. */
export function decodeReceipts(row: Uint8Array): StoredReceipt[] {
  return (RLP.decode(row) as unknown as unknown[][]).map((fields) => {
    const at = (index: number) => fields[index] as Uint8Array
    return {
      hash: bytesToHex(at(0)),
      type: Number(toUint(at(1))),
      from: bytesToHex(at(2)),
      to: at(3).length === 0 ? null : bytesToHex(at(3)),
      contractAddress: at(4).length === 0 ? null : bytesToHex(at(4)),
      success: at(5).length === 1,
      gasUsed: toUint(at(6)),
      cumulativeGasUsed: toUint(at(7)),
      effectiveGasPrice: toUint(at(8)),
      logs: (fields[9] as [Uint8Array, Uint8Array[], Uint8Array][]).map(([address, topics, data]) => ({
        address: bytesToHex(address),
        topics: topics.map((topic) => bytesToHex(topic)),
        data: bytesToHex(data),
      })),
    }
  })
}

/** The receipt as the receipts trie holds it (EIP-2718: type ‖ rlp([status, cumulative gas, bloom, logs])). */
export function consensusReceipt(receipt: StoredReceipt): Uint8Array {
  const body = RLP.encode([
    rlpUint(receipt.success ? 1n : 0n),
    rlpUint(receipt.cumulativeGasUsed),
    logsBloom(receipt.logs),
    receipt.logs.map(logFields),
  ])
  return receipt.type === 0 ? body : Uint8Array.from([receipt.type, ...body])
}

/** The 2048-bit bloom filter of logs' addresses and topics. */
export function logsBloom(logs: readonly EvmLog[]): Uint8Array {
  const bloom = new Uint8Array(256)
  for (const log of logs) for (const item of [log.address, ...log.topics]) for (const bit of bloomBits(item)) setBit(bloom, bit)
  return bloom
}

/** May the logs behind this bloom contain the item (an address or a topic) of these {@link bloomBits}? */
export function bloomHas(bloom: Uint8Array, bits: readonly number[]): boolean {
  return bits.every((bit) => ((bloom[255 - (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0)
}

/** The three bits of a bloom filter that an item sets. */
export function bloomBits(item: Hex): number[] {
  const hash = keccak(hexToBytes(item))
  return [0, 2, 4].map((i) => (((hash[i] ?? 0) << 8) | (hash[i + 1] ?? 0)) & 2047)
}

function setBit(bloom: Uint8Array, bit: number): void {
  const index = 255 - (bit >> 3)
  bloom[index] = (bloom[index] ?? 0) | (1 << (bit & 7))
}

function logFields(log: EvmLog): [Uint8Array, Uint8Array[], Uint8Array] {
  return [hexToBytes(log.address), log.topics.map((topic) => hexToBytes(topic)), hexToBytes(log.data)]
}
