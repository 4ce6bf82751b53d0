import { EVMError, type EVMBN254Interface } from '@ethereumjs/evm'
import { pairsToOne } from './bls.js'
import { FP, FR, G1, isNothing, readFp, readFr, withMemory, writeFp, type Mcl } from './mcl.js'

const invalid = (): never => {
  throw new EVMError(EVMError.errorMessages.OUT_OF_GAS)
}

/** The precompiles of BN254 (EIP-196, EIP-197) on mcl. */
export function bn254On(mcl: Mcl): EVMBN254Interface {
  const scratch = mcl._malloc(FP)

  function g1(to: number, bytes: Uint8Array): void {
    mcl._mclBnG1_clear(to)
    if (isNothing(bytes)) return
    for (let i = 0; i < 2; i++) if (!readFp(mcl, to + i * FP, bytes.subarray(32 * i, 32 * i + 32), scratch)) invalid()
    mcl._mclBnFp_setInt32(to + 2 * FP, 1)
    if (mcl._mclBnG1_isValid(to) === 0) invalid()
  }
  /** The imaginary part of a coordinate comes first. */
  function g2(to: number, bytes: Uint8Array): void {
    mcl._mclBnG2_clear(to)
    if (isNothing(bytes)) return
    for (const [i, part] of [1, 0, 3, 2].entries()) if (!readFp(mcl, to + part * FP, bytes.subarray(32 * i, 32 * i + 32), scratch)) invalid()
    mcl._mclBnFp_setInt32(to + 4 * FP, 1)
    if (mcl._mclBnG2_isValid(to) === 0 || mcl._mclBnG2_isValidOrder(to) === 0) invalid()
  }
  function result(from: number): Uint8Array {
    const bytes = new Uint8Array(64)
    if (mcl._mclBnG1_isZero(from) !== 0) return bytes
    mcl._mclBnG1_normalize(from, from)
    for (let i = 0; i < 2; i++) writeFp(mcl, bytes.subarray(32 * i), from + i * FP, scratch)
    return bytes
  }
  return {
    add: (input) =>
      withMemory(mcl, 2 * G1, (at) => {
        for (let i = 0; i < 2; i++) g1(at + i * G1, input.subarray(64 * i, 64 * i + 64))
        mcl._mclBnG1_add(at, at, at + G1)
        return result(at)
      }),
    mul: (input) =>
      withMemory(mcl, G1 + FR, (at) => {
        g1(at, input.subarray(0, 64))
        readFr(mcl, at + G1, input.subarray(64, 96), scratch)
        mcl._mclBnG1_mul(at, at, at + G1)
        return result(at)
      }),
    pairing: (input) =>
      pairsToOne(mcl, input.length / 192, (i, left, right) => {
        g1(left, input.subarray(192 * i, 192 * i + 64))
        g2(right, input.subarray(192 * i + 64, 192 * i + 192))
      }),
  }
}
