import type { Address, Hex } from 'viem'
import { CausewayError } from '../errors.js'

/** The BN254 scalar field, in which Poseidon2 digests live. */
export const FIELD = 0x30644e72e131a029b85045b68181585d2833e84879b97091_43e1f593f0000001n
/** `expiry` of a message that never expires. */
export const NEVER = 2n ** 64n - 1n
/** How far (ms) a chain's clock may run ahead of the epoch's L1 time. */
export const MAX_CLOCK_DRIFT = 30_000n
/** How many settled roots an import may refer to, besides the new one. */
export const RECENT_ROOTS = 64n
/** The lowest gas limit of a block with which every message that a bridge lets through gets the gas that it asks for. */
export const MIN_GAS_LIMIT = 21_000_000n
/** Who delivers messages, as blocks show it: `msg.sender` of the transactions that do. Nobody has its key. */
export const SYSTEM_SENDER: Address = '0xcA5E00000000000000000000000000000000ffFf'
/** ETH's address in a {@link Token}; its home is L1. */
export const ETH: Address = '0x0000000000000000000000000000000000000000'
export const ZERO_HASH: Hex = `0x${'00'.repeat(32)}`

/** What one certificate holds at most; fixed by the circuit (docs/protocol.md, section 11). */
export const CAPACITY = {
  entries: 16,
  l1Entries: 4,
  imports: 8,
  exports: 8,
  withdrawals: 4,
  tokens: 4,
  sources: 2,
  inboxLeaves: 2,
  signers: 8,
  /** Queue entries an epoch's proof can apply. */
  queue: 2,
} as const

/** Checks that `value` is an integer in [0, 2^bits) and returns it. @throws `OUT_OF_RANGE`, naming the field. */
export function uint(bits: number, value: bigint, name: string): bigint {
  if (value < 0n || value >> BigInt(bits) !== 0n)
    throw new CausewayError(`${name} is ${value}, which does not fit u${bits}.`, { code: 'OUT_OF_RANGE', docs: 'protocol.md#1-limits' })
  return value
}

/** Checks that `value` is a canonical field element (< p). @throws `OUT_OF_RANGE` */
export function field(value: bigint, name: string): bigint {
  if (value < 0n || value >= FIELD)
    throw new CausewayError(`${name} is not a canonical BN254 field element.`, { code: 'OUT_OF_RANGE', docs: 'protocol.md#1-limits' })
  return value
}

/** An address as a 160-bit number. @throws `OUT_OF_RANGE` if it is not 20 bytes of hex. */
export function addressToBigInt(address: Address, name: string): bigint {
  if (!/^0x[0-9a-fA-F]{40}$/.test(address))
    throw new CausewayError(`${name} is not a 20-byte address: ${address}.`, { code: 'OUT_OF_RANGE', docs: 'protocol.md#1-limits' })
  return BigInt(address)
}

/** The 128-bit limbs (hi, lo) of a 32-byte digest. @throws `OUT_OF_RANGE` if it is not 32 bytes of hex. */
export function limbs(digest: Hex, name = 'digest'): [hi: bigint, lo: bigint] {
  if (!/^0x[0-9a-fA-F]{64}$/.test(digest))
    throw new CausewayError(`${name} is not a 32-byte digest: ${digest}.`, { code: 'OUT_OF_RANGE', docs: 'protocol.md#1-limits' })
  const value = BigInt(digest)
  return [value >> 128n, value & ((1n << 128n) - 1n)]
}

/** A number as 32 bytes of hex. */
export function toBytes32(value: bigint): Hex {
  return `0x${uint(256, value, 'value').toString(16).padStart(64, '0')}`
}
