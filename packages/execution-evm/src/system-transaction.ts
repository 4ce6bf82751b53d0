import { maxInputWeight, messageId, type Message } from '@causeway/core'
import { RLP } from '@ethereumjs/rlp'
import { bytesToHex, concatHex, encodeFunctionData, hexToBytes, type Address, type Hex } from 'viem'
import { rlpUint, toUint } from './bytes.js'
import { MESSENGER, SYSTEM_TYPE } from './constants.js'
import { keccakHex } from './keccak.js'
import { messengerAbi } from './messenger.js'

/** Gas of a delivery besides the receiver's call, its payload and the 1/64th that EIP-150 keeps back. */
export const DELIVERY_OVERHEAD_GAS = 200_000n
/** Gas a byte of payload costs at most to copy through the messenger. */
export const DELIVERY_BYTE_GAS = 16n

/**
 * A transaction that the protocol makes: it delivers a deposit or an imported message through the messenger predeploy, from
 * {@link SYSTEM_SENDER}, without fee or signature. Envelope: `0x7d ‖ rlp([sourceId, to, mint, gas, data])`.
 */
export type SystemTransaction = {
  hash: Hex
  /** The envelope. */
  raw: Hex
  /** `messageId` of the message, which makes the hash unique. */
  sourceId: Hex
  to: Address
  /** wei created for the call: the ETH that the message carries. */
  mint: bigint
  gas: bigint
  data: Hex
}

/**
 * Gas set aside to deliver a message: its `gasLimit`, a 48th of it for EIP-150, {@link DELIVERY_BYTE_GAS} a payload byte and
 * {@link DELIVERY_OVERHEAD_GAS}; at most {@link maxInputWeight}, which is more unless no bridge let the message through.
 */
export function systemGas(message: Pick<Message, 'gasLimit' | 'payload'>, blockGasLimit: bigint): bigint {
  const bytes = BigInt((message.payload.length - 2) / 2)
  const gas = message.gasLimit + message.gasLimit / 48n + bytes * DELIVERY_BYTE_GAS + DELIVERY_OVERHEAD_GAS
  const most = maxInputWeight(blockGasLimit)
  return gas < most ? gas : most
}

/** The transaction that delivers `message`. ETH is the token `{chain: L1, address: 0}`; everything else is the messenger's to mint. */
export function systemTransaction(message: Message, l1ChainId: bigint, blockGasLimit: bigint): SystemTransaction {
  const isEth = message.token.chain === l1ChainId && BigInt(message.token.address) === 0n
  const { source, nonce, sender, recipient, refundTo, token, amount, gasLimit, payload } = message
  const data = encodeFunctionData({
    abi: messengerAbi,
    functionName: 'deliver',
    args: [{ source, nonce, sender, recipient, refundTo, tokenChain: token.chain, token: token.address, amount, gasLimit, payload }],
  })
  return seal({
    sourceId: messageId(message),
    to: MESSENGER,
    mint: isEth ? amount : 0n,
    gas: systemGas(message, blockGasLimit),
    data,
  })
}

function seal(fields: Omit<SystemTransaction, 'hash' | 'raw'>): SystemTransaction {
  const body = RLP.encode([hexToBytes(fields.sourceId), hexToBytes(fields.to), rlpUint(fields.mint), rlpUint(fields.gas), hexToBytes(fields.data)])
  const raw = concatHex([`0x${SYSTEM_TYPE.toString(16)}`, bytesToHex(body)])
  return { ...fields, raw, hash: keccakHex(raw) }
}

/** Is this envelope that of a system transaction? */
export function isSystemTransaction(raw: Hex): boolean {
  return raw.startsWith(`0x${SYSTEM_TYPE.toString(16)}`)
}

/** Reads an envelope that {@link systemTransaction} made. */
export function decodeSystemTransaction(raw: Hex): SystemTransaction {
  const [sourceId, to, mint, gas, data] = RLP.decode(hexToBytes(`0x${raw.slice(4)}`)) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  return {
    raw,
    hash: keccakHex(raw),
    sourceId: bytesToHex(sourceId),
    to: bytesToHex(to),
    mint: toUint(mint),
    gas: toUint(gas),
    data: bytesToHex(data),
  }
}
