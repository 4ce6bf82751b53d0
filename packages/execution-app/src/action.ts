import { bytesToHex, concatBytes, concatHex, hexToBytes, stringToHex, toRlp, type Hex, type TypedDataDefinition, type TypedDataParameter } from 'viem'
import { eip712Types, encodeFields, t, type Fields } from './fields.js'

/** First byte of a raw action; no type of Ethereum's transactions. */
export const ACTION_TYPE: Hex = '0x7a'
/** What is signed. */
export type Action = {
  module: string
  action: string
  args: { readonly [name: string]: unknown }
  nonce: bigint
  /** Most units that it may use. */
  gas: bigint
  /** wei a unit. */
  gasPrice: bigint
  /** Last ms of block time at which it is valid. */
  expiry: bigint
}

/** What goes with every call. */
export const ACTION_HEAD = { nonce: t.u64, gas: t.u64, gasPrice: t.u128, expiry: t.u64 }

/** EIP-712 types of an action whose call has this type. */
export const actionTypes = (call: string, args: Fields) => ({ ...eip712Types(call, args), Action: [{ name: 'call', type: call }, ...(eip712Types('', ACTION_HEAD)[''] ?? [])] satisfies TypedDataParameter[] })

/** EIP-712's domain of a chain's actions. */
export const actionDomain = (chainId: bigint) => ({ name: 'Causeway app', version: '1', chainId })

/** EIP-712's name of a call. */
export const callType = (module: string, action: string): string => `${module}_${action}`

/** What a wallet shows and signs. */
export function actionTypedData(chainId: bigint, args: Fields, { module, action, args: call, nonce, gas, gasPrice, expiry }: Action): TypedDataDefinition {
  return {
    domain: actionDomain(chainId),
    types: actionTypes(callType(module, action), args),
    primaryType: 'Action',
    message: { call, nonce, gas, gasPrice, expiry },
  }
}

/** `0x7a ‖ rlp([module, action, args, expiry ‖ gas ‖ gasPrice ‖ nonce, signature])`; the signature is r ‖ s ‖ parity. */
export function encodeAction(args: Fields, action: Action, signature: Hex): Hex {
  const bytes = hexToBytes(signature)
  const parity = (bytes[64] ?? 0) % 27
  const { nonce, gas, gasPrice, expiry } = action
  const fields = [stringToHex(action.module), stringToHex(action.action), bytesToHex(encodeFields(args, action.args)), bytesToHex(encodeFields(ACTION_HEAD, { nonce, gas, gasPrice, expiry })), bytesToHex(concatBytes([bytes.subarray(0, 64), Uint8Array.of(parity)]))]
  return concatHex([ACTION_TYPE, toRlp(fields)])
}
