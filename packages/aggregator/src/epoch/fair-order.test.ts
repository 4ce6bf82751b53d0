import { createRandom } from '@causeway/testing'
import { describe, expect, it } from 'vitest'
import { closureOf, selectClosed } from './dependencies.js'
import { fairOrder, type Waiting } from './fair-order.js'

const PLACES = 2
type Item = Waiting & { slot: bigint }

/**
 * The choice of places alone, over many epochs. The first two slots are an honest pair that exchange messages, and are ready only
 * now and then; all others are junk: registered two an epoch, ready before anybody else each time, importing from each other at will.
 */
function play(seed: number, { epochs, junk, prefer = [] }: { epochs: number; junk: number; prefer?: bigint[] }) {
  const random = createRandom(seed)
  const headers = new Map<bigint, { chainId: bigint }>()
  const moved = new Map<bigint, bigint>()
  const waits = new Map<bigint, { item: Item; needs: Set<bigint>; readyIn: bigint }>()
  const delays: { slot: bigint; waited: number; members: number }[] = []
  let clock = 1000n
  const register = (epoch: bigint) => {
    const slot = BigInt(headers.size)
    headers.set(slot, { chainId: 100n + slot })
    moved.set(slot, epoch)
  }
  for (let epoch = 0n; epoch < BigInt(epochs); epoch++) {
    for (let i = 0; i < 2 && headers.size < junk + 2; i++) register(epoch)
    for (const slot of headers.keys()) {
      const honest = slot < 2n
      if (waits.has(slot) || (honest && random.below(3) > 0)) continue
      const other = slot ^ 1n
      const needs = honest ? (random.below(2) && waits.has(other) ? [other] : []) : random.below(2) ? [2n + BigInt(random.below(headers.size))] : []
      // Junk comes first, whatever the honest do.
      const receivedAt = honest ? clock++ : 0n
      waits.set(slot, { item: { slot, chainId: 100n + slot, receivedAt, failures: 0, failedIn: 0n }, needs: new Set(needs.filter((needed) => needed !== slot && headers.has(needed))), readyIn: epoch })
    }
    const open = [...waits.values()].filter(({ needs }) => [...needs].every((needed) => waits.has(needed)))
    const needs = new Map(open.map(({ item, needs: all }) => [item.slot, all]))
    const order = fairOrder(open.map(({ item }) => item), { headers: headers as never, moved, epoch }, prefer).map(({ slot }) => slot)
    const { chosen } = selectClosed(order.filter((slot) => [...closureOf(slot, needs)].every((needed) => needs.has(needed))), needs, PLACES)
    expect(chosen.size, `seed ${seed}`).toBeLessThanOrEqual(PLACES)
    for (const slot of chosen) {
      // Never half a dependency.
      for (const needed of needs.get(slot) ?? []) expect(chosen.has(needed), `seed ${seed}`).toBe(true)
      delays.push({ slot, waited: Number(epoch - (waits.get(slot)?.readyIn ?? 0n)), members: headers.size })
    }
    for (const slot of chosen) {
      waits.delete(slot)
      moved.set(slot, epoch + 1n)
      // What it sent has settled: nobody needs its certificate any more.
      for (const { needs: left } of waits.values()) left.delete(slot)
    }
  }
  return { delays, waits, headers, epochs }
}

describe('turns', () => {
  it.each([1, 2, 3, 4, 5, 6])('an honest pair is served within a round, however junk crowds the epochs (seed %i)', (seed) => {
    const { delays, waits, headers, epochs } = play(seed, { epochs: 300, junk: 12 })
    const honest = delays.filter(({ slot }) => slot < 2n)
    // A place in two rounds at worst: a pair may find just one place left in the epoch of its turn.
    for (const { waited, members } of honest) expect(waited, `seed ${seed}`).toBeLessThanOrEqual(members)
    for (const slot of headers.keys()) expect(delays.filter((item) => item.slot === slot).length, `slot ${slot}, seed ${seed}`).toBeGreaterThan(epochs / headers.size / 2)
    for (const { readyIn } of waits.values()) expect(epochs - Number(readyIn), `seed ${seed}`).toBeLessThanOrEqual(headers.size + 2)
  })

  it('a flood of registrations puts nobody in front of who was there before', () => {
    const { delays } = play(9, { epochs: 120, junk: 1000 })
    const honest = delays.filter(({ slot }) => slot < 2n)
    expect(honest.length).toBeGreaterThan(4)
    // New chains start at the back: whoever waits for a place sees at most those that were registered before.
    for (const { waited, members } of honest) expect(waited).toBeLessThanOrEqual(members / PLACES + 2)
  })

  it('preferred chains do not wait at all', () => {
    const { delays } = play(3, { epochs: 100, junk: 20, prefer: [100n, 101n] })
    const honest = delays.filter(({ slot }) => slot < 2n)
    expect(honest.length).toBeGreaterThan(30)
    expect(honest.every(({ waited }) => waited === 0)).toBe(true)
  })

  it('goes by the last epoch that moved, registered or failed a chain; then by failures; then by arrival', () => {
    const headers = new Map([[0n, { chainId: 10n }], [1n, { chainId: 11n }], [2n, { chainId: 12n }]]) as never
    const moved = new Map([[0n, 7n], [1n, 3n], [2n, 7n]])
    const item = (chainId: bigint, receivedAt: bigint, failures = 0, failedIn = 0n) => ({ chainId, receivedAt, failures, failedIn })
    const order = (items: Waiting[], prefer: bigint[] = []) => fairOrder(items, { headers, moved, epoch: 7n }, prefer).map(({ chainId }) => Number(chainId))
    expect(order([item(10n, 5n), item(11n, 9n), item(12n, 1n), item(99n, 0n)])).toEqual([11, 12, 10, 99])
    expect(order([item(10n, 5n), item(11n, 9n, 1, 8n), item(12n, 1n)])).toEqual([12, 10, 11])
    expect(order([item(10n, 1n, 2, 5n), item(12n, 9n)])).toEqual([12, 10])
    expect(order([item(10n, 5n), item(11n, 9n), item(12n, 1n)], [10n])).toEqual([10, 11, 12])
  })
})
