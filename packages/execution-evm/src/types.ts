import type { PlacedLog } from '@causeway/core'
import type { Address, Hex } from 'viem'

/** An event log without its place in the chain. */
export type EvmLog = { address: Address; topics: readonly Hex[]; data: Hex }

/** An Ethereum block header; `timestamp` is in seconds, `timestampMs` is what the protocol uses. */
export type EvmHeader = {
  hash: Hex
  parentHash: Hex
  number: bigint
  stateRoot: Hex
  transactionsRoot: Hex
  receiptsRoot: Hex
  logsBloom: Hex
  gasLimit: bigint
  gasUsed: bigint
  timestamp: bigint
  timestampMs: bigint
  extraData: Hex
  mixHash: Hex
  feeRecipient: Address
  baseFeePerGas: bigint
  withdrawalsRoot: Hex
  blobGasUsed: bigint
  excessBlobGas: bigint
  parentBeaconBlockRoot: Hex
  /** From prague on. */
  requestsHash: Hex | null
}

/** A block with the raw envelopes of its transactions. */
export type EvmBlock = EvmHeader & {
  /** Size in bytes of the block's RLP, as Ethereum has it: header, transactions, no uncles, no withdrawals. */
  size: number
  transactions: readonly { hash: Hex; raw: Hex }[]
}

/** A transaction with its place. `raw` is a signed Ethereum envelope, or a system transaction's (`0x7d…`). */
export type EvmTransaction = {
  hash: Hex
  raw: Hex
  from: Address
  blockNumber: bigint
  blockHash: Hex
  index: number
  /** wei a gas it paid; 0 for a system transaction. */
  effectiveGasPrice: bigint
}

/** What a transaction did. */
export type EvmReceipt = {
  transactionHash: Hex
  type: number
  index: number
  blockNumber: bigint
  blockHash: Hex
  from: Address
  to: Address | null
  contractAddress: Address | null
  success: boolean
  gasUsed: bigint
  cumulativeGasUsed: bigint
  effectiveGasPrice: bigint
  logsBloom: Hex
  logs: readonly PlacedLog[]
}

/** An account of the genesis state. */
export type GenesisAccount = {
  /** wei; refused unless the engine is `unbacked`. */
  balance?: bigint
  nonce?: bigint
  code?: Hex
  /** Slot to value, each up to 32 bytes of hex. */
  storage?: Readonly<Record<Hex, Hex>>
}
/** The genesis state by address. */
export type GenesisAlloc = Readonly<Record<Address, GenesisAccount>>
