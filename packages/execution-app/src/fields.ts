import { CausewayError } from '@causeway/core'
import { bytesToBigInt, bytesToHex, concatBytes, hexToBytes, isHex, numberToBytes, size, type Address, type Hex, type TypedDataParameter } from 'viem'
import { fail } from './failure.js'

/** Reads encoded values one after the other. */
export type Cursor = { readonly bytes: Uint8Array; at: number }

/** The type of a value: how it is encoded, in one way only, and what wallets call it. */
export type FieldType<T> = {
  /** Names the type and whatever decides its encoding, e.g. `text(32)`. */
  readonly name: string
  /** EIP-712's name; of a struct, its fields. */
  readonly eip712: string | Fields
  /** @throws Failure `BAD_VALUE` if it is no value of the type */
  encode(value: T): Uint8Array
  /** @throws Failure `BAD_VALUE` */
  decode(cursor: Cursor): T
}

/** Named values. Their order is that of their names, whatever order they are written in. */
export type Fields = { readonly [name: string]: FieldType<unknown> }
/** The value of a type. */
export type ValueOf<F> = F extends FieldType<infer T> ? T : never
/** The values of fields. */
export type Values<F extends Fields> = { [K in keyof F]: ValueOf<F[K]> }

function take(cursor: Cursor, length: number): Uint8Array {
  const end = cursor.at + length
  if (end > cursor.bytes.length) fail('BAD_VALUE')
  const bytes = cursor.bytes.slice(cursor.at, end)
  cursor.at = end
  return bytes
}

function unsigned(bits: number): FieldType<bigint> {
  return {
    name: `u${bits}`,
    eip712: `uint${bits}`,
    encode: (value) => (typeof value === 'bigint' && value >= 0n && value >> BigInt(bits) === 0n ? numberToBytes(value, { size: bits / 8 }) : fail('BAD_VALUE')),
    decode: (cursor) => bytesToBigInt(take(cursor, bits / 8)),
  }
}

function fixed<T extends Hex>(name: string, length: number): FieldType<T> {
  return {
    name,
    eip712: name,
    encode: (value) => (isHex(value) && value.length === 2 + 2 * length ? hexToBytes(value) : fail('BAD_VALUE')),
    decode: (cursor) => bytesToHex(take(cursor, length)) as T,
  }
}

/** Most bytes of a text or of bytes. */
const MAX_LENGTH = 8_192

/** `u16` length ‖ bytes. */
function bounded<T>(name: string, eip712: string, max: number, { to, from }: { to(value: T): Uint8Array; from(bytes: Uint8Array): T }): FieldType<T> {
  if (!Number.isInteger(max) || max < 1 || max > MAX_LENGTH)
    throw new CausewayError(`${name}(${max}) has no valid bound.`, { code: 'BAD_MODULE', fix: `give it the most bytes that a value has: 1 to ${MAX_LENGTH}` })
  return {
    name: `${name}(${max})`,
    eip712,
    encode(value) {
      const bytes = to(value)
      return bytes.length <= max ? concatBytes([numberToBytes(bytes.length, { size: 2 }), bytes]) : fail('BAD_VALUE')
    },
    decode(cursor) {
      const length = Number(bytesToBigInt(take(cursor, 2)))
      return length <= max ? from(take(cursor, length)) : fail('BAD_VALUE')
    },
  }
}

const utf8 = {
  encoder: new TextEncoder(),
  decoder: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
}

/** A surrogate without its other half has no encoding of its own. */
function encodeText(value: string): Uint8Array {
  const bytes = utf8.encoder.encode(value)
  return typeof value === 'string' && utf8.decoder.decode(bytes) === value ? bytes : fail('BAD_VALUE')
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decoder.decode(bytes)
  } catch {
    return fail('BAD_VALUE')
  }
}

/** Names of modules, fields, actions and events. They fit one field element. */
const NAME = /^[A-Za-z][A-Za-z0-9]{0,30}$/

