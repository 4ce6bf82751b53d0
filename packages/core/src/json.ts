import { CausewayError } from './errors.js'

/** JSON with integers of any size: a bigint is written as the string `"123n"`. */
export function encodeJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item))
}

/** Reads {@link encodeJson}'s form. The result is untyped data: parse it before believing it. @throws `BAD_JSON` */
export function decodeJson(text: string): unknown {
  try {
    return JSON.parse(text, (_, item: unknown) => (typeof item === 'string' && /^-?\d{1,90}n$/.test(item) ? BigInt(item.slice(0, -1)) : item))
  } catch (cause) {
    throw new CausewayError('This is not JSON.', { code: 'BAD_JSON', cause })
  }
}
