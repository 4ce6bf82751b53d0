import { referenceSponge } from './poseidon2-reference.js'
import { wasmSponge } from './poseidon2-wasm.js'

/** Domain tags of `H` (docs/protocol.md, section 2). */
export const TAG = {
  message: 1n,
  leaf: 2n,
  token: 3n,
  balance: 4n,
  header: 5n,
  policy: 6n,
  attested: 7n,
  entry: 8n,
  statement: 9n,
  schnorr: 10n,
  link: 11n,
  stateKey: 12n,
  stateLeaf: 13n,
  stateNode: 14n,
  module: 15n,
  node: 256n,
} as const

/** A sponge of rate 3: the first element of its state after the inputs. */
type Sponge = (capacity: bigint, inputs: readonly bigint[]) => bigint

const sponge: Sponge = /* @__PURE__ */ (() => wasmSponge() ?? referenceSponge)()

/** How many results are remembered: those of some thirty certificates, in 4 MB. One takes the place of another whose inputs fall there, too. */
const PLACES = 1 << 14
const remembered = /* @__PURE__ */ new Array<{ tag: bigint; inputs: readonly bigint[]; digest: bigint } | undefined>(PLACES)

/** Where the result for these inputs stands, if it does. All their bits count: words of messages differ in upper ones only. */
function placeOf(tag: bigint, inputs: readonly bigint[]): number {
  let mixed = Number(tag)
  for (const input of inputs) mixed = Math.imul(mixed ^ Number(input % 0x7fffffffn), 0x9e3779b1) + 1
  return (mixed >>> 7) % PLACES
}

/**
 * `H(tag; inputs)`: Poseidon2 over BN254, width 4, as a sponge of rate 3 whose capacity starts at `tag·2^32 + inputs.length`.
 * Remembers recent results: a block, its certificate and the epochs that hold it hash the same paths and messages many times.
 * @param inputs canonical field elements; others are taken mod p
 * @returns a canonical field element
 */
export function poseidon2(tag: bigint, inputs: readonly bigint[]): bigint {
  const place = placeOf(tag, inputs)
  const known = remembered[place]
  if (known?.tag === tag && known.inputs.length === inputs.length && known.inputs.every((input, i) => input === inputs[i])) return known.digest
  const digest = sponge((tag << 32n) + BigInt(inputs.length), inputs)
  remembered[place] = { tag, inputs: [...inputs], digest }
  return digest
}
