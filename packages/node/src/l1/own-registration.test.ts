import type { BatcherRecord, RegistrationRecord } from '@causeway/l1'
import { testAddress } from '@causeway/testing'
import { zeroAddress, type Address } from 'viem'
import { expect, it } from 'vitest'
import { createMembers } from './members.js'
import { otherRegistration, type OwnRegistration } from './own-registration.js'

it('a node whose id belongs to another chain does not start', () => {
  const own: Required<OwnRegistration> = { chainId: 7n, stateRoot: `0x${'11'.repeat(32)}`, policyHash: 5n, daKind: 1, daAdapter: zeroAddress, spec: '{"execution":{"hardfork":"prague"}}', owner: testAddress(3), batcher: testAddress(1) }
  const MockReader = { registrations: () => [{ ...own, slot: 0n, queueIndex: 0n, policy: '0x' } as unknown as RegistrationRecord], batchers: () => [], epochs: () => [] }
  const check = (change: Partial<OwnRegistration>) => otherRegistration(createMembers(MockReader), { ...own, ...change })?.code ?? 'ok'
  expect(check({})).toBe('ok')
  expect(check({ chainId: 8n, policyHash: 6n })).toBe('ok')
  expect(check({ stateRoot: `0x${'12'.repeat(32)}` })).toBe('OTHER_REGISTRATION')
  expect(check({ policyHash: 6n })).toBe('OTHER_REGISTRATION')
  expect(check({ daKind: 2 })).toBe('OTHER_REGISTRATION')
  expect(check({ daAdapter: testAddress(5) })).toBe('OTHER_REGISTRATION')
  expect(check({ batcher: testAddress(2) })).toBe('OTHER_REGISTRATION')
  expect(check({ owner: testAddress(4) })).toBe('OTHER_REGISTRATION')
  // What differs in the rules of the engine is told by its line; who has published none is compared with nothing.
  const osaka = { ...own, spec: '{"execution":{"hardfork":"osaka"}}' }
  expect(otherRegistration(createMembers(MockReader), osaka)).toMatchObject({ code: 'OTHER_REGISTRATION', shortMessage: 'The hub has registered chain 7 with execution.hardfork "prague", not "osaka".' })
  expect(check({ spec: '{"execution":{"hardfork":"prague"},"chain":{"id":"9n"}}' })).toBe('ok')
  const MockSilent = { ...MockReader, registrations: () => [{ ...MockReader.registrations()[0], spec: '' } as RegistrationRecord] }
  expect(otherRegistration(createMembers(MockSilent), osaka)).toBe(undefined)
})

it('a sequencer whose batcher was changed is told whose key it takes; a follower goes on', () => {
  const own: Required<OwnRegistration> = { chainId: 7n, stateRoot: `0x${'11'.repeat(32)}`, policyHash: 5n, daKind: 1, daAdapter: zeroAddress, spec: '{"execution":{"hardfork":"prague"}}', owner: testAddress(3), batcher: testAddress(1) }
  const change = (chainId: bigint, era: bigint, batcher: Address) => ({ chainId, era, batcher }) as BatcherRecord
  const check = (batchers: BatcherRecord[], as: Partial<OwnRegistration> = {}) =>
    otherRegistration(createMembers({ registrations: () => [{ ...own, slot: 0n, queueIndex: 0n, policy: '0x' } as unknown as RegistrationRecord], batchers: () => batchers, epochs: () => [] }), { ...own, ...as })
  const rotated = [change(7n, 1n, testAddress(2)), change(8n, 1n, testAddress(3))]
  const told = check(rotated)
  expect([told?.code, told?.message]).toEqual(['BATCHER_CHANGED', expect.stringMatching(new RegExp(`is ${testAddress(2)} .*era 1.*start the sequencer with the key of ${testAddress(2)}`, 's'))])
  expect(check(rotated, { batcher: testAddress(2) })).toBe(undefined)
  const { batcher: _, ...follower } = own
  expect(otherRegistration(createMembers({ registrations: () => [], batchers: () => rotated, epochs: () => [] }), own)).toBe(undefined)
  const MockReader = { registrations: () => [{ ...own, slot: 0n, queueIndex: 0n, policy: '0x' } as unknown as RegistrationRecord], batchers: () => rotated, epochs: () => [] }
  expect(otherRegistration(createMembers(MockReader), follower)).toBe(undefined)
  expect(otherRegistration(createMembers(MockReader), { ...follower, policyHash: 6n })?.code).toBe('OTHER_REGISTRATION')
  expect(check([...rotated, change(7n, 2n, zeroAddress)], { batcher: testAddress(2) })?.message).toMatch(/revoked its batcher \(era 2\)/)
  expect(check([...rotated, change(7n, 2n, testAddress(1))])).toBe(undefined)
})
