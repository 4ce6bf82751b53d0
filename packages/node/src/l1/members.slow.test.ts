import { causewayHubAbi } from '@causeway/contracts'
import { attestedPolicy, encodePolicy, policyHash } from '@causeway/core'
import { createL1Reader } from '@causeway/l1'
import { manualClock } from '@causeway/testing'
import { startTestL1, testPolicy } from '@causeway/testing/cluster'
import { zeroAddress, zeroHash } from 'viem'
import { expect, it } from 'vitest'
import { createMembers } from './members.js'

it('members are as L1 has them after a reorg that leaves as many, each under another slot, batcher and policy', async () => {
  const clock = manualClock()
  const l1 = await startTestL1({ clock })
  try {
    const reader = createL1Reader({ client: l1.client, addresses: l1.cluster, clock })
    const members = createMembers(reader)
    const [one, two] = [testPolicy(5001n).policy, testPolicy(5002n).policy]
    const register = (chainId: bigint, policy = one, batcher = 2) =>
      l1.call(0, l1.cluster.hub, { abi: causewayHubAbi, functionName: 'register', args: [{ chainId, stateRoot: zeroHash, policy: encodePolicy(policy), batcher: l1.account(batcher).address, owner: l1.account(0).address, daKind: 1, daAdapter: zeroAddress, spec: '' }] })
    const seen = async () => {
      await reader.poll()
      return members.all().map(({ chainId, slot, batcher, policyHash: hash }) => [chainId, slot, batcher, hash])
    }
    const [b2, b3] = [l1.account(2).address, l1.account(3).address]
    const [hash1, hash2] = [policyHash(one), policyHash(two)]
    await l1.mine(3)
    await register(5001n)
    await register(5002n)
    expect(await seen()).toEqual([[5001n, 0n, b2, hash1], [5002n, 1n, b2, hash1]])
    expect(members.final()).toEqual(new Set())
    await l1.reorg(2)
    await register(5002n, two, 3)
    await register(5001n, attestedPolicy(1, one.attested.signers), 3)
    expect(await seen()).toEqual([[5002n, 0n, b3, hash2], [5001n, 1n, b3, policyHash(attestedPolicy(1, one.attested.signers))]])
    expect([members.slotOf(5001n), members.get(5001n).policy?.attested.k]).toEqual([1n, 1])
    // The last one alone.
    await l1.reorg(1)
    await register(5003n, two)
    expect(await seen()).toEqual([[5002n, 0n, b3, hash2], [5003n, 1n, b2, hash2]])
    expect(members.find(5001n)).toBe(undefined)
    await l1.mine(3)
    await reader.poll()
    expect(members.final()).toEqual(new Set([5002n, 5003n]))
  } finally {
    await l1.stop()
  }
})
