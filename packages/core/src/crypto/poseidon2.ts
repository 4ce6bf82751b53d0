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
  node: 256n,
} as const

const sponge = /* @__PURE__ */ (() => wasmSponge() ?? referenceSponge)()

/**
 * `H(tag; inputs)`: Poseidon2 over BN254, width 4, as a sponge of rate 3 whose capacity starts at `tag·2^32 + inputs.length`.
 * @param inputs canonical field elements; others are taken mod p
 * @returns a canonical field element
 */
export function poseidon2(tag: bigint, inputs: readonly bigint[]): bigint {
  return sponge((tag << 32n) + BigInt(inputs.length), inputs)
}
