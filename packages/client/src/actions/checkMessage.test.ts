import { NEVER } from '@causeway/core'
import { describe, expect, it } from 'vitest'
import { checkMessage, type CheckedMessage } from './checkMessage.js'

const address = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045'
const good: CheckedMessage = { destination: 102n, recipient: address, refundTo: address, payload: '0x', gasLimit: 0n, expiry: NEVER, value: 1n, token: undefined, amount: undefined }
/** Callers without types pass anything. */
const wrong = (change: { [Name in keyof CheckedMessage]?: unknown }) => () => checkMessage({ ...good, ...change } as CheckedMessage)

describe('checkMessage', () => {
  it('takes ETH, a token, or nothing, up to every limit', () => {
    checkMessage(good)
    checkMessage({ ...good, value: undefined })
    checkMessage({ ...good, value: 2n ** 128n - 1n, gasLimit: 1_000_000n, payload: `0x${'00'.repeat(4096)}`, destination: NEVER })
    checkMessage({ ...good, value: undefined, token: address, amount: 2n ** 128n - 1n })
  })

  it.each<[string, { [Name in keyof CheckedMessage]?: unknown }]>([
    ['destination', { destination: 102 }],
    ['destination', { destination: 0n }],
    ['destination', { destination: 2n ** 64n }],
    ['destination', { destination: undefined }],
    ['recipient', { recipient: '0x1234' }],
    ['recipient', { recipient: 'vitalik.eth' }],
    ['recipient', { recipient: address.replace('d8dA', 'D8dA') }],
    ['refundTo', { refundTo: null }],
    ['payload', { payload: 'hello' }],
    ['payload', { payload: '0x123' }],
    ['payload', { payload: `0x${'00'.repeat(4097)}` }],
    ['gasLimit', { gasLimit: 1_000_001n }],
    ['expiry', { expiry: 2n ** 64n }],
    ['value', { value: 2n ** 128n }],
    ['value', { value: -1n }],
    ['value', { value: 1 }],
    ['value', { token: address, amount: 1n }],
    ['token', { value: undefined, amount: 1n }],
    ['token', { value: undefined, token: '0x', amount: 1n }],
    ['amount', { value: undefined, token: address }],
    ['amount', { value: undefined, token: address, amount: 2n ** 128n }],
  ])('names a wrong %s: %o', (name, change) => {
    expect(wrong(change)).toThrow(expect.objectContaining({ code: 'BAD_MESSAGE', message: expect.stringContaining(`\`${name}\` is `) as string, fix: expect.any(String) as string }) as Error)
  })
})
