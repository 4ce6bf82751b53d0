import type { EVMBLSInterface, EVMBN254Interface } from '@ethereumjs/evm'
import { openingsOn, type Openings } from '../kzg.js'
import { blsOn } from './bls.js'
import { bn254On } from './bn254.js'
import { startMcl } from './mcl.js'

/** What the precompiles of curves compute with. */
export type Curves = { bls: EVMBLSInterface; bn254: EVMBN254Interface; kzg: Openings }

let loading: Promise<Curves> | undefined
let loaded: Curves | undefined

/** BLS12-381 and BN254 in WebAssembly, loaded when a precompile first needs them: 0.2 s. */
export function loadCurves(): Promise<Curves> {
  return (loading ??= Promise.all([startMcl('bls12_381'), startMcl('bn254')]).then(([bls, bn254]) => (loaded = { bls: blsOn(bls), bn254: bn254On(bn254), kzg: openingsOn(bls) })))
}

/** The same, if they are loaded. */
export const curvesNow = (): Curves | undefined => loaded
