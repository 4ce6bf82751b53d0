import { CausewayError } from '@causeway/core'

/** Functions of mcl's WebAssembly that are used here. Arguments are addresses in its memory, sizes and flags. */
type Functions = Record<
  | `_mclBn${'Fp' | 'Fr'}_${'deserialize' | 'serialize' | 'setBigEndianMod' | 'setLittleEndianMod' | 'setInt32' | 'isZero' | 'isEqual' | 'inv' | 'mul'}`
  | '_mclBnG1_getBasePoint'
  | `_mclBn${'G1' | 'G2'}_${'add' | 'neg' | 'mul' | 'mulVec' | 'normalize' | 'clear' | 'isZero' | 'isValid' | 'isValidOrder' | 'deserialize'}`
  | '_mclBn_init' | '_mclBn_setMapToMode' | '_mclBn_verifyOrderG1' | '_mclBn_verifyOrderG2' | '_mclBn_setETHserialization'
  | '_mclBnFp_mapToG1' | '_mclBnFp2_mapToG2' | '_mclBn_millerLoopVec' | '_mclBn_finalExp' | '_mclBnGT_isOne'
  | '_mclBn_getUint64NumToPrecompute' | '_mclBn_precomputeG2' | '_mclBn_precomputedMillerLoop' | '_mclBn_precomputedMillerLoop2' | '_malloc' | '_free',
  (...given: number[]) => number
>
/** mcl for one curve. Its memory moves when it grows, so it is asked for each time. */
export type Mcl = Functions & { readonly HEAP8: Int8Array; readonly size: number }

/** Curves by mcl's numbers, and bytes of their fields: BN_SNARK1 is Ethereum's alt_bn128. */
const CURVES = { bn254: { number: 4, size: 32 }, bls12_381: { number: 5, size: 48 }, p256: { number: 107, size: 32 } } as const
/** Bytes of numbers in mcl's memory, whatever the curve. */
export const FP = 48
export const FR = 32
export const G1 = 3 * FP
export const G2 = 6 * FP
export const GT = 12 * FP
/** How the module was compiled: units of 64 bits of Fr and Fp. */
const COMPILED = (FR / 8) * 10 + FP / 8

/** Starts mcl for a curve: 0.1 s. Each has a memory of its own, since mcl knows one curve at a time. */
export async function startMcl(curve: keyof typeof CURVES): Promise<Mcl> {
  const { default: create } = await import('mcl-wasm/dist/mcl_c.js')
  const noRandom = (): never => {
    throw new CausewayError('Nothing random is asked of mcl.', { code: 'INTERNAL' })
  }
  const mcl = (await create({ cryptoGetRandomValues: noRandom })) as Mcl
  const { number, size } = CURVES[curve]
  if (mcl._mclBn_init(number, COMPILED) !== 0) throw new CausewayError('mcl-wasm does not start: it is not the version that it was written for.', { code: 'INTERNAL' })
  mcl._mclBn_verifyOrderG1(0)
  mcl._mclBn_verifyOrderG2(0)
  return Object.assign(mcl, { size })
}

/** A number of the field from `size` big-endian bytes. @returns whether it is one */
export function readFp(mcl: Mcl, to: number, bytes: Uint8Array, scratch: number): boolean {
  const { HEAP8, size } = mcl
  for (let i = 0; i < size; i++) HEAP8[scratch + i] = bytes[size - 1 - i] as number
  return mcl._mclBnFp_deserialize(to, scratch, size) === size
}

/** Writes a number of the field as `size` big-endian bytes. */
export function writeFp(mcl: Mcl, to: Uint8Array, from: number, scratch: number): void {
  const { size } = mcl
  mcl._mclBnFp_serialize(scratch, size, from)
  const { HEAP8 } = mcl
  for (let i = 0; i < size; i++) to[i] = HEAP8[scratch + size - 1 - i] as number
}

/** A scalar from 32 big-endian bytes, modulo the order. */
export function readFr(mcl: Mcl, to: number, bytes: Uint8Array, scratch: number): void {
  mcl.HEAP8.set(bytes, scratch)
  mcl._mclBnFr_setBigEndianMod(to, scratch, 32)
}

export const isNothing = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)

/** Runs something with so many bytes of mcl's memory. */
export function withMemory<T>(mcl: Mcl, size: number, use: (at: number) => T): T {
  const at = mcl._malloc(size)
  try {
    return use(at)
  } finally {
    mcl._free(at)
  }
}
