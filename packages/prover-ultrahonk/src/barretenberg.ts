import { BackendType, Barretenberg } from '@aztec/bb.js'
import { CausewayError } from '@causeway/core'

/** Proofs for the EVM: keccak transcript, no zero-knowledge (all of an epoch's data is public). */
export const PROOF_SETTINGS = { ipaAccumulation: false, oracleHashType: 'keccak', disableZk: true, optimizedSolidityVerifier: false } as const
/** The same, when the optimized Solidity verifier is written. */
export const VERIFIER_SETTINGS = { ...PROOF_SETTINGS, optimizedSolidityVerifier: true } as const

/**
 * Starts Barretenberg's native process on an SRS directory. The WASM build refuses an SRS that is not the public one.
 * @throws `NO_BARRETENBERG` where bb.js ships no binary (Windows, musl)
 */
export async function startBarretenberg(srsDirectory: string, threads?: number): Promise<Barretenberg> {
  // bb reads CRS_PATH from the environment it is started with; bb.js starts it before its first await.
  const before = process.env['CRS_PATH']
  process.env['CRS_PATH'] = srsDirectory
  let starting: Promise<Barretenberg>
  try {
    starting = Barretenberg.new({ backend: BackendType.NativeUnixSocket, ...(threads === undefined ? {} : { threads }) })
  } finally {
    if (before === undefined) delete process.env['CRS_PATH']
    else process.env['CRS_PATH'] = before
  }
  try {
    const api = await starting
    // bb.js gives its connection five seconds, in which nothing may block this thread: be connected before anybody computes.
    await api.blake2s({ data: new Uint8Array() })
    return api
  } catch (cause) {
    throw new CausewayError('Barretenberg did not start.', {
      code: 'NO_BARRETENBERG',
      fix: 'prove on Linux (glibc) or macOS, where @aztec/bb.js has a native binary',
      cause,
    })
  }
}
