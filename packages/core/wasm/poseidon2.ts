// Poseidon2 over BN254, width 4, in AssemblyScript: `npm run build:wasm` compiles it into src/generated/poseidon2-module.ts.
//
// A field element is nine limbs of 29 bits, little-endian, each in a u32: a product of two limbs has 58 bits, so a column of eighteen
// products adds up in a u64 without a carry in between. Elements are in Montgomery form, x·2^261 mod p, and lazily reduced: 2^261 is 168p,
// so `multiply` of a and b gives less than (ab/168p + 1)p and nothing ever compares with p. Bounds, in multiples of p, are noted as (< n).
//
// Memory, in slots of 40 bytes: constants that JavaScript fills in, temporaries, the state, and four 256-bit words for what goes in and out.

const SLOT: u32 = 40
const ZERO: u32 = 0
/** 2^522 mod p: multiplying by it takes a number into Montgomery form. */
const SQUARE: u32 = SLOT
/** The number 1, not in Montgomery form: multiplying by it takes a number out of it. */
const ONE: u32 = 2 * SLOT
const T: u32 = 3 * SLOT
const STATE: u32 = 4 * SLOT
const END: u32 = 8 * SLOT
/** 256-bit little-endian words: three inputs and the capacity, or the digest. */
const WORDS: u32 = 8 * SLOT
/** The diagonal of the internal matrix, minus 1, then the round constants in the order of use. */
const DIAGONAL: u32 = 12 * SLOT
const ROUNDS: u32 = 16 * SLOT

const BITS: u64 = 29
const MASK: u64 = 0x1fffffff
/** The limbs of p. */
const P0: u64 = 0x10000001
const P1: u64 = 0x1f0fac9f
const P2: u64 = 0xe5c2450
const P3: u64 = 0x7d090f3
const P4: u64 = 0x1585d283
const P5: u64 = 0x2db40c0
const P6: u64 = 0xa6e141
const P7: u64 = 0xe5c2634
const P8: u64 = 0x30644e
/** 2^40 / p8, rounded down, so that a product with it never exceeds the quotient by p. */
const RECIPROCAL: u64 = (1 << 40) / (P8 + 1)

// @ts-ignore: decorator
@inline
function limb(x: u32, i: u32): u64 {
  return load<u32>(x + 4 * i)
}

// @ts-ignore: decorator
@inline
function put(x: u32, i: u32, value: u64): void {
  store<u32>(x + 4 * i, <u32>value)
}

/** What times p clears the low limb of a column: -c/p mod 2^29, where p is 2^28 + 1. */
// @ts-ignore: decorator
@inline
function quotient(c: u64): u64 {
  return ((c << 28) - c) & MASK
}

/** Adds m·p0, which clears the low limb, and drops it. */
// @ts-ignore: decorator
@inline
function next(c: u64, m: u64): u64 {
  return (c + (m << 28) + m) >> BITS
}

/**
 * out = a·b/2^261 + plus: columns of a·b + m·p, where each m makes the column's low limb zero, then the upper half with `plus`.
 * Limbs of a and b may have 30 bits; those of out have 29.
 */
