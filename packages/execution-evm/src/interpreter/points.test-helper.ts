import { bls12_381 } from '@noble/curves/bls12-381.js'
import { bn254 } from '@noble/curves/bn254.js'
import { concat, numberToBytes } from 'viem'
import type { Numbers } from './programs.test-helper.js'

const word = (value: bigint): Uint8Array => numberToBytes(value, { size: 32 })
const wide = (value: bigint): Uint8Array => numberToBytes(value, { size: 64 })

/** Encoded points for the precompiles: of the group, at infinity, on the curve beside the subgroup, and with a coordinate too many. */
export function points({ below, one, bytes }: Numbers) {
  const { Fp, Fp2 } = bls12_381.fields
  const scalar = () => BigInt(1 + below(2 ** 31))
  const g1 = (k: bigint): Uint8Array => concat([...Object.values(bls12_381.G1.Point.BASE.multiply(k).toAffine())].map(wide))
  const g2 = (k: bigint): Uint8Array => {
    const { x, y } = bls12_381.G2.Point.BASE.multiply(k).toAffine()
    return concat([x.c0, x.c1, y.c0, y.c1].map(wide))
  }
  const bn1 = (k: bigint): Uint8Array => concat([...Object.values(bn254.G1.Point.BASE.multiply(k).toAffine())].map(word))
  const bn2 = (k: bigint): Uint8Array => {
    const { x, y } = bn254.G2.Point.BASE.multiply(k).toAffine()
    return concat([x.c1, x.c0, y.c1, y.c0].map(word))
  }
  /** The first root that there is of a curve's equation. */
  function on<F>(next: (i: bigint) => F, right: (x: F) => F, sqrt: (value: F) => F): { x: F; y: F } {
    const root = (value: F): F | undefined => {
      try {
        return sqrt(value)
      } catch {
        return undefined
      }
    }
    for (let i = scalar(); ; i++) {
      const x = next(i)
      const y = root(right(x))
      if (y !== undefined) return { x, y }
    }
  }
  const beside1 = (): Uint8Array => {
    const { x, y } = on((i) => i, (x) => Fp.add(Fp.mul(Fp.sqr(x), x), 4n), (value) => Fp.sqrt(value))
    return concat([wide(x), wide(y)])
  }
  const beside2 = (): Uint8Array => {
    const { x, y } = on((i) => Fp2.fromBigTuple([i, 3n]), (x) => Fp2.add(Fp2.mul(Fp2.sqr(x), x), Fp2.fromBigTuple([4n, 4n])), (value) => Fp2.sqrt(value))
    return concat([x.c0, x.c1, y.c0, y.c1].map(wide))
  }
  const besideBn2 = (): Uint8Array => {
    const { Fp2: F } = bn254.fields
    const b = F.div(F.fromBigTuple([3n, 0n]), F.fromBigTuple([9n, 1n]))
    const { x, y } = on((i) => F.fromBigTuple([i, 5n]), (x) => F.add(F.mul(F.sqr(x), x), b), (value) => F.sqrt(value))
    return concat([x.c1, x.c0, y.c1, y.c0].map(word))
  }
  const over = (size: number, order: bigint, encode: (value: bigint) => Uint8Array): Uint8Array => concat([encode(order + 1n), new Uint8Array(size).fill(2, -1)])
  /** Mostly of the group. */
  const some = (good: () => Uint8Array, ...bad: (() => Uint8Array)[]): Uint8Array => (below(5) > 0 ? good() : one(...bad)())
  return {
    g1: () => some(() => g1(scalar()), () => new Uint8Array(128), beside1, () => over(64, Fp.ORDER, wide), () => bytes(128)),
    g2: () => some(() => g2(scalar()), () => new Uint8Array(256), beside2, () => bytes(256)),
    bn1: () => some(() => bn1(scalar()), () => new Uint8Array(64), () => over(32, bn254.fields.Fp.ORDER, word), () => bytes(64)),
    bn2: () => some(() => bn2(scalar()), () => new Uint8Array(128), besideBn2, () => bytes(128)),
    /** Pairs whose pairings are 1 together: e(aP, bQ) · e(−abP, Q). */
    pairs: () => {
      const [a, b] = [scalar(), scalar()]
      const negative = (order: bigint) => order - ((a * b) % order)
      return {
        bls: concat([g1(a), g2(b), g1(negative(bls12_381.fields.Fr.ORDER)), g2(1n)]),
        bn: concat([bn1(a), bn2(b), bn1(negative(bn254.fields.Fr.ORDER)), bn2(1n)]),
      }
    },
  }
}
