import { errorCode } from '@causeway/core'
import type { RegistrationRecord } from '@causeway/l1'
import { testAddress } from '@causeway/testing'
import { expect, it } from 'vitest'
import { checkRegistration, type OwnRegistration } from './members.js'

it('a node whose id belongs to another chain does not start', () => {
  const own: Required<OwnRegistration> = { chainId: 7n, stateRoot: `0x${'11'.repeat(32)}`, policyHash: 5n, batcher: testAddress(1) }
  const MockReader = { registrations: () => [{ ...own, slot: 0n, queueIndex: 0n, policy: '0x' } as unknown as RegistrationRecord] }
  const check = (change: Partial<OwnRegistration>) => {
    try {
      checkRegistration(MockReader, { ...own, ...change })
      return 'ok'
    } catch (error) {
      return errorCode(error)
    }
  }
  expect(check({})).toBe('ok')
  expect(check({ chainId: 8n, policyHash: 6n })).toBe('ok')
  expect(check({ stateRoot: `0x${'12'.repeat(32)}` })).toBe('OTHER_REGISTRATION')
  expect(check({ policyHash: 6n })).toBe('OTHER_REGISTRATION')
  expect(check({ batcher: testAddress(2) })).toBe('OTHER_REGISTRATION')
})
