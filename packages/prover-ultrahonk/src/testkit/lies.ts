import { FIELD } from '@causeway/core'

/**
 * What is asked of a hint (an `unconstrained fn guess_…` of the circuits) and what it honestly answers: each argument as a list of numbers,
 * flags as 0 and 1, a tuple as its parts.
 */
type Hint = readonly (readonly bigint[])[]
/** The answer of a dishonest prover in the place of one hint. */
export type Lie = { name: string; hint: string; answer(asked: Hint): (bigint | bigint[])[] }
export type ProbeInputs = { x: bigint; hi: bigint; lo: bigint; carry: bigint; value: bigint; bitmap: bigint; nonce: bigint; small: bigint }

/** A circuit that calls everything in the circuits that takes a guess. */
export const PROBE = `
use accounting::entries::shift_in;
use accounting::inbox::consume;
use accounting::range::{field_words, is_canonical, limbs, limbs_less_if, to_u32, words};

fn main(x: Field, hi: Field, lo: Field, carry: Field, value: Field, bitmap: Field, nonce: Field, small: Field) -> pub [Field; 20] {
    hi.assert_max_bit_size::<128>();
    lo.assert_max_bit_size::<128>();
    let limb = limbs(x);
    limbs_less_if(true, (0, 5), (hi, lo));
    let (shifted, low): ([u32; 5], Field) = shift_in(carry, value);
    let bits: [bool; 32] = nonce.to_le_bits();
    let mut out = [0; 20];
    out[0] = limb.0;
    out[1] = limb.1;
    out[2] = is_canonical(hi, lo) as Field;
    out[3] = low;
    out[4] = consume(true, bitmap, bits);
    out[5] = to_u32(small) as Field;
    let all = field_words(x);
    let four: [u32; 4] = words(bitmap);
    for i in 0..8 {
        out[6 + i] = all[i] as Field;
    }
    for i in 0..5 {
        out[14 + i] = shifted[i] as Field;
    }
    out[19] = four[0] as Field * 0x1000000000000000000000000 + four[3] as Field;
    out
}
`

const LOW = (1n << 128n) - 1n
const honest: ProbeInputs = { x: 77n, hi: 3n, lo: 9n, carry: 1n, value: 0xabcdefn, bitmap: 0x70n, nonce: 2n, small: 5n }

/** What the probe is tried with, and whether it then accepts honest guesses. */
export const probeInputs: readonly { name: string; inputs: ProbeInputs; accepted: boolean }[] = [
  { name: 'small values', inputs: honest, accepted: true },
  { name: 'the largest field element', inputs: { ...honest, x: FIELD - 1n, hi: (FIELD - 1n) >> 128n, lo: (FIELD - 1n) & LOW }, accepted: true },
  { name: 'the largest lower limb', inputs: { ...honest, x: LOW }, accepted: true },
  { name: 'p itself in limbs', inputs: { ...honest, hi: FIELD >> 128n, lo: FIELD & LOW }, accepted: true },
  {
    name: 'the largest values',
    inputs: { ...honest, hi: LOW, lo: LOW, carry: 255n, value: (1n << 160n) - 1n, bitmap: (1n << 127n) - 1n, nonce: 127n, small: (1n << 32n) - 1n },
    accepted: true,
  },
  { name: 'a message that was consumed before', inputs: { ...honest, nonce: 4n }, accepted: false },
  { name: 'the last message of a bitmap, consumed before', inputs: { ...honest, nonce: 127n, bitmap: 1n << 127n }, accepted: false },
  { name: 'all messages of a bitmap, consumed before', inputs: { ...honest, nonce: 127n, bitmap: LOW }, accepted: false },
  { name: 'a value that does not fit its bytes', inputs: { ...honest, value: 1n << 160n }, accepted: false },
  { name: 'a word that is none', inputs: { ...honest, small: 1n << 32n }, accepted: false },
  { name: 'a bitmap of 129 bits', inputs: { ...honest, bitmap: 1n << 128n }, accepted: false },
  { name: 'a number that is not above the least', inputs: { ...honest, hi: 0n, lo: 5n }, accepted: false },
]

