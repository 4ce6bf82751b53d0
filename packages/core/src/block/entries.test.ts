import { testAddress } from '@causeway/testing'
import { expect, it } from 'vitest'
import { ETH, NEVER } from '../protocol/limits.js'
import type { L1InboxEntry, Message } from '../protocol/types.js'
import type { InputOutcome, SentMessage } from '../seams/execution.js'
import { blockEntries } from './entries.js'

const sent = (n: number): SentMessage => ({
  ...{ destination: 102n, sender: testAddress(1), recipient: testAddress(n), refundTo: testAddress(3), token: { chain: 31337n, address: ETH } },
  ...{ amount: BigInt(n), fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x' },
})
const left = (n: number, nonce: bigint) => ({ kind: 'export', time: 500n, message: { ...sent(n), source: 101n, nonce, timestamp: 500n } })
const deposit: L1InboxEntry = { kind: 'deposit', index: 0n, message: { ...sent(9), source: 31337n, nonce: 0n, timestamp: 1n } }
const imported: Message = { ...sent(8), source: 102n, nonce: 4n, timestamp: 400n, destination: 101n }

it('lists what each input did, in execution order: what came in, then what it sent', () => {
  const outcomes: InputOutcome[] = [
    { kind: 'l1', entry: deposit, ok: true, sent: [sent(1)] },
    { kind: 'l1', entry: { kind: 'forced', index: 1n, transaction: '0x01' }, ok: false, sent: [] },
    { kind: 'import', message: imported, policyHash: 77n, ok: false, sent: [sent(2)] },
    { kind: 'transaction', hash: '0x01', sent: [] },
    { kind: 'transaction', hash: '0x02', sent: [sent(3), sent(4)] },
  ]
  expect(blockEntries({ outcomes, timestamp: 500n }, 101n, 12n)).toEqual([
    { kind: 'l1', time: 500n, entry: deposit },
    left(1, 12n),
    { kind: 'l1', time: 500n, entry: { kind: 'forced', index: 1n, transaction: '0x01' } },
    { kind: 'import', time: 500n, message: imported, policyHash: 77n },
    left(2, 13n),
    left(3, 14n),
    left(4, 15n),
  ])
  expect(blockEntries({ outcomes: [], timestamp: 500n }, 101n, 12n)).toEqual([])
})
