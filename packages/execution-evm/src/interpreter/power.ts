import { modexpModule } from '../generated/modexp-module.js'
import { compile, instantiate } from './wasm.js'

/** What wasm/modexp.ts exports. */
type Exports = { memory: { buffer: ArrayBuffer }; begin(limbs: number): void; next(bytes: number): void; end(): void }

// As in wasm/modexp.ts.
const MODULUS = 0x100
const MOST_BYTES = 64
const BASE = MODULUS + MOST_BYTES
const RESULT = BASE + MOST_BYTES
const EXPONENT = 0x1000
const MOST_EXPONENT = 0xf000

let wasm: Exports | undefined

/** base^exponent mod modulus, which is not 0. */
export function powerModulo(base: bigint, exponent: Uint8Array, modulus: bigint): bigint {
  if (modulus === 1n) return 0n
  if (modulus >> BigInt(8 * MOST_BYTES) !== 0n) return longPower(base, exponent, modulus)
  // What is a power of two of it, and what is odd, on their own, and put together again.
  const twos = trailingZeros(modulus)
  const odd = modulus >> twos
  const left = odd === 1n ? 0n : shortPower(base % odd, exponent, odd)
  if (twos === 0n) return left
  const right = BigInt.asUintN(Number(twos), shortPower(BigInt.asUintN(Number(twos), base), exponent, 1n << twos))
  return left + odd * BigInt.asUintN(Number(twos), (right - left) * inverse(odd, twos))
}

function trailingZeros(value: bigint): bigint {
  let count = 0n
  while (BigInt.asUintN(32, value >> count) === 0n) count += 32n
  while (((value >> count) & 1n) === 0n) count++
  return count
}

/** 1/value modulo 2^bits, for an odd value: each step of Newton's doubles the digits that are right. */
function inverse(value: bigint, bits: bigint): bigint {
  let x = value
  for (let right = 3n; right < bits; right *= 2n) x = BigInt.asUintN(Number(bits), x * (2n - value * x))
  return x
}

/** Modulo an odd number, or modulo a power of two, to more digits than it has. */
function shortPower(base: bigint, exponent: Uint8Array, modulus: bigint): bigint {
  wasm ??= instantiate<Exports>(compile(modexpModule))
  const { memory, begin, next, end } = wasm
  const bytes = new Uint8Array(memory.buffer)
  const isOdd = (modulus & 1n) === 1n
  const limbs = Math.max(2, Math.ceil((isOdd ? modulus : modulus - 1n).toString(16).length / 8))
  const radix = BigInt(32 * limbs)
  write(bytes, MODULUS, isOdd ? modulus : 0n)
  write(bytes, BASE, isOdd ? (base << radix) % modulus : base)
  write(bytes, RESULT, isOdd ? (1n << radix) % modulus : 1n)
  begin(limbs)
  for (let at = 0; at < exponent.length; at += MOST_EXPONENT) {
    const part = exponent.subarray(at, at + MOST_EXPONENT)
    bytes.set(part, EXPONENT)
    next(part.length)
  }
  end()
  return BigInt(`0x${Buffer.from(bytes.slice(RESULT, RESULT + 4 * limbs).reverse()).toString('hex')}`)
}

function write(bytes: Uint8Array, at: number, value: bigint): void {
  bytes.set(Buffer.from(value.toString(16).padStart(2 * MOST_BYTES, '0'), 'hex').reverse(), at)
}

/** Four bits of the exponent at a time. */
function longPower(base: bigint, exponent: Uint8Array, modulus: bigint): bigint {
  const powers = [1n, base % modulus]
  for (let i = 2; i < 16; i++) powers.push(((powers[i - 1] as bigint) * (powers[1] as bigint)) % modulus)
  let result = 1n
  const next = (digit: number): void => {
    if (result !== 1n) for (let i = 0; i < 4; i++) result = (result * result) % modulus
    if (digit > 0) result = (result * (powers[digit] as bigint)) % modulus
  }
  for (const byte of exponent) {
    next(byte >> 4)
    next(byte & 15)
  }
  return result
}
