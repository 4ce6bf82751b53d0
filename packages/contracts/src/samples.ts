/** Small contracts for demos and tests: a receiver, a mintable token, and receivers that misbehave. */
export * from './generated/samples.js'
