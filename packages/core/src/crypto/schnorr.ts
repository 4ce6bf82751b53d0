import { hmac } from '@noble/hashes/hmac.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { weierstrass } from '@noble/curves/abstract/weierstrass.js'
import { Field } from '@noble/curves/abstract/modular.js'
import { CausewayError } from '../errors.js'
import { FIELD } from '../protocol/limits.js'
import type { PublicKey, Signature } from '../protocol/types.js'
import type { AttestationSigner } from '../seams/host.js'
import { poseidon2, TAG } from './poseidon2.js'

/** Order of Grumpkin: the BN254 base field. */
export const GRUMPKIN_ORDER = 0x30644e72e131a029b85045b68181585d97816a916871ca8d_3c208c16d87cfd47n

const Point = weierstrass(
  {
    p: FIELD,
    n: GRUMPKIN_ORDER,
    h: 1n,
    a: 0n,
    b: FIELD - 17n,
    Gx: 1n,
    Gy: 17631683881184975370165255887551781615748388533673675138860n,
  },
  { Fp: Field(FIELD) },
)

const bytes32 = (value: bigint) => Uint8Array.from(value.toString(16).padStart(64, '0').match(/../g) as string[], (byte) => parseInt(byte, 16))
const toBigInt = (bytes: Uint8Array) => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)

function challenge(r: bigint, key: PublicKey, statement: bigint): bigint {
  return poseidon2(TAG.schnorr, [r, key.x, key.y, statement])
}

/** Keys seen lately, by x. One that comes back gets a table of multiples (100 kB, as long to make as four checks take), with which a check takes a third. */
const seen = /* @__PURE__ */ new Map<bigint, { y: bigint; point: ReturnType<typeof Point.fromAffine>; checks: number }>()
const SEEN_KEYS = 64
const CHECKS_BEFORE_TABLE = 4

function pointOf({ x, y }: PublicKey) {
  let key = seen.get(x)
  if (key?.y !== y) {
    if (seen.size >= SEEN_KEYS) seen.delete(seen.keys().next().value as bigint)
    key = { y, point: Point.fromAffine({ x, y }), checks: 0 }
    seen.set(x, key)
  }
  if (++key.checks === CHECKS_BEFORE_TABLE) key.point.precompute(4)
  return key.point
}

/** Signs a statement (a field element) with a Grumpkin key; the nonce is derived from key and statement. */
export function schnorrSign(secret: bigint, statement: bigint): Signature {
  const key = Point.BASE.multiply(secret).toAffine()
  const nonce = (toBigInt(hmac(sha512, bytes32(secret), bytes32(statement))) % (GRUMPKIN_ORDER - 1n)) + 1n
  const e = challenge(Point.BASE.multiply(nonce).toAffine().x, key, statement)
  const s = (((nonce - e * secret) % GRUMPKIN_ORDER) + GRUMPKIN_ORDER) % GRUMPKIN_ORDER
  return { s, e }
}

/** Checks a signature; false for anything malformed, never an exception. */
export function schnorrVerify(key: PublicKey, statement: bigint, { s, e }: Signature): boolean {
  if (s < 0n || s >= GRUMPKIN_ORDER || e < 0n || e >= FIELD || !isOnCurve(key)) return false
  const r = Point.BASE.multiplyUnsafe(s).add(pointOf(key).multiplyUnsafe(e))
  return !r.is0() && challenge(r.toAffine().x, key, statement) === e
}

/** Whether a key is a point of Grumpkin with canonical coordinates. */
export function isOnCurve({ x, y }: PublicKey): boolean {
  if (x < 0n || y < 0n || x >= FIELD || y >= FIELD) return false
  return (y * y) % FIELD === (x * x * x + FIELD - 17n) % FIELD
}

/**
 * A signer from 32 secret bytes (taken mod the group order).
 * @throws `BAD_KEY` if they are not 32 bytes or give 0
 */
export function attestationSigner(secret: Uint8Array): AttestationSigner {
  const scalar = secret.length === 32 ? toBigInt(secret) % GRUMPKIN_ORDER : 0n
  if (scalar === 0n) throw new CausewayError('An attestation key is 32 bytes and not zero.', { code: 'BAD_KEY', fix: 'make one with crypto.getRandomValues(new Uint8Array(32))' })
  return {
    publicKey: Point.BASE.multiply(scalar).toAffine(),
    sign: async (statement) => schnorrSign(scalar, statement),
  }
}
