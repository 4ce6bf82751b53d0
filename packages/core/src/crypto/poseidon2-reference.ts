import { FIELD } from '../protocol/limits.js'
import { DIAGONAL, FULL_ROUNDS, PARTIAL_ROUNDS, ROUND_CONSTANTS } from './poseidon2-parameters.js'

/** Four field elements. */
type State = [bigint, bigint, bigint, bigint]

const mod = (value: bigint) => {
  const rest = value % FIELD
  return rest < 0n ? rest + FIELD : rest
}
const power5 = (x: bigint) => {
  const square = (x * x) % FIELD
  return (((square * square) % FIELD) * x) % FIELD
}
/** The matrix of the full rounds. */
const external = ([a, b, c, d]: State): State => [mod(5n * a + 7n * b + c + 3n * d), mod(4n * a + 6n * b + c + d), mod(a + 3n * b + 5n * c + 7n * d), mod(a + b + 4n * c + 6n * d)]

/** The Poseidon2 permutation of width 4 over BN254, in plain bigints: what the WebAssembly module computes. Inputs are taken mod p. */
export function permute(input: State): State {
  let at = 0
  const constant = () => ROUND_CONSTANTS[at++] as bigint
  const fullRounds = (state: State) => {
    for (let round = 0; round < FULL_ROUNDS; round++) state = external(state.map((x) => power5(x + constant())) as State)
    return state
  }
  let state = fullRounds(external(input))
  for (let round = 0; round < PARTIAL_ROUNDS; round++) {
    state[0] = power5(state[0] + constant())
    const sum = state[0] + state[1] + state[2] + state[3]
    state = state.map((x, i) => (x * (DIAGONAL[i] as bigint) + sum) % FIELD) as State
  }
  return fullRounds(state)
}

/** A sponge of rate 3 over {@link permute}: the first element after the last group of inputs. */
export function referenceSponge(capacity: bigint, inputs: readonly bigint[]): bigint {
  let state: State = [0n, 0n, 0n, capacity]
  for (let at = 0; at < inputs.length; at += 3) {
    const [a = 0n, b = 0n, c = 0n] = inputs.slice(at, at + 3)
    state = permute([state[0] + a, state[1] + b, state[2] + c, state[3]])
  }
  return state[0]
}
