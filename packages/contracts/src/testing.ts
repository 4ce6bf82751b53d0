/** Contracts for unit tests only. `MockVerifier` accepts any proof: nothing that holds value may use it. */
export * from './generated/testing.js'
export * from './mock-verifier.js'
