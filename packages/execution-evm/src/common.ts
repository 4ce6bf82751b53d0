import { hash } from 'node:crypto'
import { paramsBlock } from '@ethereumjs/block'
import { createCustomCommon, Mainnet, type Common, type ParamsDict } from '@ethereumjs/common'
import { paramsEVM } from '@ethereumjs/evm'
import { paramsTx } from '@ethereumjs/tx'
import type { KZG } from '@ethereumjs/util'
import { paramsVM } from '@ethereumjs/vm'
import secp256k1 from 'secp256k1'
import { keccak } from './keccak.js'
import { curvesNow, type Curves } from './interpreter/curves.js'

/** The rule sets a chain may run. Predeploys are compiled for cancun, which all contain. */
export const HARDFORKS = ['cancun', 'prague', 'osaka'] as const
/** One of {@link HARDFORKS}. */
export type Hardfork = (typeof HARDFORKS)[number]

/** Most gas of a transaction from osaka on (EIP-7825). Deliveries are no transactions. */
export const MAX_TRANSACTION_GAS = 1n << 24n

/** Only what the point-evaluation precompile (0x0a) needs, for which the curves are loaded before it runs. */
const pointEvaluation: Pick<KZG, 'verifyProof'> = {
  verifyProof: (...opening) => (curvesNow() as Curves).kzg.verifyProof(...(opening as Parameters<Curves['kzg']['verifyProof']>)),
}

/** EthereumJS' parameters of a chain, with native signature recovery (17,400/s instead of 650/s) and SHA-256, and WebAssembly keccak. */
export function chainCommon(chainId: bigint, hardfork: Hardfork): Common {
  const common = createCustomCommon({ name: 'causeway', chainId: chainId.toString() }, Mainnet, {
    hardfork,
    customCrypto: { ecrecover, keccak256: keccak, kzg: pointEvaluation as KZG, sha256: (bytes) => Uint8Array.from(hash('sha256', bytes, 'buffer')) },
  })
  return mergedOnce(common)
}

/**
 * EthereumJS merges its parameter tables into the `Common` anew for every transaction and header it makes, 0.2 ms each time.
 * They are all merged here, and merging one of them again does nothing; copies of the `Common` inherit that.
 */
function mergedOnce(common: Common): Common {
  const tables: ParamsDict[] = [paramsBlock, paramsTx, paramsEVM, paramsVM]
  for (const table of tables) common.updateParams(table)
  const { updateParams } = common
  common.updateParams = function (this: Common, params) {
    if (!tables.includes(params)) updateParams.call(this, params)
  }
  return common
}

/** Public key (64 bytes, x ‖ y) behind a signature. @throws if there is none. */
export function ecrecover(hash: Uint8Array, v: bigint, r: Uint8Array, s: Uint8Array, chainId?: bigint): Uint8Array {
  const recovery = v === 0n || v === 1n ? v : chainId === undefined ? v - 27n : v - (chainId * 2n + 35n)
  if (recovery !== 0n && recovery !== 1n) throw new RangeError('Invalid signature v value')
  const signature = new Uint8Array(64)
  signature.set(r, 32 - r.length)
  signature.set(s, 64 - s.length)
  return Uint8Array.from(secp256k1.ecdsaRecover(signature, Number(recovery), hash, false).subarray(1))
}