function multiply(out: u32, a: u32, b: u32, plus: u32): void {
  const a0 = limb(a, 0), a1 = limb(a, 1), a2 = limb(a, 2), a3 = limb(a, 3), a4 = limb(a, 4), a5 = limb(a, 5), a6 = limb(a, 6), a7 = limb(a, 7), a8 = limb(a, 8)
  const b0 = limb(b, 0), b1 = limb(b, 1), b2 = limb(b, 2), b3 = limb(b, 3), b4 = limb(b, 4), b5 = limb(b, 5), b6 = limb(b, 6), b7 = limb(b, 7), b8 = limb(b, 8)
  let c = a0 * b0
  const m0 = quotient(c)
  c = next(c, m0) + (a0 * b1 + a1 * b0 + m0 * P1)
  const m1 = quotient(c)
  c = next(c, m1) + (a0 * b2 + a1 * b1 + a2 * b0 + m0 * P2 + m1 * P1)
  const m2 = quotient(c)
  c = next(c, m2) + (a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 + m0 * P3 + m1 * P2 + m2 * P1)
  const m3 = quotient(c)
  c = next(c, m3) + (a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0 + m0 * P4 + m1 * P3 + m2 * P2 + m3 * P1)
  const m4 = quotient(c)
  c = next(c, m4) + (a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0 + m0 * P5 + m1 * P4 + m2 * P3 + m3 * P2 + m4 * P1)
  const m5 = quotient(c)
  c = next(c, m5) + (a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0 + m0 * P6 + m1 * P5 + m2 * P4 + m3 * P3 + m4 * P2 + m5 * P1)
  const m6 = quotient(c)
  c = next(c, m6) + (a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0 + m0 * P7 + m1 * P6 + m2 * P5 + m3 * P4 + m4 * P3 + m5 * P2 + m6 * P1)
  const m7 = quotient(c)
  c = next(c, m7) + (a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0 + m0 * P8 + m1 * P7 + m2 * P6 + m3 * P5 + m4 * P4 + m5 * P3 + m6 * P2 + m7 * P1)
  const m8 = quotient(c)
  c = next(c, m8) + (a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1 + m1 * P8 + m2 * P7 + m3 * P6 + m4 * P5 + m5 * P4 + m6 * P3 + m7 * P2 + m8 * P1 + limb(plus, 0))
  put(out, 0, c & MASK)
  c = (c >> BITS) + (a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2 + m2 * P8 + m3 * P7 + m4 * P6 + m5 * P5 + m6 * P4 + m7 * P3 + m8 * P2 + limb(plus, 1))
  put(out, 1, c & MASK)
  c = (c >> BITS) + (a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3 + m3 * P8 + m4 * P7 + m5 * P6 + m6 * P5 + m7 * P4 + m8 * P3 + limb(plus, 2))
  put(out, 2, c & MASK)
  c = (c >> BITS) + (a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4 + m4 * P8 + m5 * P7 + m6 * P6 + m7 * P5 + m8 * P4 + limb(plus, 3))
  put(out, 3, c & MASK)
  c = (c >> BITS) + (a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 + m5 * P8 + m6 * P7 + m7 * P6 + m8 * P5 + limb(plus, 4))
  put(out, 4, c & MASK)
  c = (c >> BITS) + (a6 * b8 + a7 * b7 + a8 * b6 + m6 * P8 + m7 * P7 + m8 * P6 + limb(plus, 5))
  put(out, 5, c & MASK)
  c = (c >> BITS) + (a7 * b8 + a8 * b7 + m7 * P8 + m8 * P7 + limb(plus, 6))
  put(out, 6, c & MASK)
  c = (c >> BITS) + (a8 * b8 + m8 * P8 + limb(plus, 7))
  put(out, 7, c & MASK)
  put(out, 8, (c >> BITS) + limb(plus, 8))
}

