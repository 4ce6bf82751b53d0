import type { Address, Hex } from 'viem'
import { CausewayError } from '../errors.js'
import { FIELD } from './limits.js'

/** Where in the data a parser stands, and how integers are written there. */
export type At = {
  /** Path of the value, e.g. `certificate.entries[3].message.amount`. */
  path: string
  /** `bigint` for what core's `decodeJson` gives, `quantity` for JSON-RPC (`0x1f`, no leading zeros). */
  integers: 'bigint' | 'quantity'
}

/**
 * Turns untyped data into a `T` or throws.
 * @throws CausewayError `MALFORMED` (wrong type, length or key) or `OUT_OF_RANGE` (an integer beyond its range), naming the path.
 */
export type Parser<T> = (value: unknown, at: At) => T

/** The fields of an object: a parser each, wrapped by {@link parser}.optional where the field may be absent. */
type Fields = Record<string, Parser<unknown> | OptionalField<unknown>>
type OptionalField<T> = { optional: Parser<T> }
type Parsed<F extends Fields> = { [K in keyof F as F[K] extends OptionalField<unknown> ? never : K]: F[K] extends Parser<infer T> ? T : never } & {
  [K in keyof F as F[K] extends OptionalField<unknown> ? K : never]?: F[K] extends OptionalField<infer T> ? T : never
}

/** Shows at most this much of an offending value in an error. */
const SHOWN = 40

function malformed(at: At, wanted: string, value: unknown): never {
  throw new CausewayError(`${at.path} is ${describe(value)}; expected ${wanted}.`, { code: 'MALFORMED', docs: 'protocol.md#1-limits' })
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'string') return value.length > SHOWN ? `"${value.slice(0, SHOWN)}…" (${value.length} characters)` : `"${value}"`
  return typeof value === 'object' ? 'an object' : typeof value === 'bigint' ? `the integer ${short(value)}` : String(value)
}

const short = (value: bigint) => (value >> 256n === 0n || value >> 256n === -1n ? value.toString() : 'of more than 256 bits')

function integer(value: unknown, at: At): bigint {
  if (at.integers === 'bigint') return typeof value === 'bigint' ? value : malformed(at, 'an integer', value)
  if (typeof value !== 'string' || !/^0x(0|[1-9a-f][0-9a-f]{0,63})$/.test(value)) return malformed(at, 'a hex quantity', value)
  return BigInt(value)
}

function within(bound: bigint, name: string): Parser<bigint> {
  return (value, at) => {
    const number = integer(value, at)
    if (number < 0n || number >= bound)
      throw new CausewayError(`${at.path} is ${short(number)}, which is not ${name}.`, { code: 'OUT_OF_RANGE', docs: 'protocol.md#1-limits' })
    return number
  }
}

function hex<T extends Hex>(value: unknown, at: At, fits: (bytes: number) => boolean, wanted: string): T {
  if (typeof value !== 'string' || !/^0x(?:[0-9a-fA-F]{2})*$/.test(value) || !fits(value.length / 2 - 1)) return malformed(at, wanted, value)
  // One value has one form: otherwise a copy in another case would pass for something new wherever hex is compared as text.
  return value.toLowerCase() as T
}

