import type { EVMBLSInterface, EVMBN254Interface } from '@ethereumjs/evm'
import { openingsOn, type Openings } from '../kzg.js'
import { blsOn } from './bls.js'
import { bn254On } from './bn254.js'
import { startMcl } from './mcl.js'
import { p256On, type P256 } from './p256.js'

/** What the precompiles of curves compute with. */
export type Curves = { bls: EVMBLSInterface; bn254: EVMBN254Interface; kzg: Openings; p256: P256 }

let loading: Promise<Curves> | undefined
let loaded: Curves | undefined

/** BLS12-381, BN254 and P-256 in WebAssembly, loaded when a precompile first needs one: 0.3 s. */
export function loadCurves(): Promise<Curves> {
  return (loading ??= Promise.all([startMcl('bls12_381'), startMcl('bn254'), startMcl('p256')]).then(([bls, bn254, p256]) => (loaded = { bls: blsOn(bls), bn254: bn254On(bn254), kzg: openingsOn(bls), p256: p256On(p256) })))
}

/** The same, if they are loaded. */
export const curvesNow = (): Curves | undefined => loaded
