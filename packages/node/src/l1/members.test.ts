import type { EpochRecord, L1Reader, RegistrationRecord } from '@causeway/l1'
import { createRandom } from '@causeway/testing'
import { expect, it } from 'vitest'
import { createMembers } from './members.js'

it('what members have settled is counted once, also when L1 takes epochs back', () => {
  const seed = Number(process.env['SEED'] ?? 17)
  const random = createRandom(seed)
  let epochs: EpochRecord[] = []
  let reads = 0
  const counts = { latest: () => epochs.length, safe: () => epochs.length, finalized: () => Math.max(0, epochs.length - 3) }
  const MockReader = {
    registrations: () => [7n, 8n].map((chainId, slot) => ({ chainId, slot: BigInt(slot), policy: '0x', policyHash: 1n }) as unknown as RegistrationRecord),
    batchers: () => [],
    epochs: (at: keyof typeof counts = 'latest') => epochs.slice(0, counts[at]()),
  } as unknown as L1Reader
  const members = createMembers(MockReader)
  const heights = [0n, 0n]
  const epoch = (): EpochRecord => {
    const certificates = [0, 1].filter(() => random.below(3) > 0).map((slot) => ({ slot, height: (heights[slot] = (heights[slot] ?? 0n) + 1n), leaves: Array(random.below(4)).fill('0x') }))
    return { get data() { return reads++, { certificates } } } as unknown as EpochRecord
  }
  const expected = (slot: number, at: 'latest' | 'finalized') => {
    const own = MockReader.epochs(at).flatMap(({ data }) => data.certificates.filter((item) => item.slot === slot))
    return [BigInt(own.reduce((sum, { leaves }) => sum + leaves.length, 0)), own.at(-1)?.height ?? 0n]
  }
  for (let turn = 0; turn < 200; turn++) {
    // No more than is not final.
    if (random.below(5) === 0) epochs = epochs.slice(0, Math.max(counts.finalized(), epochs.length - 1 - random.below(3)))
    for (let n = random.below(3); n > 0; n--) epochs = [...epochs, epoch()]
    for (const [slot, chainId] of [7n, 8n].entries())
      for (const at of ['latest', 'finalized'] as const) expect([members.settledOutbox(chainId, at), members.settledHeight(chainId, at)], `seed ${seed}, turn ${turn}`).toEqual(expected(slot, at))
  }
  expect(members.settledHeight(9n)).toBe(0n)
  reads = 0
  for (let i = 0; i < 100; i++) members.settledOutbox(7n, 'finalized')
  expect(reads).toBe(0)
})
