import { createRandom, testAddress } from '@causeway/testing'
import { unzlibSync, zlibSync } from 'fflate'
import { concatBytes, fromRlp, toRlp, type Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { errorCode } from '../errors.js'
import { FIELD } from '../protocol/limits.js'
import { batchItems, decodeBatch, encodeBatch, MAX_BATCH_BYTES, MAX_BATCH_ITEMS, type Batch } from './batch.js'

const seed = Number(process.env['SEED'] ?? 90_210)

function randomBatch(random: ReturnType<typeof createRandom>): Batch {
  const bytes = (length: number): Hex => `0x${Array.from({ length }, () => random.below(256).toString(16).padStart(2, '0')).join('')}`
  const number = (bits: number) => random.pick([0n, 1n, 127n, 128n, 2n ** BigInt(bits) - 1n, random.bigint(bits)])
  const address = () => testAddress(random.pick([0n, 1n, random.bigint(160)]))
  const imports = () =>
    Array.from({ length: random.below(4) }, () => ({
      message: {
        ...{ source: number(64), nonce: number(64), timestamp: number(64), destination: number(64) },
        ...{ sender: address(), recipient: address(), refundTo: address(), token: { chain: number(64), address: address() } },
        ...{ amount: number(128), fee: number(128), gasLimit: number(64), expiry: number(64), payload: bytes(random.below(60)) },
      },
      policyHash: random.pick([0n, FIELD - 1n, random.bigint(250)]),
    }))
  const blocks = Array.from({ length: random.below(4) }, () => ({
    timestamp: number(64),
    l1Entries: random.below(256),
    imports: imports(),
    transactions: Array.from({ length: random.below(4) }, () => bytes(random.below(200))),
  }))
  return { chainId: number(64), incarnation: number(128), first: number(64), parentHash: bytes(32), blocks }
}

/** 'ok' or the code of what decoding threw. */
function outcome(bytes: Uint8Array): string {
  try {
    decodeBatch(bytes)
    return 'ok'
  } catch (error) {
    return errorCode(error) ?? `not a CausewayError: ${String(error)}`
  }
}
const packed = (rlp: Uint8Array, version = 1) => concatBytes([Uint8Array.of(version), zlibSync(rlp)])

describe('batches', () => {
  it(`come back as they were (seed ${seed})`, () => {
    const random = createRandom(seed)
    for (let i = 0; i < 60; i++) {
      const batch = randomBatch(random)
      expect(decodeBatch(encodeBatch(batch))).toEqual(batch)
    }
  })

  it(`damaged in any way, decode or are BATCH_MALFORMED, never another error (seed ${seed})`, () => {
    const random = createRandom(seed + 1)
    const bytes = encodeBatch({ ...randomBatch(random), blocks: Array.from({ length: 2 }, () => randomBatch(random).blocks).flat() })
    for (let length = 0; length < bytes.length - 4; length += 1 + random.below(3)) expect(outcome(bytes.subarray(0, length)), `cut to ${length}`).toBe('BATCH_MALFORMED')
    let refused = 0
    for (let i = 0; i < 600; i++) {
      const [at, bit] = [random.below(bytes.length), 1 << random.below(8)]
      const result = outcome(bytes.with(at, (bytes[at] as number) ^ bit))
      expect(['ok', 'BATCH_MALFORMED'], `bit ${bit} of byte ${at}`).toContain(result)
      if (result !== 'ok') refused++
    }
    expect(refused).toBeGreaterThan(100)
    for (let i = 0; i < 300; i++) expect(outcome(concatBytes([Uint8Array.of(1), Uint8Array.from({ length: random.below(200) }, () => random.below(256))]))).toBe('BATCH_MALFORMED')
  })

  it('of another form are refused', () => {
    const hash: Hex = `0x${'11'.repeat(32)}`
    const fields = (change: { [at: number]: unknown } = {}) => Object.assign(['0x01', '0x', '0x01', hash, []], change) as never
    const block = (change: { [at: number]: unknown } = {}) => fields({ 4: [Object.assign(['0x01', '0x', [], []], change)] })
    const message = (change: { [at: number]: unknown } = {}) => {
      const address = testAddress(1)
      return block({ 2: [Object.assign(['0x01', '0x', '0x', '0x01', address, address, address, '0x', address, '0x', '0x', '0x', '0x', '0x', '0x'], change)] })
    }
    const decode = (item: never) => outcome(packed(toRlp(item, 'bytes')))
    for (const good of [fields(), block(), message()]) expect(decode(good)).toBe('ok')
    const bad: Record<string, never> = {
      'a field too few': ['0x01', '0x', '0x01', hash] as never,
      'a field too many': [...(fields() as Hex[]), '0x'] as never,
      'bytes for the list': '0x01' as never,
      'a list for a number': fields({ 0: [] }),
      'bytes for the blocks': fields({ 4: '0x' }),
      'a number with leading zeros': fields({ 0: '0x0001' }),
      'zero in one byte': fields({ 1: '0x00' }),
      'a chain id beyond u64': fields({ 0: '0x010000000000000000' }),
      'a short parent hash': fields({ 3: '0x11' }),
      'a block with a field too few': fields({ 4: [['0x01', '0x', []]] }),
      '256 L1 entries': block({ 1: '0x0100' }),
      'bytes for the transactions': block({ 3: '0x' }),
      'a list for a transaction': block({ 3: [[]] }),
      'nine imports': block({ 2: Array.from({ length: 9 }, () => (message() as unknown as Hex[][][][])[4]?.[0]?.[2]?.[0]) }),
      'an import with a field too few': block({ 2: [['0x01']] }),
      'an address of 19 bytes': message({ 4: `0x${'11'.repeat(19)}` }),
      'an amount beyond u128': message({ 9: `0x01${'00'.repeat(16)}` }),
      'a policy hash of p': message({ 14: `0x${FIELD.toString(16)}` }),
    }
    for (const [what, item] of Object.entries(bad)) expect(decode(item), what).toBe('BATCH_MALFORMED')
    const good = toRlp(fields(), 'bytes')
    for (const version of [0, 2, 255]) expect(outcome(packed(good, version))).toBe('BATCH_MALFORMED')
    expect(outcome(packed(concatBytes([good, Uint8Array.of(5)])))).toBe('BATCH_MALFORMED')
    expect(outcome(good)).toBe('BATCH_MALFORMED')
  })

  it('that inflate to more than a follower holds are refused, however small they come', () => {
    const bomb = packed(new Uint8Array(MAX_BATCH_BYTES + 1))
    expect(bomb.length).toBeLessThan(20_000)
    expect(outcome(bomb)).toBe('BATCH_MALFORMED')
    expect(() => decodeBatch(bomb)).toThrow(`inflates to more than ${MAX_BATCH_BYTES}`)
    // Depth is a bomb too.
    expect(outcome(packed(new Uint8Array(MAX_BATCH_BYTES).fill(0xc1)))).toBe('BATCH_MALFORMED')
    expect(outcome(packed(new Uint8Array(100_000).fill(0xc1)))).toBe('BATCH_MALFORMED')
  })

  it('of more items than a follower holds are refused before any is made', () => {
    const of = (count: number): Batch => ({ chainId: 1n, incarnation: 0n, first: 1n, parentHash: `0x${'11'.repeat(32)}`, blocks: [{ timestamp: 1n, l1Entries: 0, imports: [], transactions: Array<Hex>(count).fill('0x') }] })
    const most = MAX_BATCH_ITEMS - batchItems(of(0).blocks)
    expect(decodeBatch(encodeBatch(of(most))).blocks[0]?.transactions).toHaveLength(most)
    expect(() => decodeBatch(encodeBatch(of(most + 1)))).toThrow(`more than ${MAX_BATCH_ITEMS} items`)
    const bomb = packed(new Uint8Array(MAX_BATCH_BYTES).fill(0x80))
    expect(() => decodeBatch(bomb)).toThrow(`more than ${MAX_BATCH_ITEMS} items`)
  })

  it(`count their items (seed ${seed})`, () => {
    const random = createRandom(seed + 2)
    const count = (item: unknown): number => (Array.isArray(item) ? item.reduce<number>((sum, part) => sum + count(part), 1) : 1)
    for (let i = 0; i < 20; i++) {
      const batch = randomBatch(random)
      expect(batchItems(batch.blocks)).toBe(count(fromRlp(unzlibSync(encodeBatch(batch).subarray(1)), 'hex')))
    }
  })
})
