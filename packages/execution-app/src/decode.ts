import { CausewayError } from '@causeway/core'
import { bytesToBigInt, bytesToHex, concatBytes, concatHex, domainSeparator, fromRlp, hexToBytes, hexToString, toRlp, type Address, type Hex } from 'viem'
import { ACTION_HEAD, ACTION_TYPE, actionDomain, actionTypes, callType, type Action } from './action.js'
import { structHash, typeHash, wordsOf } from './eip712.js'
import { Failure } from './failure.js'
import { decodeWhole, own, t, type Fields } from './fields.js'
import type { Module } from './module.js'
import { keccak, recover } from './native.js'

/** An action whose signature was checked. */
export type SignedAction = Action & { raw: Hex; hash: Hex; sender: Address }

/** Decodes an action and recovers who signed it. @throws CausewayError `INVALID_TRANSACTION` */
export type DecodeAction = (raw: Hex) => SignedAction

/** Most bytes of a raw action. */
const MAX_ACTION_BYTES = 65_536
/** Half of the order of secp256k1: a larger s would be a second signature of the same action. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

const headType = t.struct(ACTION_HEAD)
const headWords = wordsOf('', ACTION_HEAD, keccak)

/** What is signed of a kind of actions: EIP-712's digest, of which as much as possible is made once. */
export function actionDigest(chainId: bigint, module: string, action: string, args: Fields): (values: Omit<Action, 'module' | 'action'>) => Uint8Array {
  const call = callType(module, action)
  const [prefix, type, callHash] = [concatBytes([Uint8Array.of(0x19, 1), hexToBytes(domainSeparator({ domain: actionDomain(chainId) }))]), typeHash('Action', actionTypes(call, args), keccak), structHash(call, args, keccak)]
  return (values) => keccak(concatBytes([prefix, keccak(concatBytes([type, callHash(values.args), ...headWords(values)]))]))
}

/** Makes what decodes the actions of a chain. */
export function actionDecoder(chainId: bigint, modules: ReadonlyMap<string, Module>): DecodeAction {
  const kinds = new Map(
    [...modules.values()].map(({ name, actions }) => [name, Object.fromEntries(Object.entries(actions).map(([action, { args }]) => [action, { type: t.struct(args), digest: actionDigest(chainId, name, action, args) }]))]),
  )
  return (raw) => {
    if (!raw.toLowerCase().startsWith(ACTION_TYPE)) throw invalid('this chain has no EVM: it takes signed actions of its modules (type 0x7a)')
    if (raw.length / 2 - 1 > MAX_ACTION_BYTES) throw invalid(`an action has at most ${MAX_ACTION_BYTES} bytes`)
    try {
      const parts = fromRlp(`0x${raw.slice(4)}`)
      if (!Array.isArray(parts) || parts.length !== 5 || parts.some((part) => typeof part !== 'string')) throw invalid('not an action: five fields are wanted')
      const [moduleName, actionName, args, numbers, signature] = parts as [Hex, Hex, Hex, Hex, Hex]
      const [module, action] = [hexToString(moduleName), hexToString(actionName)]
      const kind = own(kinds.get(module), action)
      if (!kind) throw invalid(`there is no action ${module}.${action}`)
      const values = { args: decodeWhole(kind.type, hexToBytes(args)), ...decodeWhole(headType, hexToBytes(numbers)) }
      const bytes = hexToBytes(signature)
      if (bytes.length !== 65 || (bytes[64] ?? 2) > 1 || bytesToBigInt(bytes.subarray(32, 64)) > HALF_ORDER) throw invalid('the signature is not valid')
      // A second encoding of one action would have a second hash. Values have one only; lists may be written with longer lengths.
      if (concatHex([ACTION_TYPE, toRlp(parts)]) !== raw) throw invalid('the encoding is not the canonical one')
      const key = recover(kind.digest(values), bytes.subarray(0, 64), bytes[64] ?? 0)
      return { module, action, ...values, raw, hash: bytesToHex(keccak(hexToBytes(raw))), sender: bytesToHex(keccak(key).subarray(12)) }
    } catch (error) {
      if (error instanceof CausewayError) throw error
      throw invalid(error instanceof Failure ? 'its arguments are not of the types that the action has' : 'not an action, or the signature is not valid', error)
    }
  }
}

export function invalid(reason: string, cause?: unknown): CausewayError {
  return new CausewayError(reason, { code: 'INVALID_TRANSACTION', ...(cause === undefined ? {} : { cause }) })
}
