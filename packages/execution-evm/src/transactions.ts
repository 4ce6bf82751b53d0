import { CausewayError } from '@causeway/core'
import type { Common } from '@ethereumjs/common'
import {
  Capability,
  createTxFromRLP,
  getCalldataFloorGas,
  isAccessList2930Tx,
  isEOACode7702Tx,
  isFeeMarket1559Tx,
  isLegacyTx,
  type EOACode7702Tx,
  type FeeMarket1559Tx,
  type TypedTransaction,
} from '@ethereumjs/tx'
import { bytesToHex, getAddress, hexToBytes, type Address, type Hex } from 'viem'
import { MAX_TRANSACTION_GAS } from './common.js'
import { MAX_TRANSACTION_BYTES } from './constants.js'
import { keccakHex } from './keccak.js'
import type { FlatState } from './state.js'

/** A decoded user transaction whose signature was checked. */
export type UserTransaction = {
  raw: Hex
  hash: Hex
  type: number
  sender: Address
  nonce: bigint
  gas: bigint
  value: bigint
  /** Most it pays for a unit of gas, wei. */
  maxFee: bigint
  maxPriorityFee: bigint
  tx: TypedTransaction
}

/**
 * Decodes and recovers a signed transaction: legacy with EIP-155 (or without, if it creates a contract with nonce 0), 2930, 1559, and 7702 where the hardfork has it.
 * @throws `INVALID_TRANSACTION`
 */
export function decodeTransaction(raw: Hex, common: Common): UserTransaction {
  const tx = decode(raw, common)
  if (tx.to === undefined && tx.data.length > 49_152)
    throw invalid(`max initcode size exceeded: code size ${tx.data.length} limit 49152`)
  if (isFeeMarket(tx) && tx.maxPriorityFeePerGas > tx.maxFeePerGas)
    throw invalid(
      `max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: ${tx.maxPriorityFeePerGas}, maxFeePerGas: ${tx.maxFeePerGas}`,
    )
  return {
    raw,
    hash: keccakHex(raw),
    type: tx.type,
    sender: recover(tx),
    nonce: tx.nonce,
    gas: tx.gasLimit,
    value: tx.value,
    maxFee: isFeeMarket(tx) ? tx.maxFeePerGas : tx.gasPrice,
    maxPriorityFee: isFeeMarket(tx) ? tx.maxPriorityFeePerGas : tx.gasPrice,
    tx,
  }
}

function decode(raw: Hex, common: Common): Exclude<TypedTransaction, { type: 3 }> {
  const type = raw.slice(0, 4).toLowerCase()
  if (type === '0x03' || type === '0x7d' || (type === '0x04' && !common.isActivatedEIP(7702))) throw invalid('transaction type not supported')
  if (raw.length / 2 - 1 > MAX_TRANSACTION_BYTES)
    throw invalid(`oversized data: transaction size ${raw.length / 2 - 1}, limit ${MAX_TRANSACTION_BYTES}`)
  let tx: TypedTransaction
  try {
    tx = createTxFromRLP(hexToBytes(raw), { common })
  } catch (cause) {
    if (cause instanceof Error && /chain ?id|EIP155-based V/i.test(cause.message)) throw invalid('invalid chain id for signer', cause)
    const tooHigh = cause instanceof Error && /gas limit (\d+) exceeds .* EIP-7825/.exec(cause.message)
    if (tooHigh) throw invalid(`transaction gas limit too high (cap: ${MAX_TRANSACTION_GAS}, tx: ${tooHigh[1]})`, cause)
    throw invalid(`rlp: ${cause instanceof Error ? cause.message : 'not a transaction'}`, cause)
  }
  if (!isLegacyTx(tx) && !isAccessList2930Tx(tx) && !isFeeMarket1559Tx(tx) && !isEOACode7702Tx(tx)) throw invalid('transaction type not supported')
  // Without a chain id it could be replayed from any other chain, which is what the deployments of keyless accounts are made for: their
  // first and only transaction creates a contract. Nothing else is taken, or whoever once signed a payment without one would pay here too.
  if (isLegacyTx(tx) && !tx.supports(Capability.EIP155ReplayProtection) && !(tx.to === undefined && tx.nonce === 0n))
    throw invalid('only replay-protected (EIP-155) transactions allowed over RPC')
  // A second encoding of one transaction would have a second hash.
  if (bytesToHex(tx.serialize()) !== raw.toLowerCase()) throw invalid('rlp: non-canonical encoding')
  return tx
}

function isFeeMarket(tx: TypedTransaction): tx is FeeMarket1559Tx | EOACode7702Tx {
  return isFeeMarket1559Tx(tx) || isEOACode7702Tx(tx)
}

function recover(tx: TypedTransaction): Address {
  try {
    return bytesToHex(tx.getSenderAddress().bytes)
  } catch (cause) {
    throw invalid('invalid sender: the signature is not valid', cause)
  }
}

/** Where a transaction is checked: the gas left, and the base fee it must meet (absent in a mempool). */
export type CheckAt = { state: FlatState; gasLeft: bigint; baseFee?: bigint; /** A gap before the nonce is fine. */ allowNonceGap?: boolean }

/** Everything that keeps a transaction out of a block at this state. @throws `INVALID_TRANSACTION`, with geth's wording */
export async function checkTransaction(transaction: UserTransaction, at: CheckAt): Promise<void> {
  const { tx, sender, nonce, gas, maxFee, value } = transaction
  if (gas > at.gasLeft) throw invalid(`exceeds block gas limit: gas ${gas}, left ${at.gasLeft}`)
  const intrinsic = tx.getIntrinsicGas()
  if (gas < intrinsic) throw invalid(`intrinsic gas too low: gas ${gas}, minimum needed ${intrinsic}`)
  const floor = getCalldataFloorGas(tx, tx.getSenderAddress())
  if (gas < floor) throw invalid(`insufficient gas for floor data gas cost: gas ${gas}, minimum needed ${floor}`)
  if (at.baseFee !== undefined && maxFee < at.baseFee)
    throw invalid(`max fee per gas less than block base fee: address ${getAddress(sender)}, maxFeePerGas: ${maxFee}, baseFee: ${at.baseFee}`)
  const account = await at.state.getAccount(tx.getSenderAddress())
  const next = account?.nonce ?? 0n
  if (nonce < next) throw invalid(`nonce too low: address ${getAddress(sender)}, tx: ${nonce} state: ${next}`)
  if (nonce > next && !at.allowNonceGap) throw invalid(`nonce too high: address ${getAddress(sender)}, tx: ${nonce} state: ${next}`)
  if (account?.isContract()) {
    const code = await at.state.getCode(tx.getSenderAddress())
    if (!bytesToHex(code.subarray(0, 3)).startsWith('0xef0100')) throw invalid(`sender not an eoa: address ${getAddress(sender)}`)
  }
  const balance = account?.balance ?? 0n
  const cost = gas * maxFee + value
  if (balance < cost) throw invalid(`insufficient funds for gas * price + value: address ${getAddress(sender)} have ${balance} want ${cost}`)
}

function invalid(reason: string, cause?: unknown): CausewayError {
  return new CausewayError(reason, { code: 'INVALID_TRANSACTION', ...(cause === undefined ? {} : { cause }) })
}
