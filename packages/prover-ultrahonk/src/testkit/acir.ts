import { gunzipSync } from 'node:zlib'
import type { Artefact } from '../artefact.js'

/** Where the value of a witness is used: how often under a range, in equations, in black boxes (hashes, curve), and in memory. */
export type Use = { ranges: number[]; equations: number; boxes: number; memory: number }

/** A compiled circuit, as far as the freedom of its prover goes. */
export type CircuitShape = {
  /** The inputs that the prover chooses, by path in the ABI: `certificates[0].entries[3].time`, with the type of the ABI. */
  inputs: readonly { name: string; type: string; use: Use }[]
  /** What `unconstrained` functions return: guesses, that only constraints make true. */
  hints: readonly { function: string; use: Use }[]
}

type Acir = null | boolean | number | string | Uint8Array | Acir[] | { [name: string]: Acir }
type AbiType = Artefact['abi']['parameters'][number]['type']

const FORMAT_MSGPACK = 3

/** Reads the ACIR of an artefact: programs of Noir 1.0.0-beta.26 in MessagePack, one function. */
export function readCircuit({ bytecode, abi }: Pick<Artefact, 'bytecode' | 'abi'>): CircuitShape {
  const bytes = gunzipSync(Buffer.from(bytecode, 'base64'))
  if (bytes[0] !== FORMAT_MSGPACK) throw new Error(`ACIR of format ${bytes[0]}`)
  const [functions, brillig] = unpack(bytes.subarray(1)) as [[string, { [opcode: string]: Acir }[]][], [string][]]
  if (functions.length !== 1) throw new Error('a circuit of several functions')
  const uses = new Map<number, Use>()
  const useOf = (witness: number) => {
    const use = uses.get(witness) ?? { ranges: [], equations: 0, boxes: 0, memory: 0 }
    uses.set(witness, use)
    return use
  }
  const hinted: { function: string; witness: number }[] = []
  for (const opcode of functions[0]?.[1] ?? []) {
    const [[kind, body]] = Object.entries(opcode) as [[string, Acir]]
    if (kind === 'AssertZero') for (const witness of ofExpression(body)) useOf(witness).equations++
    else if (kind === 'MemoryInit' || kind === 'MemoryOp') for (const witness of numbersIn((body as Acir[]).slice(1))) useOf(witness).memory++
    else if (kind === 'BrilligCall') {
      const [id, , outputs] = body as [number, Acir, { Simple?: number; Array?: number[] }[]]
      for (const witness of outputs.flatMap(({ Simple, Array }) => Array ?? [Simple as number])) hinted.push({ function: brillig[id]?.[0] ?? String(id), witness })
    } else if (kind === 'BlackBoxFuncCall') {
      const [[name, parts]] = Object.entries(body as { [name: string]: Acir }) as [[string, Acir]]
      if (name === 'RANGE') useOf((parts as [{ Witness: number }, number])[0].Witness).ranges.push((parts as [Acir, number])[1])
      else for (const witness of witnessesIn(parts)) useOf(witness).boxes++
    } else throw new Error(`an opcode ${kind}, whose constraints are not known here`)
  }
  const inputs = abi.parameters.flatMap(({ name, type, visibility }) => leaves(type, name).map((leaf) => ({ ...leaf, visibility })))
  return {
    inputs: inputs.map(({ name, type, visibility }, i) => ({ name, type, visibility, use: useOf(i) })).filter(({ visibility }) => visibility === 'private'),
    hints: hinted.map(({ function: name, witness }) => ({ function: name, use: useOf(witness) })),
  }
}

/** Scalars of an ABI type, in the order of their witnesses. */
function leaves(type: AbiType, name: string): { name: string; type: string }[] {
  if (type.kind === 'struct') return type.fields.flatMap((field) => leaves(field.type, `${name}.${field.name}`))
  if (type.kind === 'array') return Array.from({ length: type.length }, (_, i) => leaves(type.type, `${name}[${i}]`)).flat()
  return [{ name, type: type.kind }]
}

/** Witnesses of Σ q·a·b + Σ q·a + c. */
function ofExpression(expression: Acir): Set<number> {
  const [products, terms] = expression as [[Acir, number, number][], [Acir, number][]]
  return new Set([...products.flatMap(([, a, b]) => [a, b]), ...terms.map(([, a]) => a)])
}

/** Inputs of a black box are `{ Witness: n }`. */
function witnessesIn(part: Acir): number[] {
  if (part === null || typeof part !== 'object' || part instanceof Uint8Array) return []
  if (Array.isArray(part)) return part.flatMap(witnessesIn)
  return typeof part['Witness'] === 'number' ? [part['Witness']] : Object.values(part).flatMap(witnessesIn)
}

/** What a memory opcode names behind the number of its memory: the witnesses it starts with, or index and value of an access. */
function numbersIn(part: Acir): number[] {
  if (typeof part === 'number') return [part]
  if (part === null || typeof part !== 'object' || part instanceof Uint8Array) return []
  return (Array.isArray(part) ? part : Object.values(part)).flatMap(numbersIn)
}

/** MessagePack, without what ACIR has no use for. */
function unpack(bytes: Uint8Array): Acir {
  let at = 0
  const uint = (size: number) => Array.from({ length: size }, () => bytes[at++] as number).reduce((value, byte) => value * 256 + byte, 0)
  const take = (size: number) => bytes.subarray(at, (at += size))
  const text = (size: number) => new TextDecoder().decode(take(size))
  const list = (size: number) => Array.from({ length: size }, value)
  const map = (size: number) => Object.fromEntries(Array.from({ length: size }, () => [value() as string, value()]))
  function value(): Acir {
    const tag = uint(1)
    if (tag < 0x80) return tag
    if (tag < 0x90) return map(tag & 15)
    if (tag < 0xa0) return list(tag & 15)
    if (tag < 0xc0) return text(tag & 31)
    if (tag === 0xc0) return null
    if (tag === 0xc2 || tag === 0xc3) return tag === 0xc3
    if (tag === 0xc4 || tag === 0xc5) return take(uint(tag - 0xc3))
    if (tag >= 0xcc && tag <= 0xcf) return uint(2 ** (tag - 0xcc))
    if (tag === 0xd9 || tag === 0xda) return text(uint(tag - 0xd8))
    if (tag === 0xdc || tag === 0xdd) return list(uint(tag === 0xdc ? 2 : 4))
    if (tag === 0xde) return map(uint(2))
    throw new Error(`MessagePack tag 0x${tag.toString(16)}`)
  }
  return value()
}
