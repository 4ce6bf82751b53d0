import { causewayHubAbi } from '@causeway/contracts'
import { CausewayError } from '@causeway/core'
import { zeroAddress } from 'viem'
import type { Output } from '../output.js'
import { projectMembership, type ClusterChoice } from './membership.js'

/** Revokes the batcher of the project's chain. */
export async function leave({ yes = false, ...choice }: ClusterChoice & { yes?: boolean }, output: Output): Promise<void> {
  const membership = await projectMembership(choice)
  try {
    const { definition, cluster, user, l1 } = membership
    const { id } = definition.chain
    if (!membership.isRegistered) throw new CausewayError(`Chain ${id} is no member of this cluster.`, { code: 'NOT_JOINED', fix: 'there is nothing to leave' })
    const hub = { address: cluster.contracts.hub, abi: causewayHubAbi } as const
    const batcher = membership.currentBatcher()
    const done = batcher === zeroAddress
    const state = (text: string) => output.result({ chainId: id, hub: hub.address, revoked: done || yes }, [text])
    if (done) return state(`chain ${id} has no batcher any more: it has left`)
    if (!yes)
      return state(`leaving revokes the batcher ${batcher} of chain ${id}: nobody posts for it any more and nothing more of it settles.\nWhat has settled stays in the bridge, and can be claimed; what has not is lost to L1. Its owner can announce another batcher later.\nTo do it: causeway leave --yes`)
    await l1.waitForTransactionReceipt({ hash: await user.wallet.writeContract({ ...hub, functionName: 'revokeBatcher', args: [id], chain: null }) })
    state(`chain ${id} has left: its batcher is revoked`)
  } finally {
    membership.close()
  }
}
