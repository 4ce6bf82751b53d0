// 256-bit numbers in memory: four u64, the lowest first, as they lie on the EVM's stack. Products and quotients work on u32 limbs,
// because WebAssembly has no product of 128 bits.

/** Scratch: a product of 512 bits, a dividend of up to 17 limbs, a divisor, a quotient. */
const PRODUCT: u32 = 0x100
const DIVIDEND: u32 = 0x180
const DIVISOR: u32 = 0x200
const QUOTIENT: u32 = 0x240
const LEFT: u32 = 0x2c0
const RIGHT: u32 = 0x2e0
const BASE: u32 = 0x300

// @ts-ignore: decorator
@inline
export function limb(at: u32, i: u32): u64 {
  return load<u64>(at + 8 * i)
}

// @ts-ignore: decorator
@inline
export function set(at: u32, a: u64, b: u64, c: u64, d: u64): void {
  store<u64>(at, a)
  store<u64>(at, b, 8)
  store<u64>(at, c, 16)
  store<u64>(at, d, 24)
}

// @ts-ignore: decorator
@inline
export function copy(to: u32, from: u32): void {
  set(to, load<u64>(from), load<u64>(from, 8), load<u64>(from, 16), load<u64>(from, 24))
}

// @ts-ignore: decorator
@inline
export function isZero(at: u32): bool {
  return (load<u64>(at) | load<u64>(at, 8) | load<u64>(at, 16) | load<u64>(at, 24)) == 0
}

// @ts-ignore: decorator
@inline
export function isNegative(at: u32): bool {
  return load<i64>(at, 24) < 0
}

/** Whether a number has at most 64 bits. */
// @ts-ignore: decorator
@inline
export function isShort(at: u32): bool {
  return (load<u64>(at, 8) | load<u64>(at, 16) | load<u64>(at, 24)) == 0
}

export function add(to: u32, a: u32, b: u32): void {
  let carry: u64 = 0
  for (let i: u32 = 0; i < 32; i += 8) {
    const x = load<u64>(a + i)
    const sum = x + load<u64>(b + i)
    const all = sum + carry
    carry = u64(sum < x) | u64(all < sum)
    store<u64>(to + i, all)
  }
}

export function subtract(to: u32, a: u32, b: u32): void {
  let borrow: u64 = 0
  for (let i: u32 = 0; i < 32; i += 8) {
    const x = load<u64>(a + i)
    const y = load<u64>(b + i)
    const difference = x - y
    const all = difference - borrow
    borrow = u64(x < y) | u64(difference < borrow)
    store<u64>(to + i, all)
  }
}

export function negate(to: u32, from: u32): void {
  let carry: u64 = 1
  for (let i: u32 = 0; i < 32; i += 8) {
    const all = ~load<u64>(from + i) + carry
    carry = u64(all == 0 && carry == 1)
    store<u64>(to + i, all)
  }
}

/** Whether a < b, unsigned. */
export function less(a: u32, b: u32): bool {
  for (let i: i32 = 24; i >= 0; i -= 8) {
    const x = load<u64>(a + i)
    const y = load<u64>(b + i)
    if (x != y) return x < y
  }
  return false
}

/** Whether a < b, signed. */
export function lessSigned(a: u32, b: u32): bool {
  const x = isNegative(a)
  return x == isNegative(b) ? less(a, b) : x
}

/** The low 256 bits of a product. `to` may be one of the factors. */
export function multiply(to: u32, a: u32, b: u32): void {
  if (isShort(a) && isShort(b) && (load<u64>(a) | load<u64>(b)) >> 32 == 0) return set(to, load<u64>(a) * load<u64>(b), 0, 0, 0)
  set(PRODUCT, 0, 0, 0, 0)
  for (let i: u32 = 0; i < 32; i += 4) {
    const factor = <u64>load<u32>(a + i)
    if (factor == 0) continue
    let carry: u64 = 0
    for (let j: u32 = 0; i + j < 32; j += 4) {
      const all = factor * <u64>load<u32>(b + j) + <u64>load<u32>(PRODUCT + i + j) + carry
      store<u32>(PRODUCT + i + j, <u32>all)
      carry = all >> 32
    }
  }
  copy(to, PRODUCT)
}

function limbs(at: u32, most: u32): u32 {
  let n = most
  while (n > 0 && load<u32>(at + 4 * n - 4) == 0) n--
  return n
}

