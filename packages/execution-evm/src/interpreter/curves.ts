import { MCLBLS, RustBN254, type EVMBLSInterface, type EVMBN254Interface } from '@ethereumjs/evm'

let curves: Promise<{ bls: EVMBLSInterface; bn254: EVMBN254Interface }> | undefined

/** BLS12-381 and BN254 in WebAssembly, loaded when a precompile first needs them: 0.2 s. */
export function loadCurves() {
  return (curves ??= (async () => {
    const [mcl, { initRustBN }] = await Promise.all([import('mcl-wasm'), import('rustbn-wasm')])
    // A CommonJS module, whose exports are its default's when it is imported without a bundler.
    const module = 'default' in mcl ? (mcl.default as typeof mcl) : mcl
    await module.init(module.BLS12_381)
    const bls = new MCLBLS(module)
    bls.init()
    return { bls, bn254: new RustBN254(await initRustBN()) }
  })())
}
