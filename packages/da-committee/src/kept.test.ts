import type { Store } from '@causeway/core'
import { manualClock, memoryStore } from '@causeway/testing'
import { keccak256 } from 'viem'
import { expect, it } from 'vitest'
import { keptBatches } from './kept.js'

const RETENTION = 1_000
const batch = (seed: number) => new Uint8Array(100).fill(seed)

/** A member whose disk takes its time: what is being written is not seen yet. */
function scene({ quota = 1_000 } = {}) {
  const disk = memoryStore()
  const faults = { write: false }
  const store: Store = {
    ...disk,
    async write(changes) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (faults.write) throw new Error('the disk is full')
      await disk.write(changes)
    },
  }
  const clock = manualClock()
  const open = () => keptBatches({ store, clock, retention: RETENTION, quota })
  return { clock, faults, open, kept: open() }
}

it('keeps what comes again just as it is old enough to be pruned', async () => {
  for (const order of [['keep', 'prune'], ['prune', 'keep']]) {
    const { clock, kept } = scene()
    const hash = keccak256(batch(1))
    await kept.keep(7n, hash, batch(1))
    await clock.advance(RETENTION + 1)
    await Promise.all(order.map((what) => (what === 'keep' ? kept.keep(7n, hash, batch(1)) : kept.prune())))
    expect(kept.get(7n, hash), order.join()).toEqual(batch(1))
    await clock.advance(RETENTION)
    expect(await kept.prune(), 'not older than it came last').toBe(0)
    await clock.advance(1)
    expect([await kept.prune(), kept.get(7n, hash)]).toEqual([1, undefined])
  }
})

it('counts against the quota what is on disk, once: not what failed, nor what comes twice at once', async () => {
  const { faults, open, kept } = scene({ quota: 200 })
  faults.write = true
  for (const seed of [1, 2, 3]) await expect(kept.keep(7n, keccak256(batch(seed)), batch(seed))).rejects.toThrow('the disk is full')
  faults.write = false
  await Promise.all([1, 1, 1].map((seed) => kept.keep(7n, keccak256(batch(seed)), batch(seed))))
  await kept.keep(7n, keccak256(batch(2)), batch(2))
  for (const member of [kept, open()]) await expect(member.keep(7n, keccak256(batch(3)), batch(3))).rejects.toMatchObject({ code: 'QUOTA_FULL' })
  await kept.keep(8n, keccak256(batch(3)), batch(3))
})
