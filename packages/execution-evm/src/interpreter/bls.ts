import { EVMError, type EVMBLSInterface } from '@ethereumjs/evm'
import { FP, FR, G1, G2, GT, isNothing, readFp, readFr, withMemory, writeFp, type Mcl } from './mcl.js'

/** Bytes of EIP-2537's points and scalars. */
const WIDE = 64
const SIZE = { g1: 2 * WIDE, g2: 4 * WIDE, scalar: 32 }
const invalid = (): never => {
  throw new EVMError(EVMError.errorMessages.BLS_12_381_POINT_NOT_ON_CURVE)
}
/** Map of hash-to-curve (RFC 9380). */
const RFC_9380 = 5

/** The precompiles of BLS12-381 (EIP-2537) on mcl. Its memory is used without its JavaScript, which goes by way of decimal strings. */
export function blsOn(mcl: Mcl): EVMBLSInterface {
  mcl._mclBn_setMapToMode(RFC_9380)
  const scratch = mcl._malloc(FP)

  function field(to: number, bytes: Uint8Array): void {
    if (!isNothing(bytes.subarray(0, 16)) || !readFp(mcl, to, bytes.subarray(16), scratch)) throw new EVMError(EVMError.errorMessages.BLS_12_381_FP_NOT_IN_FIELD)
  }
  /** Of G2 the coordinates have two parts. */
  function point(group: 'G1' | 'G2', to: number, bytes: Uint8Array, inSubgroup: boolean): void {
    const fields = group === 'G1' ? 2 : 4
    if (isNothing(bytes)) {
      mcl[`_mclBn${group}_clear`](to)
      return
    }
    mcl[`_mclBn${group}_clear`](to)
    for (let i = 0; i < fields; i++) field(to + i * FP, bytes.subarray(i * WIDE, (i + 1) * WIDE))
    mcl._mclBnFp_setInt32(to + fields * FP, 1)
    if (mcl[`_mclBn${group}_isValid`](to) === 0 || (inSubgroup && mcl[`_mclBn${group}_isValidOrder`](to) === 0)) invalid()
  }
  function result(group: 'G1' | 'G2', from: number): Uint8Array {
    const fields = group === 'G1' ? 2 : 4
    const bytes = new Uint8Array(fields * WIDE)
    if (mcl[`_mclBn${group}_isZero`](from) !== 0) return bytes
    mcl[`_mclBn${group}_normalize`](from, from)
    for (let i = 0; i < fields; i++) writeFp(mcl, bytes.subarray(i * WIDE + 16), from + i * FP, scratch)
    return bytes
  }
  const sizes = { G1: { memory: G1, bytes: SIZE.g1 }, G2: { memory: G2, bytes: SIZE.g2 } } as const

  const add = (group: 'G1' | 'G2') => (input: Uint8Array) => {
    const { memory, bytes } = sizes[group]
    return withMemory(mcl, 2 * memory, (at) => {
      for (let i = 0; i < 2; i++) point(group, at + i * memory, input.subarray(i * bytes, (i + 1) * bytes), false)
      mcl[`_mclBn${group}_add`](at, at, at + memory)
      return result(group, at)
    })
  }
  const msm = (group: 'G1' | 'G2') => (input: Uint8Array) => {
    const { memory, bytes } = sizes[group]
    const count = input.length / (bytes + SIZE.scalar)
    return withMemory(mcl, memory + count * (memory + FR), (at) => {
      const [points, scalars] = [at + memory, at + memory + count * memory]
      for (let i = 0; i < count; i++) {
        const from = i * (bytes + SIZE.scalar)
        point(group, points + i * memory, input.subarray(from, from + bytes), true)
        readFr(mcl, scalars + i * FR, input.subarray(from + bytes, from + bytes + SIZE.scalar), scratch)
      }
      if (count === 1) mcl[`_mclBn${group}_mul`](at, points, scalars)
      else mcl[`_mclBn${group}_mulVec`](at, points, scalars, count)
      return result(group, at)
    })
  }
  return {
    init: () => undefined,
    addG1: add('G1'),
    addG2: add('G2'),
    msmG1: msm('G1'),
    msmG2: msm('G2'),
    mapFPtoG1: (input) =>
      withMemory(mcl, FP + G1, (at) => {
        field(at, input)
        mcl._mclBnFp_mapToG1(at + FP, at)
        return result('G1', at + FP)
      }),
    mapFP2toG2: (input) =>
      withMemory(mcl, 2 * FP + G2, (at) => {
        for (let i = 0; i < 2; i++) field(at + i * FP, input.subarray(i * WIDE, (i + 1) * WIDE))
        mcl._mclBnFp2_mapToG2(at + 2 * FP, at)
        return result('G2', at + 2 * FP)
      }),
    pairingCheck(input) {
      const pair = SIZE.g1 + SIZE.g2
      return pairsToOne(mcl, input.length / pair, (i, g1, g2) => {
        const of = input.subarray(i * pair, (i + 1) * pair)
        point('G1', g1, of.subarray(0, SIZE.g1), true)
        point('G2', g2, of.subarray(SIZE.g1), true)
      })
    },
  } as EVMBLSInterface
}

/** Whether the product of `count` pairings is 1, as a word; `read` puts the points of a pair where it is told. */
export function pairsToOne(mcl: Mcl, count: number, read: (i: number, g1: number, g2: number) => void): Uint8Array {
  return withMemory(mcl, GT + count * (G1 + G2), (at) => {
    const [left, right] = [at + GT, at + GT + count * G1]
    let pairs = 0
    for (let i = 0; i < count; i++) {
      const [g1, g2] = [left + pairs * G1, right + pairs * G2]
      read(i, g1, g2)
      // A pairing with the point at infinity is 1.
      if (mcl._mclBnG1_isZero(g1) === 0 && mcl._mclBnG2_isZero(g2) === 0) pairs++
    }
    const word = new Uint8Array(32)
    if (pairs > 0) {
      mcl._mclBn_millerLoopVec(at, left, right, pairs)
      mcl._mclBn_finalExp(at, at)
    }
    word[31] = pairs === 0 || mcl._mclBnGT_isOne(at) !== 0 ? 1 : 0
    return word
  })
}
