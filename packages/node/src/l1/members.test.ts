import type { BatcherRecord, EpochRecord, L1Reader, RegistrationRecord } from '@causeway/l1'
import { createRandom, testAddress } from '@causeway/testing'
import { zeroAddress, type Address } from 'viem'
import { expect, it } from 'vitest'
import { createMembers, otherRegistration, type OwnRegistration } from './members.js'

it('a node whose id belongs to another chain does not start', () => {
  const own: Required<OwnRegistration> = { chainId: 7n, stateRoot: `0x${'11'.repeat(32)}`, policyHash: 5n, daKind: 1, spec: '{"execution":{"hardfork":"prague"}}', owner: testAddress(3), batcher: testAddress(1) }
  const MockReader = { registrations: () => [{ ...own, slot: 0n, queueIndex: 0n, policy: '0x' } as unknown as RegistrationRecord], batchers: () => [] }
  const check = (change: Partial<OwnRegistration>) => otherRegistration(MockReader, { ...own, ...change })?.code ?? 'ok'
  expect(check({})).toBe('ok')
  expect(check({ chainId: 8n, policyHash: 6n })).toBe('ok')
  expect(check({ stateRoot: `0x${'12'.repeat(32)}` })).toBe('OTHER_REGISTRATION')
  expect(check({ policyHash: 6n })).toBe('OTHER_REGISTRATION')
  expect(check({ daKind: 2 })).toBe('OTHER_REGISTRATION')
  expect(check({ batcher: testAddress(2) })).toBe('OTHER_REGISTRATION')
  expect(check({ owner: testAddress(4) })).toBe('OTHER_REGISTRATION')
  // What differs in the rules of the engine is told by its line; who has published none is compared with nothing.
  const osaka = { ...own, spec: '{"execution":{"hardfork":"osaka"}}' }
  expect(otherRegistration(MockReader, osaka)).toMatchObject({ code: 'OTHER_REGISTRATION', shortMessage: 'The hub has registered chain 7 with execution.hardfork "prague", not "osaka".' })
  expect(check({ spec: '{"execution":{"hardfork":"prague"},"chain":{"id":"9n"}}' })).toBe('ok')
  const MockSilent = { ...MockReader, registrations: () => [{ ...MockReader.registrations()[0], spec: '' } as RegistrationRecord] }
  expect(otherRegistration(MockSilent, osaka)).toBe(undefined)
})

it('a sequencer whose batcher was changed is told whose key it takes; a follower goes on', () => {
  const own: Required<OwnRegistration> = { chainId: 7n, stateRoot: `0x${'11'.repeat(32)}`, policyHash: 5n, daKind: 1, spec: '{"execution":{"hardfork":"prague"}}', owner: testAddress(3), batcher: testAddress(1) }
  const change = (chainId: bigint, era: bigint, batcher: Address) => ({ chainId, era, batcher }) as BatcherRecord
  const check = (batchers: BatcherRecord[], as: Partial<OwnRegistration> = {}) =>
    otherRegistration({ registrations: () => [{ ...own, slot: 0n, queueIndex: 0n, policy: '0x' } as unknown as RegistrationRecord], batchers: () => batchers }, { ...own, ...as })
  const rotated = [change(7n, 1n, testAddress(2)), change(8n, 1n, testAddress(3))]
  const told = check(rotated)
  expect([told?.code, told?.message]).toEqual(['BATCHER_CHANGED', expect.stringMatching(new RegExp(`is ${testAddress(2)} .*era 1.*start the sequencer with the key of ${testAddress(2)}`, 's'))])
  expect(check(rotated, { batcher: testAddress(2) })).toBe(undefined)
  const { batcher: _, ...follower } = own
  expect(otherRegistration({ registrations: () => [], batchers: () => rotated }, own)).toBe(undefined)
  const MockReader = { registrations: () => [{ ...own, slot: 0n, queueIndex: 0n, policy: '0x' } as unknown as RegistrationRecord], batchers: () => rotated }
  expect(otherRegistration(MockReader, follower)).toBe(undefined)
  expect(otherRegistration(MockReader, { ...follower, policyHash: 6n })?.code).toBe('OTHER_REGISTRATION')
  expect(check([...rotated, change(7n, 2n, zeroAddress)], { batcher: testAddress(2) })?.message).toMatch(/revoked its batcher \(era 2\)/)
  expect(check([...rotated, change(7n, 2n, testAddress(1))])).toBe(undefined)
})

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
