// Powers of short numbers modulo odd numbers (Montgomery's products, CIOS) and powers of two. Numbers are u32 limbs, the lowest first.

/** Numbers have at most so many limbs. */
const MOST: u32 = 16
const SIZE: u32 = 4 * MOST
const MODULUS: u32 = 0x100
const BASE: u32 = MODULUS + SIZE
/** 1 in Montgomery's form, and the result. */
const RESULT: u32 = BASE + SIZE
/** One limb more than a product of two needs. */
const SCRATCH: u32 = RESULT + SIZE
/** The base to the powers from 0 to 15. */
const TABLE: u32 = 0x400
/** Bytes of the exponent, the highest first. */
const EXPONENT: u32 = 0x1000

let limbs: u32 = 0
/** −1/modulus modulo 2^32; 0 for a power of two. */
let inverse: u32 = 0
/** Whether the result is still 1. */
let isOne: bool = true

// @ts-ignore: decorator
@inline
function limb(at: u32, i: u32): u64 {
  return <u64>load<u32>(at + 4 * i)
}

// @ts-ignore: decorator
@inline
function put(at: u32, i: u32, value: u64): void {
  store<u32>(at + 4 * i, <u32>value)
}

// Loops, because a short fill or copy of WebAssembly costs as much as all the rest.
// @ts-ignore: decorator
@inline
function clear(at: u32, size: u32): void {
  for (let i: u32 = 0; i < size; i++) store<u32>(at + 4 * i, 0)
}
// @ts-ignore: decorator
@inline
function copy(to: u32, from: u32, size: u32): void {
  for (let i: u32 = 0; i < size; i++) store<u32>(to + 4 * i, load<u32>(from + 4 * i))
}

/** The same as `montgomery` for two limbs, of which gas buys the most. */
function montgomery2(to: u32, a: u32, b: u32): void {
  const LOW: u64 = 0xffffffff
  const modulus = load<u64>(MODULUS)
  const m0 = modulus & LOW
  const m1 = modulus >> 32
  const y0 = limb(b, 0)
  const y1 = limb(b, 1)
  const inverse64 = <u64>inverse
  let x = limb(a, 0)
  let sum = x * y0
  let t0 = sum & LOW
  sum = x * y1 + (sum >> 32)
  let t1 = sum & LOW
  let t2 = sum >> 32
  let q = (t0 * inverse64) & LOW
  sum = t1 + q * m1 + ((t0 + q * m0) >> 32)
  t0 = sum & LOW
  sum = t2 + (sum >> 32)
  t1 = sum & LOW
  let t3 = sum >> 32
  x = limb(a, 1)
  sum = t0 + x * y0
  t0 = sum & LOW
  sum = t1 + x * y1 + (sum >> 32)
  t1 = sum & LOW
  t2 = t3 + (sum >> 32)
  q = (t0 * inverse64) & LOW
  sum = t1 + q * m1 + ((t0 + q * m0) >> 32)
  t0 = sum & LOW
  t3 = t2 + (sum >> 32)
  const result = t0 | (t3 << 32)
  store<u64>(to, t3 >> 32 != 0 || result >= modulus ? result - modulus : result)
}

/** a·b/2^(32·limbs) modulo the modulus. */
function montgomery(to: u32, a: u32, b: u32): void {
  const n = limbs
  clear(SCRATCH, n + 2)
  for (let i: u32 = 0; i < n; i++) {
    const x = limb(a, i)
    let carry: u64 = 0
    for (let j: u32 = 0; j < n; j++) {
      const sum = limb(SCRATCH, j) + x * limb(b, j) + carry
      put(SCRATCH, j, sum)
      carry = sum >> 32
    }
    let top = limb(SCRATCH, n) + carry
    put(SCRATCH, n, top)
    put(SCRATCH, n + 1, top >> 32)
    // In a step of its own: as part of a u64 the product would be one of 64 bits.
    const digit: u32 = load<u32>(SCRATCH) * inverse
    const q = <u64>digit
    carry = (limb(SCRATCH, 0) + q * limb(MODULUS, 0)) >> 32
    for (let j: u32 = 1; j < n; j++) {
      const sum = limb(SCRATCH, j) + q * limb(MODULUS, j) + carry
      put(SCRATCH, j - 1, sum)
      carry = sum >> 32
    }
    top = limb(SCRATCH, n) + carry
    put(SCRATCH, n - 1, top)
    put(SCRATCH, n, limb(SCRATCH, n + 1) + (top >> 32))
  }
  let isLess = load<u32>(SCRATCH + 4 * n) == 0
  if (isLess) {
    let i = n
    while (i > 0 && limb(SCRATCH, i - 1) == limb(MODULUS, i - 1)) i--
    isLess = i > 0 && limb(SCRATCH, i - 1) < limb(MODULUS, i - 1)
  }
  if (isLess) {
    copy(to, SCRATCH, n)
    return
  }
  let borrow: u64 = 0
  for (let j: u32 = 0; j < n; j++) {
    const difference = limb(SCRATCH, j) - limb(MODULUS, j) - borrow
    put(to, j, difference)
    borrow = difference >> 63
  }
}

/** a·b modulo 2^(32·limbs). */
function truncated(to: u32, a: u32, b: u32): void {
  const n = limbs
  clear(SCRATCH, n)
  for (let i: u32 = 0; i < n; i++) {
    const x = limb(a, i)
    let carry: u64 = 0
    for (let j: u32 = 0; i + j < n; j++) {
      const sum = limb(SCRATCH, i + j) + x * limb(b, j) + carry
      put(SCRATCH, i + j, sum)
      carry = sum >> 32
    }
  }
  copy(to, SCRATCH, n)
}

// @ts-ignore: decorator
@inline
function multiply(to: u32, a: u32, b: u32): void {
  if (inverse == 0) {
    if (limbs == 2) store<u64>(to, load<u64>(a) * load<u64>(b))
    else truncated(to, a, b)
  } else if (limbs == 2) montgomery2(to, a, b)
  else montgomery(to, a, b)
}

/** Begins a power of BASE, with 1 in RESULT, of at least two limbs. An even modulus stands for 2^(32·size). */
export function begin(size: u32): void {
  limbs = size
  isOne = true
  const lowest = load<u32>(MODULUS)
  if ((lowest & 1) == 0) inverse = 0
  else {
    // Each step of Newton's doubles the digits that are right.
    let x = lowest
    for (let i = 0; i < 5; i++) x *= 2 - lowest * x
    inverse = 0 - x
  }
  memory.copy(TABLE, RESULT, SIZE)
  for (let i: u32 = 1; i < 16; i++) multiply(TABLE + i * SIZE, TABLE + (i - 1) * SIZE, BASE)
}

function digit(value: u32): void {
  if (!isOne) for (let i = 0; i < 4; i++) multiply(RESULT, RESULT, RESULT)
  if (value == 0) return
  multiply(RESULT, RESULT, TABLE + value * SIZE)
  isOne = false
}

/** Goes on with `size` bytes of the exponent. */
export function next(size: u32): void {
  for (let i: u32 = 0; i < size; i++) {
    const byte = <u32>load<u8>(EXPONENT + i)
    digit(byte >> 4)
    digit(byte & 15)
  }
}

/** Takes the result out of Montgomery's form. */
export function end(): void {
  if (inverse == 0) return
  memory.fill(BASE, 0, SIZE)
  store<u32>(BASE, 1)
  multiply(RESULT, RESULT, BASE)
}