/**
 * Divides the `n` limbs at DIVIDEND, which has room for one more, by the 256 bits at `divisor`, which are not 0 (Knuth, TAOCP 2, 4.3.1 D):
 * the quotient's low 256 bits to QUOTIENT, the remainder to the low 256 bits of DIVIDEND.
 */
function divide(n: u32, divisor: u32): void {
  for (let i: u32 = 0; i < 17; i++) store<u32>(QUOTIENT + 4 * i, 0)
  const m = limbs(divisor, 8)
  n = limbs(DIVIDEND, n)
  if (n < m) return
  if (m == 1) {
    const d = <u64>load<u32>(divisor)
    let rest: u64 = 0
    for (let i: i32 = n - 1; i >= 0; i--) {
      const x = (rest << 32) | <u64>load<u32>(DIVIDEND + 4 * i)
      store<u32>(QUOTIENT + 4 * i, <u32>(x / d))
      store<u32>(DIVIDEND + 4 * i, 0)
      rest = x % d
    }
    store<u32>(DIVIDEND, <u32>rest)
    return
  }
  const shift = clz<u32>(load<u32>(divisor + 4 * m - 4))
  store<u32>(DIVIDEND + 4 * n, 0)
  if (shift > 0) {
    for (let i: i32 = m - 1; i >= 0; i--) store<u32>(DIVISOR + 4 * i, (load<u32>(divisor + 4 * i) << shift) | (i > 0 ? load<u32>(divisor + 4 * i - 4) >> (32 - shift) : 0))
    for (let i: i32 = n; i >= 0; i--) store<u32>(DIVIDEND + 4 * i, (load<u32>(DIVIDEND + 4 * i) << shift) | (i > 0 ? load<u32>(DIVIDEND + 4 * i - 4) >> (32 - shift) : 0))
  } else for (let i: u32 = 0; i < m; i++) store<u32>(DIVISOR + 4 * i, load<u32>(divisor + 4 * i))
  const first = <u64>load<u32>(DIVISOR + 4 * m - 4)
  const second = <u64>load<u32>(DIVISOR + 4 * m - 8)
  for (let j: i32 = n - m; j >= 0; j--) {
    const at = DIVIDEND + 4 * <u32>j
    const top = (<u64>load<u32>(at + 4 * m) << 32) | <u64>load<u32>(at + 4 * m - 4)
    let guess = top / first
    let rest = top % first
    while (guess >> 32 != 0 || guess * second > ((rest << 32) | <u64>load<u32>(at + 4 * m - 8))) {
      guess--
      rest += first
      if (rest >> 32 != 0) break
    }
    let borrow: i64 = 0
    let carry: u64 = 0
    for (let i: u32 = 0; i < m; i++) {
      const product = guess * <u64>load<u32>(DIVISOR + 4 * i) + carry
      carry = product >> 32
      const difference = <i64>load<u32>(at + 4 * i) - <i64>(product & 0xffffffff) + borrow
      store<u32>(at + 4 * i, <u32>difference)
      borrow = difference >> 32
    }
    const last = <i64>load<u32>(at + 4 * m) - <i64>carry + borrow
    store<u32>(at + 4 * m, <u32>last)
    if (last < 0) {
      guess--
      let over: u64 = 0
      for (let i: u32 = 0; i < m; i++) {
        const sum = <u64>load<u32>(at + 4 * i) + <u64>load<u32>(DIVISOR + 4 * i) + over
        store<u32>(at + 4 * i, <u32>sum)
        over = sum >> 32
      }
      store<u32>(at + 4 * m, load<u32>(at + 4 * m) + <u32>over)
    }
    store<u32>(QUOTIENT + 4 * j, <u32>guess)
  }
  if (shift > 0) for (let i: u32 = 0; i < m; i++) store<u32>(DIVIDEND + 4 * i, (load<u32>(DIVIDEND + 4 * i) >> shift) | (load<u32>(DIVIDEND + 4 * i + 4) << (32 - shift)))
  for (let i = m; i < 8; i++) store<u32>(DIVIDEND + 4 * i, 0)
}

/** Quotient, 0 for a divisor of 0. */
export function quotient(to: u32, a: u32, b: u32): void {
  if (isZero(b)) return set(to, 0, 0, 0, 0)
  if (isShort(a) && isShort(b)) return set(to, load<u64>(a) / load<u64>(b), 0, 0, 0)
  copy(DIVIDEND, a)
  divide(8, b)
  copy(to, QUOTIENT)
}