function checkKeys(value: object, fields: Fields, at: At): void {
  for (const key of Object.keys(value)) if (!Object.hasOwn(fields, key)) throw new CausewayError(`${at.path} has an unknown field "${key.slice(0, SHOWN)}".`, { code: 'MALFORMED' })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Building blocks of strict parsers. */
export const parser = {
  /** An unsigned integer below 2^bits. */
  uint: (bits: number) => within(1n << BigInt(bits), `a u${bits}`),
  /** An integer in [0, bound); `name` says what that is. */
  below: within,
  /** A canonical BN254 field element. */
  field: within(FIELD, 'a canonical BN254 field element'),
  /** A small integer written as a JSON number, from `low` to `high`. */
  number:
    (low: number, high: number): Parser<number> =>
    (value, at) => {
      if (typeof value !== 'number' || !Number.isInteger(value)) return malformed(at, 'a whole number', value)
      if (value < low || value > high || Object.is(value, -0))
        throw new CausewayError(`${at.path} is ${value}, which is not from ${low} to ${high}.`, { code: 'OUT_OF_RANGE', docs: 'protocol.md#1-limits' })
      return value
    },
  /** Exactly `size` bytes of hex, lower-cased. */
  bytes:
    (size: number): Parser<Hex> =>
    (value, at) =>
      hex(value, at, (bytes) => bytes === size, `${size} bytes of hex`),
  /** At most `max` bytes of hex, lower-cased. */
  bytesUpTo:
    (max: number): Parser<Hex> =>
    (value, at) =>
      hex(value, at, (bytes) => bytes <= max, `at most ${max} bytes of hex`),
  /** An address, lower-cased: nothing here knows checksums. */
  address: ((value, at) => hex<Address>(value, at, (bytes) => bytes === 20, 'an address')) as Parser<Address>,
  boolean: ((value, at) => (typeof value === 'boolean' ? value : malformed(at, 'true or false', value))) as Parser<boolean>,
  /** Text of at most `max` UTF-16 units. */
  text:
    (max: number): Parser<string> =>
    (value, at) =>
      typeof value === 'string' && value.length <= max ? value : malformed(at, `text of at most ${max} characters`, value),
  /** One of some words. */
  oneOf:
    <const T extends string>(words: readonly T[]): Parser<T> =>
    (value, at) =>
      words.find((word) => word === value) ?? malformed(at, `one of ${words.join(', ')}`, value),
  /** A list with a length from `low` to `high`. */
  list:
    <T>(item: Parser<T>, low: number, high: number): Parser<T[]> =>
    (value, at) => {
      if (!Array.isArray(value)) return malformed(at, 'a list', value)
      if (value.length < low || value.length > high) return malformed(at, low === high ? `a list of ${low}` : `a list of ${low} to ${high}`, value)
      return Array.from(value, (one: unknown, i) => item(one, { ...at, path: `${at.path}[${i}]` }))
    },
  nullable:
    <T>(item: Parser<T>): Parser<T | null> =>
    (value, at) =>
      value === null ? null : item(value, at),
  /** A field that may be absent. */
  optional: <T>(item: Parser<T>): OptionalField<T> => ({ optional: item }),
  /**
   * An object with exactly these fields. A new object is made: nothing of the input is passed on unread.
   * `extra: 'drop'` leaves unknown fields out instead of refusing them, for answers of newer servers.
   */
  object:
    <F extends Fields>(fields: F, { extra = 'refuse' }: { extra?: 'refuse' | 'drop' } = {}): Parser<Parsed<F>> =>
    (value, at) => {
      if (!isObject(value)) return malformed(at, 'an object', value)
      if (extra === 'refuse') checkKeys(value, fields, at)
      const result: Record<string, unknown> = {}
      for (const [key, field] of Object.entries(fields)) {
        const given = Object.hasOwn(value, key) ? value[key] : undefined
        const inner = { ...at, path: `${at.path}.${key}` }
        if (typeof field === 'function') result[key] = field(given, inner)
        else if (given !== undefined) result[key] = field.optional(given, inner)
      }
      return result as Parsed<F>
    },
  /** An object told apart by its field `tag`. */
  variants:
    <Tag extends string, V extends Record<string, Parser<unknown>>>(tag: Tag, variants: V): Parser<{ [K in keyof V]: V[K] extends Parser<infer T> ? T : never }[keyof V]> =>
    (value, at) => {
      if (!isObject(value)) return malformed(at, 'an object', value)
      const kind = Object.hasOwn(value, tag) ? value[tag] : undefined
      const variant = typeof kind === 'string' && Object.hasOwn(variants, kind) ? variants[kind] : undefined
      if (!variant) return malformed({ ...at, path: `${at.path}.${tag}` }, `one of ${Object.keys(variants).join(', ')}`, kind)
      return variant(value, at) as { [K in keyof V]: V[K] extends Parser<infer T> ? T : never }[keyof V]
    },
}
