import type { Address as EthAddress } from '@ethereumjs/util'
import { Address } from '@ethereumjs/util'
import { hexToBytes, type Hex } from 'viem'

/** Big-endian bytes of a number, `size` long. */
export function uintBytes(value: bigint, size: number): Uint8Array {
  return hexToBytes(`0x${value.toString(16).padStart(size * 2, '0')}`)
}

/** A number as RLP has it: no leading zeros, zero is empty. */
export function rlpUint(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array()
  const hex = value.toString(16)
  return hexToBytes(`0x${hex.length % 2 ? '0' : ''}${hex}`)
}

/** The number behind big-endian bytes; empty is zero. */
export function toUint(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(bytesToHex(bytes))
}

/** EthereumJS' address object. */
export function ethAddress(address: Hex): EthAddress {
  return new Address(hexToBytes(address))
}

/** Hex with 0x: viem's, which joins the digits of each byte to a string, leaves most of its time to the garbage collector. */
export function bytesToHex(bytes: Uint8Array): Hex {
  return `0x${bareHex(bytes)}`
}

/** Hex without 0x, for keys. */
export function bareHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** Equal bytes? */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