/** Remainder, 0 for a divisor of 0. */
export function remainder(to: u32, a: u32, b: u32): void {
  if (isZero(b)) return set(to, 0, 0, 0, 0)
  if (isShort(a) && isShort(b)) return set(to, load<u64>(a) % load<u64>(b), 0, 0, 0)
  copy(DIVIDEND, a)
  divide(8, b)
  copy(to, DIVIDEND)
}

/** Two numbers without their signs, at LEFT and RIGHT. */
function magnitudes(a: u32, b: u32): void {
  if (isNegative(a)) negate(LEFT, a)
  else copy(LEFT, a)
  if (isNegative(b)) negate(RIGHT, b)
  else copy(RIGHT, b)
}

/** Signed quotient, rounded to 0. */
export function quotientSigned(to: u32, a: u32, b: u32): void {
  const minus = isNegative(a) != isNegative(b)
  magnitudes(a, b)
  quotient(to, LEFT, RIGHT)
  if (minus) negate(to, to)
}

/** Signed remainder, with the sign of the dividend. */
export function remainderSigned(to: u32, a: u32, b: u32): void {
  const minus = isNegative(a)
  magnitudes(a, b)
  remainder(to, LEFT, RIGHT)
  if (minus) negate(to, to)
}

/** (a + b) mod m, 0 for a modulus of 0. */
export function addModulo(to: u32, a: u32, b: u32, m: u32): void {
  if (isZero(m)) return set(to, 0, 0, 0, 0)
  let carry: u64 = 0
  for (let i: u32 = 0; i < 32; i += 4) {
    const sum = <u64>load<u32>(a + i) + <u64>load<u32>(b + i) + carry
    store<u32>(DIVIDEND + i, <u32>sum)
    carry = sum >> 32
  }
  store<u32>(DIVIDEND + 32, <u32>carry)
  divide(9, m)
  copy(to, DIVIDEND)
}

/** a·b mod m, 0 for a modulus of 0. */
export function multiplyModulo(to: u32, a: u32, b: u32, m: u32): void {
  if (isZero(m)) return set(to, 0, 0, 0, 0)
  for (let i: u32 = 0; i < 64; i += 8) store<u64>(DIVIDEND + i, 0)
  for (let i: u32 = 0; i < 32; i += 4) {
    const factor = <u64>load<u32>(a + i)
    let carry: u64 = 0
    for (let j: u32 = 0; j < 32; j += 4) {
      const all = factor * <u64>load<u32>(b + j) + <u64>load<u32>(DIVIDEND + i + j) + carry
      store<u32>(DIVIDEND + i + j, <u32>all)
      carry = all >> 32
    }
    store<u32>(DIVIDEND + i + 32, <u32>carry)
  }
  divide(16, m)
  copy(to, DIVIDEND)
}

/** Bits of a number up to its highest 1. */
export function bits(at: u32): u32 {
  for (let i: i32 = 3; i >= 0; i--) {
    const x = load<u64>(at + 8 * i)
    if (x != 0) return 64 * i + 64 - <u32>clz<u64>(x)
  }
  return 0
}

/** base^exponent mod 2^256. */
export function power(to: u32, base: u32, exponent: u32): void {
  copy(BASE, base)
  const n = bits(exponent)
  // The exponent may lie where the result goes.
  copy(LEFT, exponent)
  set(to, 1, 0, 0, 0)
  for (let i: i32 = n - 1; i >= 0; i--) {
    multiply(to, to, to)
    if ((load<u64>(LEFT + 8 * (i >> 6)) >> (i & 63)) & 1) multiply(to, to, BASE)
  }
}

/** Shifts left; `by` < 256. */
export function shiftLeft(to: u32, from: u32, by: u32): void {
  const words: i32 = by >> 6
  const bit = by & 63
  for (let i: i32 = 3; i >= 0; i--) {
    const high = i - words >= 0 ? load<u64>(from + 8 * (i - words)) : 0
    const low = i - words >= 1 ? load<u64>(from + 8 * (i - words - 1)) : 0
    store<u64>(to + 8 * i, bit == 0 ? high : (high << bit) | (low >> (64 - bit)))
  }
}

/** Shifts right, filling with `fill` (0 or all ones); `by` < 256. */
export function shiftRight(to: u32, from: u32, by: u32, fill: u64): void {
  const words: i32 = by >> 6
  const bit = by & 63
  for (let i: i32 = 0; i < 4; i++) {
    const low = i + words < 4 ? load<u64>(from + 8 * (i + words)) : fill
    const high = i + words < 3 ? load<u64>(from + 8 * (i + words + 1)) : fill
    store<u64>(to + 8 * i, bit == 0 ? low : (low >> bit) | (high << (64 - bit)))
  }
}
