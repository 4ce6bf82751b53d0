import { hexToBytes, type Hex } from 'viem'
import { FR, G1, G2, GT, isNothing, withMemory, type Mcl } from './interpreter/mcl.js'

/** [τ]G2 of Ethereum's KZG ceremony: the second of `g2_monomial` in consensus-specs' trusted_setup_4096.json. */
const TAU_G2: Hex = `0x${
  'b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72' +
  '185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2'
}`
/** The generators of BLS12-381. */
const GENERATOR_1 = '0x97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb'
const GENERATOR_2: Hex = `0x${
  '93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e' +
  '024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8'
}`
const ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n

/** Checks openings of polynomials (EIP-4844). */
export type Openings = {
  /**
   * Does the polynomial behind `commitment` take the value `y` at `z`?
   * e(C − y·G1, G2) = e(π, τ·G2 − z·G2), that is e(y·G1 − C − z·π, G2) · e(π, τ·G2) = 1. @throws on points or scalars that are not canonical.
   */
  verifyProof(commitment: Hex, z: Hex, y: Hex, proof: Hex): boolean
}

/** Openings on mcl for BLS12-381. The points of G2 are the same each time, so what a pairing computes of them is kept. */
export function openingsOn(mcl: Mcl): Openings {
  const scratch = mcl._malloc(96)

  /** A compressed point, checked to be in its subgroup. */
  function point(group: 'G1' | 'G2', to: number, hex: Hex): void {
    const bytes = hexToBytes(hex)
    // mcl takes anything behind the flag of the point at infinity.
    if (((bytes[0] as number) & 0x40) !== 0 && !(bytes[0] === 0xc0 && isNothing(bytes.subarray(1)))) throw new RangeError('C_KZG_BADARGS: not a point')
    mcl._mclBn_setETHserialization(1)
    mcl.HEAP8.set(bytes, scratch)
    const read = mcl[`_mclBn${group}_deserialize`](to, scratch, bytes.length)
    mcl._mclBn_setETHserialization(0)
    if (read !== bytes.length || bytes.length !== (group === 'G1' ? 48 : 96) || mcl[`_mclBn${group}_isValidOrder`](to) === 0) throw new RangeError('C_KZG_BADARGS: not a point')
  }
  function scalar(to: number, hex: Hex): void {
    if (BigInt(hex) >= ORDER) throw new RangeError('C_KZG_BADARGS: not a canonical scalar')
    mcl.HEAP8.set(hexToBytes(hex), scratch)
    mcl._mclBnFr_setBigEndianMod(to, scratch, FR)
  }
  function prepared(hex: Hex): number {
    const at = mcl._malloc(8 * mcl._mclBn_getUint64NumToPrecompute())
    withMemory(mcl, G2, (g2) => {
      point('G2', g2, hex)
      mcl._mclBn_precomputeG2(at, g2)
    })
    return at
  }
  const [one, tau] = [prepared(GENERATOR_2), prepared(TAU_G2)]
  const generator = mcl._malloc(G1)
  point('G1', generator, GENERATOR_1)

  return {
    verifyProof: (commitment, z, y, proof) =>
      withMemory(mcl, 5 * G1 + 2 * FR + GT, (at) => {
        // Two points and two scalars stand side by side: y times the generator and z times −π.
        const [c, pi, sum, points, scalars, gt] = [at, at + G1, at + 2 * G1, at + 3 * G1, at + 5 * G1, at + 5 * G1 + 2 * FR] as const
        point('G1', c, commitment)
        point('G1', pi, proof)
        mcl.HEAP8.copyWithin(points, generator, generator + G1)
        mcl._mclBnG1_neg(points + G1, pi)
        scalar(scalars, y)
        scalar(scalars + FR, z)
        mcl._mclBnG1_mulVec(sum, points, scalars, 2)
        mcl._mclBnG1_neg(c, c)
        mcl._mclBnG1_add(sum, sum, c)
        mcl._mclBnG1_normalize(sum, sum)
        // A pairing with the point at infinity is 1.
        const [first, second] = [mcl._mclBnG1_isZero(sum) === 0, mcl._mclBnG1_isZero(pi) === 0]
        if (!first && !second) return true
        if (first && second) mcl._mclBn_precomputedMillerLoop2(gt, sum, one, pi, tau)
        else if (first) mcl._mclBn_precomputedMillerLoop(gt, sum, one)
        else mcl._mclBn_precomputedMillerLoop(gt, pi, tau)
        mcl._mclBn_finalExp(gt, gt)
        return mcl._mclBnGT_isOne(gt) !== 0
      }),
  }
}
