import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Noir } from '@noir-lang/noir_js'
import { FIELD } from '@causeway/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compileCircuit } from '../scripts/noir.js'
import { circuitOf } from './prove.js'

const MAIN = `
use accounting::entries::{last_byte, shift_in};
use accounting::hash::{PAD, poseidon2, sha256};
use accounting::range::{field_words, is_canonical};
use std::hash::poseidon2_permutation;

fn main(words: [u32; 42], byte: Field, value: Field, hi: Field, lo: Field) -> pub ([Field; 3], [[u32; 8]; 4], bool) {
    let mut short = [0; 25];
    for i in 0..25 {
        short[i] = words[i];
    }
    let (shifted, last): ([u32; 1], Field) = shift_in(byte, words[0] as Field);
    let mut stream = [0; 25];
    stream[0] = shifted[0];
    (
        [poseidon2_permutation([0; 4])[0], poseidon2(1, [value, 2, 3]), poseidon2(1, [value, 2, 3, 4])],
        [sha256(words, PAD, 168 * 8), sha256(short, last_byte(byte), 101 * 8), sha256(stream, last_byte(last), 101 * 8), field_words(value)],
        is_canonical(hi, lo),
    )
}
`

type Output = [string[], string[][], boolean]

/** The circuit's hashes and ranges against sources that share nothing with it. */
describe('primitives of the circuit', () => {
  let directory: string
  let noir: Noir
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'causeway-primitives-'))
    await cp(fileURLToPath(new URL('../../../circuits/noir/accounting', import.meta.url)), join(directory, 'accounting'), { recursive: true })
    await mkdir(join(directory, 'main/src'), { recursive: true })
    await writeFile(join(directory, 'main/Nargo.toml'), '[package]\nname = "main"\ntype = "bin"\nauthors = [""]\n[dependencies]\naccounting = { path = "../accounting" }\n')
    await writeFile(join(directory, 'main/src/main.nr'), MAIN)
    noir = circuitOf((await compileCircuit(join(directory, 'main'))).program)
  }, 60_000)
  afterAll(() => rm(directory, { recursive: true }))

  const run = async (inputs: { words?: number[]; byte?: number; value?: bigint; number?: bigint }): Promise<Output> => {
    const { words = Array.from({ length: 42 }, () => 0), byte = 0, value = 0n, number = 0n } = inputs
    const hex = (item: bigint) => `0x${item.toString(16)}`
    const { returnValue } = await noir.execute({ words, byte, value: hex(value), hi: hex(number >> 128n), lo: hex(number & (2n ** 128n - 1n)) })
    return returnValue as Output
  }
  const bytesOf = (words: readonly string[]) => Buffer.from(words.map((word) => BigInt(word).toString(16).padStart(8, '0')).join(''), 'hex')
  const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex')

  test("Poseidon2's permutation of zeros is that of its reference implementation", async () => {
    const [[zeros, three, four]] = await run({ value: 1n })
    expect(BigInt(zeros as string)).toBe(0x18dfb8dc9b82229cff974efefc8df78b1ce96d9d844236b496785c698bc6732en)
    expect(three).not.toBe(four)
  })

  test('SHA-256 is that of Node, for whole words, one byte more, and a stream shifted by a byte', async () => {
    for (const seed of [0, 1, 0xfffffff]) {
      const words = Array.from({ length: 42 }, (_, i) => (Math.imul(seed + i, 0x9e3779b1) ^ (seed === 0xfffffff ? -1 : 0)) >>> 0)
      const byte = (seed * 77) & 0xff
      const [, [whole, odd, shifted]] = await run({ words, byte })
      const bytes = bytesOf(words.map(String))
      expect(bytesOf(whole as string[]).toString('hex')).toBe(sha256(bytes))
      expect(bytesOf(odd as string[]).toString('hex')).toBe(sha256(bytes.subarray(0, 100), Buffer.from([byte])))
      const stream = Buffer.concat([Buffer.from([byte]), bytes.subarray(0, 3), Buffer.alloc(96), bytes.subarray(3, 4)])
      expect(bytesOf(shifted as string[]).toString('hex')).toBe(sha256(stream))
    }
  })

  test.each([0n, 1n, 2n ** 128n - 1n, 2n ** 128n, 0x2833e84879b9709143e1f593f0000000n, FIELD - 2n ** 128n, FIELD - 1n])('the bytes of the field element %s are the canonical ones', async (value) => {
    const [, [, , , words]] = await run({ value })
    expect(BigInt(`0x${bytesOf(words as string[]).toString('hex')}`)).toBe(value)
  })

  test.each([0n, FIELD - 1n, FIELD, FIELD + 1n, FIELD - 2n ** 128n, FIELD + 2n ** 128n, 2n ** 255n, 2n ** 256n - 1n])('whether %s is below p', async (number) => {
    expect((await run({ number }))[2]).toBe(number < FIELD)
  })
})
