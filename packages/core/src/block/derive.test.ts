import type { Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import type { Batch } from './batch.js'
import { planBatch, type DerivedChain } from './derive.js'

const hashOf = (number: bigint): Hex => `0x${number.toString(16).padStart(64, '0')}`
/** A chain 101 with blocks 0 to 10, of which 4 are settled; block n has the time 100 n. */
function chain(change: Partial<DerivedChain> = {}): DerivedChain {
  const head = change.head ?? 10n
  return {
    ...{ chainId: 101n, incarnation: 2n, head, settled: 4n },
    blockAt: (number) => (number >= 0n && number <= head ? { hash: hashOf(number), timestamp: number * 100n } : undefined),
    ...change,
  }
}
/** A batch of chain 101 with `count` blocks from `first` on, those from `differs` on being others than the chain's. */
function batch(first: bigint, count: number, change: Partial<Batch> & { differs?: bigint } = {}): Batch {
  const { differs = first + BigInt(count), ...rest } = change
  const blocks = Array.from({ length: count }, (_, i) => {
    const number = first + BigInt(i)
    return { timestamp: number * 100n + (number >= differs ? 1n : 0n), l1Entries: 0, imports: [], transactions: [] }
  })
  return { chainId: 101n, incarnation: 2n, first, parentHash: hashOf(first - 1n), blocks, ...rest }
}
const higher = { incarnation: 3n }

describe('a batch', () => {
  it.each<[string, Batch, bigint]>([
    ['stands on the head', batch(11n, 3), 11n],
    ['overlaps the head', batch(8n, 5), 11n],
    ['overlaps the head, of a higher incarnation', batch(8n, 5, higher), 11n],
    ['stands on the head, of a higher incarnation', batch(11n, 1, higher), 11n],
    ['repeats all blocks and adds one', batch(1n, 11), 11n],
  ])('%s: appended', (_, item, from) => expect(planBatch(chain(), item)).toEqual({ action: 'append', from }))

  it('to an empty chain: appended', () => expect(planBatch(chain({ head: 0n, settled: 0n, incarnation: 0n }), batch(1n, 2, { incarnation: 0n }))).toEqual({ action: 'append', from: 1n }))

  it.each<[string, Batch, bigint]>([
    ['from its first block on', batch(8n, 5, { ...higher, differs: 8n }), 8n],
    ['from the middle on', batch(6n, 5, { ...higher, differs: 9n }), 9n],
    ['with fewer blocks than there were', batch(7n, 1, { ...higher, differs: 7n }), 7n],
    ['from the first unsettled block on', batch(5n, 1, { ...higher, differs: 5n }), 5n],
    ['which repeats settled blocks', batch(2n, 5, { ...higher, differs: 5n }), 5n],
  ])('of a higher incarnation that differs %s: replaces', (_, item, from) => expect(planBatch(chain(), item)).toEqual({ action: 'replace', from }))

  const later = { incarnation: 1n << 64n }
  it.each<[string, Batch, bigint]>([
    ['of blocks that have these times', batch(5n, 3, later), 5n],
    ['from the middle on', batch(8n, 3, later), 8n],
    ['which repeats settled blocks', batch(3n, 3, later), 5n],
    ['against the last incarnation that there was', batch(9n, 4, later), 9n],
  ])('of a later era %s: replaces', (_, item, from) => expect(planBatch(chain({ incarnation: (1n << 64n) - 1n }), item)).toEqual({ action: 'replace', from }))

  it('of a later era cannot replace settled blocks, and leaves them if it has no others', () => {
    expect(planBatch(chain(), batch(3n, 3, { ...later, differs: 3n }))).toMatchObject({ action: 'skip', reason: 'block 4 is settled' })
    expect(planBatch(chain(), batch(3n, 2, later))).toMatchObject({ action: 'skip', reason: 'its blocks are known' })
    expect(planBatch(chain(), batch(11n, 2, later))).toEqual({ action: 'append', from: 11n })
    // Within the era, times tell blocks apart again.
    expect(planBatch(chain(later), batch(5n, 3, later)).action).toBe('skip')
  })

  it.each<[string, Batch, string]>([
    ['of another chain', batch(11n, 1, { chainId: 102n }), 'of chain 102'],
    ['without blocks', batch(11n, 0), 'empty'],
    ['of the genesis block', batch(0n, 3, { parentHash: hashOf(0n) }), 'starts at block 0'],
    ['beyond the head', batch(12n, 1), 'the chain ends at 10'],
    ['on another parent', batch(11n, 1, { parentHash: hashOf(99n) }), 'another parent'],
    ['of a lower incarnation', batch(11n, 1, { incarnation: 1n }), 'incarnation 2 replaced it'],
    ['that is known', batch(8n, 3), 'known'],
    ['that is known, of a higher incarnation', batch(8n, 3, higher), 'known'],
    ['that contradicts this incarnation', batch(8n, 3, { differs: 9n }), 'contradicts'],
    ['that contradicts settled blocks', batch(3n, 3, { ...higher, differs: 4n }), 'block 4 is settled'],
    ['that contradicts all blocks', batch(1n, 20, { ...higher, differs: 1n }), 'block 4 is settled'],
  ])('%s: skipped', (_, item, reason) => {
    const plan = planBatch(chain(), item)
    expect(plan.action).toBe('skip')
    expect(plan).toMatchObject({ reason: expect.stringContaining(reason) as string })
  })

  it('never touches settled blocks or leaves a gap, whatever it says', () => {
    for (let first = 0n; first < 14n; first++)
      for (let count = 0; count < 14; count++)
        for (const incarnation of [1n, 2n, 3n])
          for (const differs of [first, first + 2n, 5n, 11n]) {
            const plan = planBatch(chain(), batch(first, count, { incarnation, differs }))
            if (plan.action === 'skip') continue
            expect(incarnation).toBeGreaterThanOrEqual(2n)
            expect(plan.from).toBeGreaterThan(4n)
            expect(plan.from).toBeLessThanOrEqual(11n)
            expect(plan.from).toBeLessThan(first + BigInt(count))
            if (plan.action === 'replace') expect(incarnation).toBe(3n)
          }
  })
})
