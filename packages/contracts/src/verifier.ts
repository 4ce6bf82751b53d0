import type { Hex } from 'viem'
import { accountingVerifierBytecode, accountingVerifierSelfTest } from './generated/AccountingVerifier.js'

/** A proof that a verifier must accept, and refuse for any other public inputs. They name no hub that exists, so it settles nothing. */
export type SelfTest = {
  proof: Hex
  /** The 16 of docs/protocol.md, section 11; 32 bytes each. */
  publicInputs: readonly Hex[]
}

/** The aggregate's verifier as a cluster is deployed with it. */
export type Verifier = {
  /** Creation bytecode, with constructor arguments if it has any. */
  bytecode: Hex
  selfTest: SelfTest
}

/** `AccountingVerifier`, for proofs on the development SRS: it refuses any but development chains. */
export const accountingVerifier: Verifier = { bytecode: accountingVerifierBytecode, selfTest: accountingVerifierSelfTest }
