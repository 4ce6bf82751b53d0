import type { ExecResult, PrecompileInput } from '@ethereumjs/evm'
import { failed } from './failed.js'
import { FP, FR, G1, readFp, readFr, withMemory, type Mcl } from './mcl.js'

/** Checks a signature: hash, r, s, x and y of 32 bytes each. */
export type P256 = (input: Uint8Array) => boolean

const GAS = 6_900n
const SIZE = 160

/** P256VERIFY (0x100, EIP-7951): a word that is 1, or nothing. */
export function p256Verify(verify: P256, { data, gasLimit }: PrecompileInput): ExecResult {
  if (gasLimit < GAS) return failed(gasLimit)
  const word = new Uint8Array(32)
  word[31] = 1
  return { executionGasUsed: GAS, returnValue: data.length === SIZE && verify(data) ? word : new Uint8Array() }
}

/** P-256 on mcl: with w = 1/s the point hash·w·G + r·w·Q has r for its x, modulo the order. */
export function p256On(mcl: Mcl): P256 {
  const scratch = mcl._malloc(FP)
  /** A number below the order that is not 0. */
  function scalar(to: number, bytes: Uint8Array): boolean {
    for (let i = 0; i < FR; i++) mcl.HEAP8[scratch + i] = bytes[FR - 1 - i] as number
    return mcl._mclBnFr_deserialize(to, scratch, FR) === FR && mcl._mclBnFr_isZero(to) === 0
  }
  return (input) =>
    withMemory(mcl, 3 * G1 + 4 * FR, (at) => {
      // Two points and two scalars stand side by side.
      const [point, base, s, hash, r, x, sum] = [at, at + G1, at + 2 * G1, at + 2 * G1 + FR, at + 2 * G1 + 2 * FR, at + 2 * G1 + 3 * FR, at + 2 * G1 + 4 * FR] as const
      const part = (i: number): Uint8Array => input.subarray(32 * i, 32 * i + 32)
      if (!scalar(r, part(1)) || !scalar(s, part(2))) return false
      if (!readFp(mcl, point, part(3), scratch) || !readFp(mcl, point + FP, part(4), scratch)) return false
      mcl._mclBnFp_setInt32(point + 2 * FP, 1)
      if (mcl._mclBnG1_isValid(point) === 0) return false
      readFr(mcl, hash, part(0), scratch)
      mcl._mclBnFr_inv(s, s)
      mcl._mclBnFr_mul(hash, hash, s)
      mcl._mclBnFr_mul(s, r, s)
      mcl._mclBnG1_getBasePoint(base)
      mcl._mclBnG1_mulVec(sum, point, s, 2)
      if (mcl._mclBnG1_isZero(sum) !== 0) return false
      mcl._mclBnG1_normalize(sum, sum)
      mcl._mclBnFp_serialize(scratch, FR, sum)
      mcl._mclBnFr_setLittleEndianMod(x, scratch, FR)
      return mcl._mclBnFr_isEqual(x, r) !== 0
    })
}
