import { blockInputs, policyHash, type L1InboxEntry } from '@causeway/core'
import { evm, type GenesisAlloc } from '@causeway/execution-evm'
import { memoryStore } from '@causeway/testing'
import { zeroAddress } from 'viem'
import { openChain } from './chain.js'

export const L1 = 900n
export const CHAIN = 4242n
export const POLICY_HASH = policyHash({ attested: { k: 1, signers: [] } })

/** A chain on a memory store, and `extend`, which makes one block of L1 entries. */
export async function testChain(alloc: GenesisAlloc = {}) {
  const store = memoryStore()
  const engine = evm({ feeRecipient: '0xfeefeefeefeefeefeefeefeefeefeefeefeefee0', alloc, unbacked: true }).create({ chainId: CHAIN, l1: { chainId: L1 }, store })
  const chain = await openChain({ engine, store, context: { l1ChainId: L1, hub: zeroAddress, policyHash: POLICY_HASH, slotOf: () => 0n } })
  const extend = (entries: readonly L1InboxEntry[] = [], timestamp = chain.head.timestamp + 1000n) => {
    const { number, hash, timestamp: parent, accounting } = chain.head
    return chain.extend(blockInputs({ number, hash, timestamp: parent, l1InboxCursor: accounting.l1InboxCursor }, timestamp, entries, [], [], engine))
  }
  return { chain, engine, store, extend }
}
