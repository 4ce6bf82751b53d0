import { permute } from '@zkpassport/poseidon2'

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

/**
 * `H(tag; inputs)`: Poseidon2 over BN254, width 4, as a sponge of rate 3 whose capacity starts at `tag·2^32 + inputs.length`.
 * @param inputs canonical field elements
 * @returns a canonical field element
 */
export function poseidon2(tag: bigint, inputs: readonly bigint[]): bigint {
  let state: bigint[] = [0n, 0n, 0n, (tag << 32n) + BigInt(inputs.length)]
  for (let at = 0; at < inputs.length; at += 3) {
    state = permute([
      (state[0] as bigint) + (inputs[at] ?? 0n),
      (state[1] as bigint) + (inputs[at + 1] ?? 0n),
      (state[2] as bigint) + (inputs[at + 2] ?? 0n),
      state[3] as bigint,
    ])
  }
  return state[0] as bigint
}
