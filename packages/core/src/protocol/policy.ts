import { concatHex, numberToHex, size, slice, type Hex } from 'viem'
import { poseidon2, TAG } from '../crypto/poseidon2.js'
import { isOnCurve } from '../crypto/schnorr.js'
import { CausewayError } from '../errors.js'
import { CAPACITY, field, toBytes32 } from './limits.js'
import type { Policy, PublicKey } from './types.js'

/** Makes a k-of-n policy, signers in the order the protocol wants. @throws `BAD_POLICY` */
export function attestedPolicy(k: number, signers: readonly PublicKey[]): Policy {
  const policy: Policy = { attested: { k, signers: [...signers].sort((a, b) => (a.x < b.x ? -1 : 1)) } }
  checkPolicy(policy)
  return policy
}

/** Checks a policy's form: 1 ≤ k ≤ n ≤ 8, keys on the curve, strictly ascending by x. @throws `BAD_POLICY` saying what is wrong. */
export function checkPolicy(policy: Policy): void {
  const fail = (what: string): never => {
    throw new CausewayError(`Bad validity policy: ${what}.`, { code: 'BAD_POLICY', docs: 'protocol.md#6-validity-policy' })
  }
  if (!Array.isArray(policy?.attested?.signers)) fail('it has no `attested: { k, signers }`')
  const { k, signers } = policy.attested
  if (signers.length < 1 || signers.length > CAPACITY.signers) fail(`it has ${signers.length} signers; 1 to ${CAPACITY.signers} are possible`)
  if (!Number.isInteger(k) || k < 1 || k > signers.length) fail(`k is ${k}; it must be from 1 to the number of signers, ${signers.length}`)
  signers.forEach((key, i) => {
    if (!isOnCurve(key)) fail(`signer ${i} is not a point of Grumpkin`)
    if (i > 0 && key.x <= (signers[i - 1] as PublicKey).x) fail(`signer ${i} is a duplicate or out of order (ascending by x)`)
  })
}

/** Poseidon2 hash of a policy. Does not check its form: {@link checkPolicy} does. */
export function policyHash(policy: Policy): bigint {
  const { k, signers } = policy.attested
  const keys = Array.from({ length: CAPACITY.signers }, (_, i) => signers[i] ?? { x: 0n, y: 0n })
  const attested = poseidon2(TAG.attested, [BigInt(k), BigInt(signers.length), ...keys.flatMap(({ x, y }) => [field(x, 'signer.x'), field(y, 'signer.y')])])
  return poseidon2(TAG.policy, [attested, policy.validity ?? 0n, policy.external ?? 0n])
}

/** The form in which a policy travels on L1: `k ‖ n ‖ n × (x ‖ y)`. */
export function encodePolicy({ attested: { k, signers } }: Policy): Hex {
  return concatHex([numberToHex(k, { size: 1 }), numberToHex(signers.length, { size: 1 }), ...signers.flatMap(({ x, y }) => [toBytes32(x), toBytes32(y)])])
}

/** Reads {@link encodePolicy}'s form. @throws `BAD_POLICY` */
export function decodePolicy(bytes: Hex): Policy {
  const length = size(bytes)
  const n = length >= 2 ? Number(slice(bytes, 1, 2)) : 0
  if (length < 2 || length !== 2 + 64 * n) throw new CausewayError(`A policy of ${n} signers is ${2 + 64 * n} bytes, not ${length}.`, { code: 'BAD_POLICY' })
  const word = (i: number) => BigInt(slice(bytes, 2 + 32 * i, 34 + 32 * i))
  const policy: Policy = {
    attested: { k: Number(slice(bytes, 0, 1)), signers: Array.from({ length: n }, (_, i) => ({ x: word(2 * i), y: word(2 * i + 1) })) },
  }
  checkPolicy(policy)
  return policy
}