const mod = (value: bigint) => ((value % FIELD) + FIELD) % FIELD
const inverse = (value: bigint) => {
  let [result, base] = [1n, mod(value)]
  for (let exponent = FIELD - 2n; exponent > 0n; exponent >>= 1n, base = mod(base * base)) if (exponent & 1n) result = mod(result * base)
  return result
}
const one = (asked: Hint, at: number) => asked[at]?.[0] ?? 0n
const wordsOf = (value: bigint, count: number) => Array.from({ length: count }, (_, i) => (value >> (32n * BigInt(count - 1 - i))) & 0xffffffffn)
/** Another split of a bitmap at the bit, with this lower part. */
const split = (name: string, low: (bitmap: bigint, bit: bigint) => bigint): Lie => ({
  name,
  hint: 'guess_split',
  answer(asked) {
    const [bitmap, bit] = [one(asked, 0), one(asked, 1)]
    return [mod(low(bitmap, bit)), mod((bitmap - low(bitmap, bit)) * inverse(2n * bit))]
  },
})
/** Another split of a number, with this upper limb. */
const limbs = (name: string, hi: (value: bigint) => bigint): Lie => ({
  name,
  hint: 'guess_limbs',
  answer: (asked) => [mod(hi(one(asked, 0))), mod(one(asked, 0) - (hi(one(asked, 0)) << 128n))],
})

/** What a dishonest prover says. Each is told at every place that asks for that hint. */
export const lies: readonly Lie[] = [
  { name: 'the same number plus p, in words', hint: 'guess_words', answer: ([value = [], words = []]) => [words.length === 8 ? wordsOf((value[0] as bigint) + FIELD, 8) : [...words]] },
  { name: 'another word', hint: 'guess_words', answer: ([, words = []]) => [words.map((word, i) => (i === words.length - 1 ? word ^ 1n : word))] },
  { name: 'another word of eight', hint: 'guess_words', answer: ([, words = []]) => [words.map((word, i) => (i === 7 ? word ^ 1n : word))] },
  { name: 'another number', hint: 'guess_word', answer: (asked) => [(one(asked, 0) & 0xffffffffn) ^ 1n] },
  limbs('the same number plus p, in limbs', (value) => (value + FIELD) >> 128n),
  limbs('the same number less p, in limbs', (value) => (value - FIELD) >> 128n),
  limbs('an upper limb that borrows', (value) => (value >> 128n) - 1n),
  limbs('an upper limb that carries', (value) => (value >> 128n) + 1n),
  { name: 'another lower limb', hint: 'guess_limbs', answer: (asked) => [one(asked, 1), one(asked, 2) ^ 1n] },
  { name: 'the other borrow', hint: 'guess_borrow', answer: (asked) => [1n - one(asked, 2)] },
  { name: 'always below p', hint: 'guess_below_p', answer: () => [1n] },
  { name: 'never below p', hint: 'guess_below_p', answer: () => [0n] },
  split('a bit that is set, hidden in the lower part', (bitmap, bit) => bitmap % (2n * bit)),
  split('a negative lower part', (bitmap, bit) => (bitmap % bit) - bit),
  split('no lower part, and a quotient in the field', () => 0n),
  split('a negative upper part', (bitmap, bit) => mod2(bitmap - FIELD, 2n * bit)),
  split('an upper part of another multiple', (bitmap, bit) => mod2(bitmap + FIELD, 2n * bit)),
  { name: 'the next byte', hint: 'guess_low_byte', answer: (asked) => [one(asked, 1) + 1n] },
  { name: 'no byte', hint: 'guess_low_byte', answer: () => [0n] },
  { name: 'a byte of 9 bits', hint: 'guess_low_byte', answer: (asked) => [one(asked, 1) + 256n] },
]

function mod2(value: bigint, by: bigint): bigint {
  return ((value % by) + by) % by
}
