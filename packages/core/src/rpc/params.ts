import type { Address, Hex } from 'viem'
import { invalidParams } from './errors.js'

/** Positional parameters of one request. */
export type Params = readonly unknown[]

/** A block as requests name it. */
export type BlockTag = 'latest' | 'pending' | 'safe' | 'finalized' | 'earliest'
export type BlockParam = { tag: BlockTag } | { number: bigint } | { hash: Hex; requireCanonical: boolean }

/** 20 bytes of hex. @throws -32602 */
export function addressParam(params: Params, index: number): Address {
  return parseAddress(requiredParam(params, index), `invalid argument ${index}`)
}

/** 32 bytes of hex. @throws -32602 */
export function hashParam(params: Params, index: number): Hex {
  const value = requiredParam(params, index)
  if (typeof value === 'string' && !/^0x/i.test(value))
    throw invalidParams(`invalid argument ${index}: json: cannot unmarshal hex string without 0x prefix into Go value of type common.Hash`)
  return parseSized(value, 32, `invalid argument ${index}`)
}

/** Bytes. @throws -32602 */
export function bytesParam(params: Params, index: number): Hex {
  return parseBytes(requiredParam(params, index), `invalid argument ${index}`)
}

/** A quantity. @throws -32602 */
export function quantityParam(params: Params, index: number): bigint {
  return parseQuantity(requiredParam(params, index), `invalid argument ${index}`)
}

/** A block by tag, number, or EIP-1898 object; `latest` if left out. @throws -32602 */
export function blockParam(params: Params, index: number): BlockParam {
  return parseBlock(params[index] ?? 'latest', index)
}

/** Is it the block that is not made yet? */
export function isPending(param: BlockParam): boolean {
  return 'tag' in param && param.tag === 'pending'
}

const TAGS: readonly string[] = ['latest', 'pending', 'safe', 'finalized', 'earliest']

/** {@link blockParam} of a value. */
export function parseBlock(value: unknown, index: number): BlockParam {
  if (typeof value === 'string') {
    if (TAGS.includes(value)) return { tag: value as BlockTag }
    if (/^0x[0-9a-f]{64}$/i.test(value)) return { hash: value.toLowerCase() as Hex, requireCanonical: false }
    return { number: parseQuantity(value, `invalid argument ${index}`) }
  }
  const named = jsonObject(value, `invalid argument ${index}`)
  if (named.blockHash !== undefined && named.blockNumber !== undefined)
    throw invalidParams(`invalid argument ${index}: cannot specify both BlockHash and BlockNumber, choose one or the other`)
  if (named.blockHash !== undefined)
    return { hash: parseSized(named.blockHash, 32, `invalid argument ${index}`), requireCanonical: named.requireCanonical === true }
  return parseBlock(named.blockNumber ?? 'latest', index)
}

/** The parameter at a position. @throws -32602 */
export function requiredParam(params: Params, index: number): unknown {
  const value = params[index]
  if (value === undefined || value === null) throw invalidParams(`missing value for required argument ${index}`)
  return value
}

/** A quantity: hex with 0x, or a JSON number. @throws -32602 */
export function parseQuantity(value: unknown, at: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  if (typeof value !== 'string') throw invalidParams(`${at}: json: cannot unmarshal non-string into a hex number`)
  if (!/^0x/i.test(value)) throw invalidParams(`${at}: hex string without 0x prefix`)
  if (value.length === 2) throw invalidParams(`${at}: hex string "0x"`)
  if (!/^0x[0-9a-f]{1,64}$/i.test(value)) throw invalidParams(`${at}: invalid hex number`)
  return BigInt(value)
}

/** Bytes as lower-case hex. @throws -32602 */
export function parseBytes(value: unknown, at: string): Hex {
  if (typeof value !== 'string' || !/^0x/i.test(value)) throw invalidParams(`${at}: hex string without 0x prefix`)
  if (value.length % 2 !== 0) throw invalidParams(`${at}: hex string of odd length`)
  if (!/^0x[0-9a-f]*$/i.test(value)) throw invalidParams(`${at}: invalid hex string`)
  return value.toLowerCase() as Hex
}

/** So many bytes. @throws -32602 */
export function parseSized(value: unknown, size: number, at: string): Hex {
  const hex = parseBytes(value, at)
  if (hex.length !== 2 + size * 2) throw invalidParams(`${at}: hex string has length ${hex.length - 2}, want ${size * 2}`)
  return hex
}

/** 20 bytes. @throws -32602 */
export function parseAddress(value: unknown, at: string): Address {
  return parseSized(value, 20, at)
}

/** Any JSON array. @throws -32602 */
export function jsonList(value: unknown, at: string): unknown[] {
  if (!Array.isArray(value)) throw invalidParams(`${at}: json: expected an array`)
  return value
}

/** Any JSON object. @throws -32602 */
export function jsonObject(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidParams(`${at}: json: expected an object`)
  return value as Record<string, unknown>
}
