import { bls12_381 } from '@noble/curves/bls12-381.js'
import type { KZG } from '@ethereumjs/util'

/** [τ]G2 of Ethereum's KZG ceremony: the second of `g2_monomial` in consensus-specs' trusted_setup_4096.json. */
const TAU_G2 =
  'b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72' +
  '185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2'

/** Only what the point-evaluation precompile (0x0a) needs; without it a call to 0x0a would throw out of the EVM. */
export const pointEvaluation = { verifyProof } as KZG

/**
 * Does the polynomial behind `commitment` take the value `y` at `z`?
 * e(C − y·G1, G2) = e(π, τ·G2 − z·G2), EIP-4844. @throws on points or scalars that are not canonical.
 */
export function verifyProof(commitment: string, z: string, y: string, proof: string): boolean {
  const { G1, G2 } = bls12_381
  const c = point(G1.Point, commitment)
  const pi = point(G1.Point, proof)
  const shifted = G2.Point.fromHex(TAU_G2).subtract(times(G2.Point.BASE, scalar(z)))
  const difference = c.subtract(times(G1.Point.BASE, scalar(y)))
  // A pairing with the point at infinity is 1; noble refuses such an input, so it is left out.
  const pairs = [
    { g1: difference, g2: G2.Point.BASE.negate() },
    { g1: pi, g2: shifted },
  ].filter(({ g1, g2 }) => !g1.is0() && !g2.is0())
  return pairs.length === 0 || bls12_381.fields.Fp12.eql(bls12_381.pairingBatch(pairs), bls12_381.fields.Fp12.ONE)
}

type G1Class = typeof bls12_381.G1.Point

function point(group: G1Class, hex: string): InstanceType<G1Class> {
  const p = group.fromHex(hex.slice(2))
  if (!p.is0()) p.assertValidity()
  return p
}

function scalar(hex: string): bigint {
  const value = BigInt(hex)
  if (value >= bls12_381.fields.Fr.ORDER) throw new RangeError('C_KZG_BADARGS: not a canonical scalar')
  return value
}

function times<P extends { multiply(n: bigint): P; subtract(o: P): P }>(base: P, n: bigint): P {
  return n === 0n ? base.subtract(base) : base.multiply(n)
}
