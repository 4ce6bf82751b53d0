import { concatBytes, stringToBytes, type TypedDataParameter } from 'viem'
import { eip712Types, sortedNames, type Fields, type FieldType } from './fields.js'

/** keccak256 of bytes. */
export type Keccak = (bytes: Uint8Array) => Uint8Array

/** Hashes the values of fields as the struct that they are in EIP-712. */
export type StructHash = (values: { readonly [name: string]: unknown }) => Uint8Array

const WORD = 32

/** `Name(type field,…)` of a type, and of those that it names, in the order of their names. */
function encodeType(primary: string, types: { readonly [name: string]: readonly TypedDataParameter[] }): string {
  const others = Object.keys(types).filter((name) => name !== primary).sort()
  return [primary, ...others].map((name) => `${name}(${types[name]?.map((field) => `${field.type} ${field.name}`)})`).join('')
}

/** Names a type and its fields. */
export const typeHash = (primary: string, types: Parameters<typeof encodeType>[1], keccak: Keccak): Uint8Array => keccak(stringToBytes(encodeType(primary, types)))

/** A value as a word: what is longer than one by its hash. */
function wordOf(name: string, { eip712, encode }: FieldType<unknown>, keccak: Keccak): (value: unknown) => Uint8Array {
  if (typeof eip712 !== 'string') return structHash(name, eip712, keccak) as (value: unknown) => Uint8Array
  // Their length is before them.
  if (eip712 === 'string' || eip712 === 'bytes') return (value) => keccak(encode(value).subarray(2))
  return (value) => {
    const word = new Uint8Array(WORD)
    const bytes = encode(value)
    word.set(bytes, WORD - bytes.length)
    return word
  }
}

/** The words of fields, in the order of their names. */
export function wordsOf(name: string, fields: Fields, keccak: Keccak): (values: { readonly [name: string]: unknown }) => Uint8Array[] {
  const words = sortedNames(fields).map((field) => [field, wordOf(`${name}_${field}`, fields[field] as FieldType<unknown>, keccak)] as const)
  return (values) => words.map(([field, word]) => word(values[field]))
}

/** {@link StructHash} of fields under the name that `eip712Types` gives them; what does not depend on values is made only once. */
export function structHash(name: string, fields: Fields, keccak: Keccak): StructHash {
  const [type, words] = [typeHash(name, eip712Types(name, fields), keccak), wordsOf(name, fields, keccak)]
  return (values) => keccak(concatBytes([type, ...words(values)]))
}
