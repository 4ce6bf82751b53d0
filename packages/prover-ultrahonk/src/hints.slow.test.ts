import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FIELD } from '@causeway/core'
import { Noir } from '@noir-lang/noir_js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compileCircuit } from '../scripts/noir.js'
import { field } from './circuit-values.js'

/** Calls everything in the circuits that takes a guess. */
const PROBE = `
use accounting::entries::shift_in;
use accounting::inbox::consume;
use accounting::range::{field_words, is_canonical, limbs, limbs_less_if, to_u32, words};

fn main(x: Field, hi: Field, lo: Field, carry: Field, value: Field, bitmap: Field, nonce: Field, small: Field) -> pub [Field; 20] {
    hi.assert_max_bit_size::<128>();
    lo.assert_max_bit_size::<128>();
    let limb = limbs(x);
    limbs_less_if(true, (0, 5), limb);
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

type Inputs = { [name: string]: bigint }
const HONEST: Inputs = { x: 77n, hi: 3n, lo: 9n, carry: 1n, value: 0xabcdefn, bitmap: 0x70n, nonce: 2n, small: 5n }
const LOW = (1n << 128n) - 1n
const INPUTS: { [name: string]: Partial<Inputs> } = {
  'small values': {},
  'the largest field element': { x: FIELD - 1n, hi: (FIELD - 1n) >> 128n, lo: (FIELD - 1n) & LOW },
  'p itself in limbs': { hi: FIELD >> 128n, lo: FIELD & LOW },
  'the largest values': { hi: LOW, lo: LOW, carry: 255n, value: (1n << 160n) - 1n, bitmap: (1n << 127n) - 1n, nonce: 127n, small: (1n << 32n) - 1n },
  'a message that was consumed before': { nonce: 4n },
  'the last message of a bitmap, consumed before': { nonce: 127n, bitmap: 1n << 127n },
  'a value that does not fit its bytes': { value: 1n << 160n },
  'a word that is none': { small: 1n << 32n },
  'a bitmap of 129 bits': { bitmap: 1n << 128n },
}

/** What a dishonest prover puts in a function's place. */
const LIES: { name: string; file: string; was: RegExp | string; is: string }[] = [
  {
    name: 'the same number plus p, in words',
    file: 'range.nr',
    was: '    words\n}',
    is: `    let p: [u64; 8] = [0x30644e72, 0xe131a029, 0xb85045b6, 0x8181585d, 0x2833e848, 0x79b97091, 0x43e1f593, 0xf0000001];
    let mut carry: u64 = 0;
    if N == 8 {
        for j in 0..8 {
            let sum = words[(7 - j) % N] as u64 + p[7 - j] + carry;
            words[(7 - j) % N] = (sum % 0x100000000) as u32;
            carry = sum / 0x100000000;
        }
    }
    words
}`,
  },
  { name: 'another word', file: 'range.nr', was: 'words[N - 1 - i] = low;', is: 'words[N - 1 - i] = if i == 0 { low ^ 1 } else { low };' },
  { name: 'another number', file: 'range.nr', was: '    value as u32\n', is: '    (value as u32) ^ 1\n' },
  {
    name: 'the same number plus p, in limbs',
    file: 'range.nr',
    was: '((value - low) / TWO_128, low)',
    is: '((value - low) / TWO_128 + MAX_HI + (low + MAX_LO + 1 - ((low + MAX_LO + 1) as u128) as Field) / TWO_128, ((low + MAX_LO + 1) as u128) as Field)',
  },
  { name: 'the other borrow', file: 'range.nr', was: '(low as u128) > (bound as u128)', is: '(low as u128) <= (bound as u128)' },
  { name: 'always below p', file: 'range.nr', was: 'unsafe { guess_below_p(hi, lo) }', is: 'unsafe { guess_below_p(hi * 0, lo * 0) }' },
  { name: 'never below p', file: 'range.nr', was: 'unsafe { guess_below_p(hi, lo) }', is: 'unsafe { guess_below_p(hi * 0 + MAX_HI + 1, lo) }' },
  { name: 'a bit that is set hidden in the lower part', file: 'inbox.nr', was: '((bitmap as u128) % (bit as u128)) as Field', is: '(bitmap as u128 - (bitmap as u128) / (bit as u128) / 2 * (bit as u128) * 2) as Field' },
  { name: 'a quotient in the field', file: 'inbox.nr', was: '(low, high)\n', is: '(0 * low, bitmap / (2 * bit) + 0 * high)\n' },
  { name: 'the next byte', file: 'entries.nr', was: '(value as u8) as Field', is: '((value as u8) as Field) + 1' },
  { name: 'no byte', file: 'entries.nr', was: '(value as u8) as Field', is: '(((value as u8) & 0) as Field)' },
]

describe('whatever is guessed, the circuits give the honest result or none', () => {
  let directory: string
  let honest: (string[] | undefined)[]
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'causeway-hints-'))
    await cp(fileURLToPath(new URL('../../../circuits/noir/accounting', import.meta.url)), join(directory, 'accounting'), { recursive: true })
    await mkdir(join(directory, 'probe/src'), { recursive: true })
    await writeFile(join(directory, 'probe/Nargo.toml'), '[package]\nname = "probe"\ntype = "bin"\nauthors = ["Causeway"]\n\n[dependencies]\naccounting = { path = "../accounting" }\n')
    await writeFile(join(directory, 'probe/src/main.nr'), PROBE)
    honest = await results()
  })
  afterAll(() => rm(directory, { recursive: true }))

  /** Results of the circuit as it now stands, for each of the inputs; undefined where it refuses them. */
  async function results(): Promise<(string[] | undefined)[]> {
    const { program } = await compileCircuit(join(directory, 'probe'))
    const noir = new Noir(program as ConstructorParameters<typeof Noir>[0])
    const found: (string[] | undefined)[] = []
    for (const edit of Object.values(INPUTS)) {
      const inputs = Object.fromEntries(Object.entries({ ...HONEST, ...edit }).map(([name, value]) => [name, field(value as bigint)]))
      found.push(await noir.execute(inputs).then(({ returnValue }) => returnValue as string[], () => undefined))
    }
    return found
  }

  test('honest guesses pass where they should', () => {
    expect(honest.map((result) => result !== undefined)).toEqual([true, true, true, true, false, false, false, false, false])
  })

  test.each(LIES)('$name', async ({ file, was, is }) => {
    const path = join(directory, 'accounting/src', file)
    const source = await readFile(path, 'utf8')
    const lying = source.replace(was, is)
    expect(lying).not.toBe(source)
    await writeFile(path, lying)
    const found = await results().finally(() => writeFile(path, source))
    found.forEach((result, i) => result !== undefined && expect(result, Object.keys(INPUTS)[i] as string).toEqual(honest[i]))
  })
})