/** out = a²/2^261: like `multiply`, each product of two different limbs taken once and doubled. */
function square(out: u32, a: u32): void {
  const a0 = limb(a, 0), a1 = limb(a, 1), a2 = limb(a, 2), a3 = limb(a, 3), a4 = limb(a, 4), a5 = limb(a, 5), a6 = limb(a, 6), a7 = limb(a, 7), a8 = limb(a, 8)
  const d0 = 2 * a0, d1 = 2 * a1, d2 = 2 * a2, d3 = 2 * a3, d4 = 2 * a4, d5 = 2 * a5, d6 = 2 * a6, d7 = 2 * a7
  let c = a0 * a0
  const m0 = quotient(c)
  c = next(c, m0) + (d0 * a1 + m0 * P1)
  const m1 = quotient(c)
  c = next(c, m1) + (d0 * a2 + a1 * a1 + m0 * P2 + m1 * P1)
  const m2 = quotient(c)
  c = next(c, m2) + (d0 * a3 + d1 * a2 + m0 * P3 + m1 * P2 + m2 * P1)
  const m3 = quotient(c)
  c = next(c, m3) + (d0 * a4 + d1 * a3 + a2 * a2 + m0 * P4 + m1 * P3 + m2 * P2 + m3 * P1)
  const m4 = quotient(c)
  c = next(c, m4) + (d0 * a5 + d1 * a4 + d2 * a3 + m0 * P5 + m1 * P4 + m2 * P3 + m3 * P2 + m4 * P1)
  const m5 = quotient(c)
  c = next(c, m5) + (d0 * a6 + d1 * a5 + d2 * a4 + a3 * a3 + m0 * P6 + m1 * P5 + m2 * P4 + m3 * P3 + m4 * P2 + m5 * P1)
  const m6 = quotient(c)
  c = next(c, m6) + (d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4 + m0 * P7 + m1 * P6 + m2 * P5 + m3 * P4 + m4 * P3 + m5 * P2 + m6 * P1)
  const m7 = quotient(c)
  c = next(c, m7) + (d0 * a8 + d1 * a7 + d2 * a6 + d3 * a5 + a4 * a4 + m0 * P8 + m1 * P7 + m2 * P6 + m3 * P5 + m4 * P4 + m5 * P3 + m6 * P2 + m7 * P1)
  const m8 = quotient(c)
  c = next(c, m8) + (d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5 + m1 * P8 + m2 * P7 + m3 * P6 + m4 * P5 + m5 * P4 + m6 * P3 + m7 * P2 + m8 * P1)
  put(out, 0, c & MASK)
  c = (c >> BITS) + (d2 * a8 + d3 * a7 + d4 * a6 + a5 * a5 + m2 * P8 + m3 * P7 + m4 * P6 + m5 * P5 + m6 * P4 + m7 * P3 + m8 * P2)
  put(out, 1, c & MASK)
  c = (c >> BITS) + (d3 * a8 + d4 * a7 + d5 * a6 + m3 * P8 + m4 * P7 + m5 * P6 + m6 * P5 + m7 * P4 + m8 * P3)
  put(out, 2, c & MASK)
  c = (c >> BITS) + (d4 * a8 + d5 * a7 + a6 * a6 + m4 * P8 + m5 * P7 + m6 * P6 + m7 * P5 + m8 * P4)
  put(out, 3, c & MASK)
  c = (c >> BITS) + (d5 * a8 + d6 * a7 + m5 * P8 + m6 * P7 + m7 * P6 + m8 * P5)
  put(out, 4, c & MASK)
  c = (c >> BITS) + (d6 * a8 + a7 * a7 + m6 * P8 + m7 * P7 + m8 * P6)
  put(out, 5, c & MASK)
  c = (c >> BITS) + (d7 * a8 + m7 * P8 + m8 * P7)
  put(out, 6, c & MASK)
  c = (c >> BITS) + (a8 * a8 + m8 * P8)
  put(out, 7, c & MASK)
  put(out, 8, (c >> BITS))
}

/** x += y, without carries. */
// @ts-ignore: decorator
@inline
function add(x: u32, y: u32): void {
  for (let i: u32 = 0; i < 9; i++) put(x, i, limb(x, i) + limb(y, i))
}

// @ts-ignore: decorator
@inline
function subtract(x: u32, i: u32, c: i64, product: u64): i64 {
  c += <i64>(limb(x, i) - product)
  put(x, i, c & MASK)
  return c >> BITS
}

/** Brings x (< 168) below 2p, by as many times p as its top limb shows. */
function reduce(x: u32): void {
  const q = (limb(x, 8) * RECIPROCAL) >> 40
  let c = subtract(x, 0, 0, q * P0)
  c = subtract(x, 1, c, q * P1)
  c = subtract(x, 2, c, q * P2)
  c = subtract(x, 3, c, q * P3)
  c = subtract(x, 4, c, q * P4)
  c = subtract(x, 5, c, q * P5)
  c = subtract(x, 6, c, q * P6)
  c = subtract(x, 7, c, q * P7)
  put(x, 8, c + limb(x, 8) - q * P8)
}

/** The S-box, x^5 (< 2), of x (< 36). */
function power5(x: u32): void {
  square(T, x)
  square(T, T)
  multiply(x, T, x, ZERO)
}

