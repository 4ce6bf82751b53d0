import { CausewayError } from '@causeway/core'
import { bytesToBigInt, concatBytes, concatHex, fromRlp, hashTypedData, hexToBytes, hexToString, keccak256, bytesToHex, stringToHex, toRlp, type Address, type Hex, type TypedDataDefinition } from 'viem'
import { Failure } from './failure.js'
import { decodeWhole, eip712Types, encodeFields, t, type Fields } from './fields.js'

/** First byte of a raw action; no type of Ethereum's transactions. */
export const ACTION_TYPE: Hex = '0x7a'
/** Most bytes of a raw action. */
const MAX_ACTION_BYTES = 65_536

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

/** An action whose signature was checked. */
export type SignedAction = Action & { raw: Hex; hash: Hex; sender: Address }

/** Argument types by module and action; undefined if there is no such action. */
export type ArgsOf = (module: string, action: string) => Fields | undefined

const head = { nonce: t.u64, gas: t.u64, gasPrice: t.u128, expiry: t.u64 }

/** What a wallet shows and signs. */
export function actionTypedData(chainId: bigint, args: Fields, { module, action, args: call, nonce, gas, gasPrice, expiry }: Action): TypedDataDefinition {
  const name = `${module}_${action}`
  return {
    domain: { name: 'Causeway app', version: '1', chainId },
    types: { ...eip712Types(name, args), Action: [{ name: 'call', type: name }, ...(eip712Types('', head)[''] ?? [])] },
    primaryType: 'Action',
    message: { call, nonce, gas, gasPrice, expiry },
  }
}

/** `0x7a ‖ rlp([module, action, args, expiry ‖ gas ‖ gasPrice ‖ nonce, signature])`; the signature is r ‖ s ‖ parity. */
export function encodeAction(args: Fields, action: Action, signature: Hex): Hex {
  const bytes = hexToBytes(signature)
  const parity = (bytes[64] ?? 0) % 27
  const { nonce, gas, gasPrice, expiry } = action
  const fields = [stringToHex(action.module), stringToHex(action.action), bytesToHex(encodeFields(args, action.args)), bytesToHex(encodeFields(head, { nonce, gas, gasPrice, expiry })), bytesToHex(concatBytes([bytes.subarray(0, 64), Uint8Array.of(parity)]))]
  return concatHex([ACTION_TYPE, toRlp(fields)])
}

/** Half of the order of secp256k1: a larger s would be a second signature of the same action. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/** @returns public key (x ‖ y) behind a signature @throws if there is none */
export type Recover = (hash: Uint8Array, signature: Uint8Array, parity: number) => Uint8Array

/** Decodes an action and recovers who signed it. @throws CausewayError `INVALID_TRANSACTION` */
export function decodeAction(raw: Hex, chainId: bigint, argsOf: ArgsOf, recover: Recover): SignedAction {
  if (!raw.toLowerCase().startsWith(ACTION_TYPE)) throw invalid('this chain has no EVM: it takes signed actions of its modules (type 0x7a)')
  if (raw.length / 2 - 1 > MAX_ACTION_BYTES) throw invalid(`an action has at most ${MAX_ACTION_BYTES} bytes`)
  try {
    const parts = fromRlp(`0x${raw.slice(4)}`)
    if (!Array.isArray(parts) || parts.length !== 5 || parts.some((part) => typeof part !== 'string')) throw invalid('not an action: five fields are wanted')
    const [moduleName, actionName, args, numbers, signature] = parts as [Hex, Hex, Hex, Hex, Hex]
    const [module, action] = [hexToString(moduleName), hexToString(actionName)]
    const types = argsOf(module, action)
    if (!types) throw invalid(`there is no action ${module}.${action}`)
    const decoded = { module, action, args: decodeWhole(t.struct(types), hexToBytes(args)), ...decodeWhole(t.struct(head), hexToBytes(numbers)) }
    const bytes = hexToBytes(signature)
    if (bytes.length !== 65 || (bytes[64] ?? 2) > 1 || bytesToBigInt(bytes.subarray(32, 64)) > HALF_ORDER) throw invalid('the signature is not valid')
    // A second encoding of one action would have a second hash.
    if (encodeAction(types, decoded, signature) !== raw) throw invalid('the encoding is not the canonical one')
    const digest = hexToBytes(hashTypedData(actionTypedData(chainId, types, decoded)))
    const key = recover(digest, bytes.subarray(0, 64), bytes[64] ?? 0)
    return { ...decoded, raw, hash: keccak256(raw), sender: `0x${keccak256(key).slice(26)}` }
  } catch (error) {
    if (error instanceof CausewayError) throw error
    throw invalid(error instanceof Failure ? 'its arguments are not of the types that the action has' : 'not an action, or the signature is not valid', error)
  }
}

export function invalid(reason: string, cause?: unknown): CausewayError {
  return new CausewayError(reason, { code: 'INVALID_TRANSACTION', ...(cause === undefined ? {} : { cause }) })
}