/** What is listed under a name, which strangers choose: nothing of what every object has. */
export const own = <T>(of: { readonly [name: string]: T } | undefined, name: string): T | undefined => (of && Object.hasOwn(of, name) ? of[name] : undefined)

/** Checks names and puts them in order. @throws `BAD_MODULE` */
export function sortedNames(of: object): string[] {
  const names = Object.keys(of).sort()
  for (const name of names) checkName(name)
  return names
}

/** @throws `BAD_MODULE` */
export function checkName(name: string): void {
  if (!NAME.test(name)) throw new CausewayError(`'${name}' cannot be a name in a module.`, { code: 'BAD_MODULE', fix: 'use 1 to 31 letters and digits, a letter first' })
}

/** What names the fields: equal where the encoding is. */
export const fieldsName = (fields: Fields): string => `{${sortedNames(fields).map((name) => `${name}:${fields[name]?.name}`)}}`

/** One after the other, in the order of their names. @throws Failure `BAD_VALUE` */
export function encodeFields(fields: Fields, values: { readonly [name: string]: unknown }): Uint8Array {
  if (typeof values !== 'object' || values === null) fail('BAD_VALUE')
  return concatBytes(sortedNames(fields).map((name) => (fields[name] as FieldType<unknown>).encode(values[name])))
}

function decodeFields(fields: Fields, cursor: Cursor): { [name: string]: unknown } {
  return Object.fromEntries(sortedNames(fields).map((name) => [name, (fields[name] as FieldType<unknown>).decode(cursor)]))
}

/** Decodes bytes of which nothing may be left. @throws Failure `BAD_VALUE` */
export function decodeWhole<T>(type: FieldType<T>, bytes: Uint8Array): T {
  const cursor = { bytes, at: 0 }
  const value = type.decode(cursor)
  return cursor.at === bytes.length ? value : fail('BAD_VALUE')
}

/** Several named values as one. */
function struct<F extends Fields>(fields: F): FieldType<Values<F>> {
  return { name: fieldsName(fields), eip712: fields, encode: (values) => encodeFields(fields, values), decode: (cursor) => decodeFields(fields, cursor) as Values<F> }
}

/** The types of values. Integers are bigints, addresses and bytes lower-case hex. */
export const t = {
  u64: unsigned(64),
  u128: unsigned(128),
  u256: unsigned(256),
  bool: {
    name: 'bool',
    eip712: 'bool',
    encode: (value) => (typeof value === 'boolean' ? Uint8Array.of(value ? 1 : 0) : fail('BAD_VALUE')),
    decode(cursor) {
      const [byte = 2] = take(cursor, 1)
      return byte < 2 ? byte === 1 : fail('BAD_VALUE')
    },
  } as FieldType<boolean>,
  address: fixed<Address>('address', 20),
  bytes32: fixed<Hex>('bytes32', 32),
  /** Text of at most so many bytes of UTF-8. */
  text: (max: number): FieldType<string> =>
    bounded('text', 'string', max, {
      to: encodeText,
      from: decodeText,
    }),
  /** At most so many bytes. */
  bytes: (max: number): FieldType<Hex> =>
    bounded('bytes', 'bytes', max, { to: (value) => (isHex(value) && value.length === 2 + 2 * size(value) ? hexToBytes(value) : fail('BAD_VALUE')), from: (bytes) => bytesToHex(bytes) }),
  struct,
}

/** EIP-712 types of fields under a name; a struct in them is named after its place. */
export function eip712Types(name: string, fields: Fields): { [name: string]: TypedDataParameter[] } {
  const inner: { [name: string]: TypedDataParameter[] } = {}
  const own = sortedNames(fields).map((field): TypedDataParameter => {
    const { eip712 } = fields[field] as FieldType<unknown>
    if (typeof eip712 === 'string') return { name: field, type: eip712 }
    Object.assign(inner, eip712Types(`${name}_${field}`, eip712))
    return { name: field, type: `${name}_${field}` }
  })
  return { ...inner, [name]: own }
}