/** The external matrix, whose rows add up to 16 at most. */
function external(): void {
  let u: u64 = 0
  let v: u64 = 0
  let w: u64 = 0
  let z: u64 = 0
  for (let i: u32 = 0; i < 9; i++) {
    const a = limb(STATE, i)
    const b = limb(STATE + SLOT, i)
    const c = limb(STATE + 2 * SLOT, i)
    const d = limb(STATE + 3 * SLOT, i)
    u += 5 * a + 7 * b + c + 3 * d
    v += 4 * a + 6 * b + c + d
    w += a + 3 * b + 5 * c + 7 * d
    z += a + b + 4 * c + 6 * d
    const mask = i < 8 ? MASK : 0xffffffff
    put(STATE, i, u & mask)
    put(STATE + SLOT, i, v & mask)
    put(STATE + 2 * SLOT, i, w & mask)
    put(STATE + 3 * SLOT, i, z & mask)
    u >>= BITS
    v >>= BITS
    w >>= BITS
    z >>= BITS
  }
}

/** Constants (< 1), S-boxes (< 2) and the external matrix (< 32). */
function fullRound(constants: u32): void {
  for (let i: u32 = 0; i < 4 * SLOT; i += SLOT) {
    add(STATE + i, constants + i)
    power5(STATE + i)
  }
  external()
}

/** One constant and S-box, then the internal matrix: each element times its diagonal (< 2), plus the sum of all (< 2). */
function partialRound(constant: u32): void {
  add(STATE, constant)
  power5(STATE)
  let c: u64 = 0
  for (let i: u32 = 0; i < 9; i++) {
    c += limb(STATE, i) + limb(STATE + SLOT, i) + limb(STATE + 2 * SLOT, i) + limb(STATE + 3 * SLOT, i)
    put(T, i, i < 8 ? c & MASK : c)
    c >>= BITS
  }
  reduce(T)
  for (let i: u32 = 0; i < 4 * SLOT; i += SLOT) multiply(STATE + i, STATE + i, DIAGONAL + i, T)
}

function permute(): void {
  for (let x = STATE; x < END; x += SLOT) reduce(x)
  external()
  let at = ROUNDS
  for (let i = 0; i < 4; i++, at += 4 * SLOT) fullRound(at)
  for (let i = 0; i < 56; i++, at += SLOT) partialRound(at)
  for (let i = 0; i < 4; i++, at += 4 * SLOT) fullRound(at)
}

/** The 256-bit word at `from`, in limbs. */
function unpack(out: u32, from: u32): void {
  for (let i: u32 = 0; i < 9; i++) put(out, i, (load<u64>(from + ((29 * i) >> 3)) >> ((29 * i) & 7)) & MASK)
}

/** Adds the word at `from` to x. */
function absorbWord(x: u32, from: u32): void {
  unpack(T, from)
  multiply(x, T, SQUARE, x)
}

/** Takes 2^522 mod p from the first word. */
export function start(): void {
  unpack(SQUARE, WORDS)
  put(ONE, 0, 1)
}

/** Takes the i-th of the diagonal and round constants from the first word. */
export function setConstant(i: u32): void {
  absorbWord(DIAGONAL + i * SLOT, WORDS)
}

/** A new sponge, with the fourth word in its capacity. */
export function begin(): void {
  memory.fill(STATE, 0, 4 * SLOT)
  absorbWord(STATE + 3 * SLOT, WORDS + 3 * SLOT)
}

/** Adds the first three words to the state (< 32 + 2) and permutes it. */
export function absorb(): void {
  for (let i: u32 = 0; i < 3 * SLOT; i += SLOT) absorbWord(STATE + i, WORDS + i)
  permute()
}

/** Writes the state's first element to the first word: at most p, which stands for 0. */
export function squeeze(): void {
  multiply(T, STATE, ONE, ZERO)
  memory.fill(WORDS, 0, SLOT)
  for (let i: u32 = 0; i < 9; i++) {
    const to = WORDS + ((29 * i) >> 3)
    store<u64>(to, load<u64>(to) | (limb(T, i) << ((29 * i) & 7)))
  }
}
