import { existsSync } from 'node:fs'
import { BackendType, Barretenberg } from '@aztec/bb.js'
import { findBbBinary } from '@aztec/bb.js/platform'
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

/** The loader that bb's binaries for Linux name: glibc's. Without it (musl, as in Alpine) they do not even start. */
const LOADER: Readonly<Record<string, string>> = { x64: '/lib64/ld-linux-x86-64.so.2', arm64: '/lib/ld-linux-aarch64.so.1' }

/**
 * Checks, before anybody waits for a proof, that there is a native Barretenberg for this machine.
 * @throws `NO_BARRETENBERG`
 */
export function checkBarretenberg(platform: string = process.platform, architecture: string = process.arch, binary: string | null = findBbBinary()): void {
  const loader = platform === 'linux' ? LOADER[architecture] : undefined
  const isMusl = loader !== undefined && !existsSync(loader)
  if (binary !== null && !isMusl) return
  throw new CausewayError(`Barretenberg, the prover, has no binary for ${platform}${isMusl ? ' without glibc' : ''} on ${architecture}.`, {
    code: 'NO_BARRETENBERG',
    fix: 'run it on macOS or on Linux with glibc (Debian, Ubuntu, WSL 2; not Alpine), on x64 or arm64; if this is one of them, install @aztec/bb.js again: its folder build holds the binaries',
  })
}
