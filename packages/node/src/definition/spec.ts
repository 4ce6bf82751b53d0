import { CausewayError, daKindName, decodeJson, encodeJson, errorCode, policyHash } from '@causeway/core'
import { keccak256, stringToBytes, type Hex } from 'viem'
import type { RollupDefinition } from './definition.js'
import { executionOf } from './execution.js'

/** Bytes that a registration takes (`MAX_SPEC` of the hub), and some to spare. */
const MAX_SPEC = 8_000
/** Longer texts of a spec, code of contracts say, are in it by their hash. */
const MAX_TEXT = 200

/**
 * Everything that decides the blocks of a chain, as text: what a chain publishes at its registration, so that a node that would run it by other
 * rules is told the line that differs, instead of diverging. Equal definitions give equal texts, in whatever order they were written.
 */
export function specOf(definition: RollupDefinition): string {
  const { chain, da, policy } = definition
  const execution = executionOf(definition)
  const rules = { name: execution.name, ...execution.spec } as Record<string, unknown>
  for (;;) {
    const spec = encodeJson(canonical({ chain: { id: chain.id }, execution: rules, da: { kind: daKindName(da.kind) }, policy: { hash: policyHash(policy) } }))
    if (stringToBytes(spec).length <= MAX_SPEC) return spec
    const size = ([, value]: [string, unknown]) => encodeJson(value).length
    const [name, value] = Object.entries(rules).reduce((a, b) => (size(a) >= size(b) ? a : b))
    rules[name] = hashed(encodeJson(canonical(value)))
  }
}

/** What names a spec in a line. */
export function specDigest(spec: string): Hex {
  return keccak256(stringToBytes(spec))
}

/** The lines in which a node's spec and the published one differ, e.g. `execution.hardfork "prague", not "osaka"`. */
export function specDifferences(own: string, registered: string): string[] {
  const [here, there] = [lines(parse(own)), lines(parse(registered))]
  return [...new Set([...here.keys(), ...there.keys()])]
    .filter((path) => here.get(path) !== there.get(path))
    .sort()
    .map((path) => `${path} ${there.get(path) ?? 'absent'}, not ${here.get(path) ?? 'absent'}`)
}

function parse(spec: string): unknown {
  try {
    return decodeJson(spec)
  } catch (error) {
    if (errorCode(error) === 'BAD_JSON') return spec
    throw error
  }
}

function lines(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[path === '' ? 'spec' : path, encodeJson(value)]])
  const entries = Object.entries(value).flatMap(([name, item]) => [...lines(item, Array.isArray(value) ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`)])
  return new Map(entries)
}

/** The same data in an order of its own: keys sorted, addresses and other hex in lower case. @throws CausewayError `BAD_SPEC` for what is not data */
function canonical(value: unknown): unknown {
  if (typeof value === 'string') return short(/^0x[0-9a-f]*$/i.test(value) ? value.toLowerCase() : value)
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    return Object.fromEntries(entries.map(([key, item]) => [/^0x/i.test(key) ? key.toLowerCase() : key, canonical(item)] as const).sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint' || Number.isSafeInteger(value)) return value
  throw new CausewayError(`A spec has ${String(value)} (${typeof value}) in it.`, { code: 'BAD_SPEC', fix: 'describe what decides blocks by texts, whole numbers, lists and objects' })
}

const short = (text: string) => (text.length > MAX_TEXT ? hashed(text) : text)
const hashed = (text: string) => `keccak256 ${keccak256(stringToBytes(text))}`
