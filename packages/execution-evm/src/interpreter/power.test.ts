import { expect, it } from 'vitest'
import { powerModulo } from './power.js'
import { numbers } from './programs.test-helper.js'

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const number = (bytes: Uint8Array): bigint => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)

/** By the book. */
function slow(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n % modulus
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus
    if (bit === '1') result = (result * base) % modulus
  }
  return result
}

it(`powers modulo odd numbers, even ones and powers of two, short and long (SEED=${SEED})`, () => {
  const { below, bytes, one } = numbers(SEED)
  const check = (base: bigint, exponent: Uint8Array, modulus: bigint) => expect([base, exponent, modulus, powerModulo(base, exponent, modulus)]).toEqual([base, exponent, modulus, slow(base, number(exponent), modulus)])
  for (let i = 0; i < 600; i++) {
    const size = 1 + below(one(4, 8, 16, 32, 70))
    const random = number(bytes(size)) + 1n
    const twos = BigInt(below(8 * size))
    const modulus = one(random, random | 1n, (random >> twos) << twos || 1n, 1n << twos, (1n << BigInt(8 * size)) - 1n, (1n << BigInt(8 * size - 1)) + 1n)
    check(number(bytes(1 + below(80))) * BigInt(below(5) > 0 ? 1 : 0), one(bytes(below(40)), new Uint8Array(below(4)), Uint8Array.of(1)), modulus)
  }
  // More than a memory of it holds.
  check(3n, new Uint8Array(70_000).fill(0xa5), 0xffff_fffb_0000n)
})
