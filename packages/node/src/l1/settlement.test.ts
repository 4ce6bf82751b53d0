import { messageLeaf, NEVER, toBytes32, type Entry, type Message } from '@causeway/core'
import type { CertificateData, EpochRecord, L1Reader } from '@causeway/l1'
import { zeroAddress, type Hex } from 'viem'
import { expect, it } from 'vitest'
import type { Chain } from '../chain.js'
import { CHAIN, L1, POLICY_HASH, testChain } from '../chain.test-helper.js'
import type { BlockRecord } from '../store/records.js'
import type { Members } from './members.js'
import { createSettlement } from './settlement.js'

const sent: Message = {
  ...{ source: CHAIN, nonce: 0n, timestamp: 1000n, destination: 77n, sender: zeroAddress, recipient: zeroAddress, refundTo: zeroAddress },
  ...{ token: { chain: L1, address: zeroAddress }, amount: 0n, fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x' as const },
}

/** A node with one block that sends `sent`, and what L1 settled of it. */
async function node(forge: Partial<CertificateData> = {}) {
  const { chain, extend } = await testChain()
  const { record } = await extend()
  const entries: Entry[] = [{ kind: 'export', time: 1000n, message: sent }]
  const block: BlockRecord = { ...record, entries, accounting: { ...record.accounting, outboxSize: 1n } }
  const certificate: CertificateData = {
    ...{ slot: 0, height: 1n, timestamp: block.timestamp, l1InboxCursor: 0n, daIndex: 1n, notAfter: NEVER, stateRoot: block.stateRoot },
    ...{ inboxRoot: toBytes32(block.accounting.inboxRoot), balanceRoot: toBytes32(block.accounting.balanceRoot), importRoot: toBytes32(0n) },
    ...{ leaves: [toBytes32(messageLeaf(sent, POLICY_HASH))], withdrawals: [] as Hex[] },
    ...forge,
  }
  const epochs = [{ epoch: 1n, data: { certificates: [certificate] } } as unknown as EpochRecord]
  const settled = createSettlement({
    chain: { ...chain, head: block, block: (number: bigint) => (number === 1n ? block : chain.block(number)) } as Chain,
    members: { find: () => ({ slot: 0n }) } as unknown as Members,
    reader: { epochs: () => epochs } as unknown as L1Reader,
    policyHash: POLICY_HASH,
    taken: () => 1n,
  })
  return settled
}

it('a certificate of the blocks that the node has moves the settled point', async () => {
  const settled = await node()
  expect(settled.divergence()).toBeUndefined()
  expect(settled.at()).toMatchObject({ block: 1n, epoch: 1n })
})

it.each([
  ['another state', { stateRoot: toBytes32(1n) }],
  ['a message that the chain did not send', { leaves: [toBytes32(messageLeaf({ ...sent, amount: 5n, token: { chain: CHAIN, address: zeroAddress } }, POLICY_HASH))] }],
  ['one message more', { leaves: [toBytes32(messageLeaf(sent, POLICY_HASH)), toBytes32(7n)] }],
  ['one message less', { leaves: [] }],
  ['another part of the L1 inbox', { l1InboxCursor: 1n }],
])('signers who certify %s are found out, whatever the rest says', async (_, forge) => {
  const settled = await node(forge)
  expect(settled.divergence()).toMatchObject({ code: 'DIVERGED' })
  expect(settled.at()).toMatchObject({ block: 0n })
})
