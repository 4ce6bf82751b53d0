import { causewayHubAbi } from '@causeway/contracts'
import { checkCluster } from '@causeway/cluster'
import { systemClock } from '@causeway/core'
import { createL1Reader } from '@causeway/l1'
import { createMembers } from '@causeway/node'
import { columns, type Output } from '../output.js'
import { clusterInfo, runningChain, type ChainChoice } from './chain.js'
import type { ClusterChoice } from './membership.js'

/** Says where the chain stands, and who is in its cluster. */
export async function status({ rpc, ...choice }: ChainChoice & ClusterChoice, output: Output): Promise<void> {
  const cluster = await clusterInfo(choice)
  const l1 = await checkCluster(cluster, choice.l1)
  const reader = createL1Reader({ client: l1, addresses: cluster.contracts, clock: systemClock })
  await reader.poll()
  const members = createMembers(reader)
  const epochs = reader.epochs().length
  const list = members.all().map(({ chainId, batcher, slot }) => ({ chainId, slot, batcher, settledHeight: members.settledHeight(chainId), batches: reader.postings(chainId).length, name: cluster.chains.find((chain) => BigInt(chain.chainId) === chainId)?.name }))
  const chain = await runningChain(rpc === undefined ? {} : { rpc }).catch((error: { code?: string }) => {
    if (error.code === 'NOT_RUNNING') return undefined
    throw error
  })
  const own = chain && { rpcUrl: chain.rpcUrl, ...(await chain.client.getChainStatus()) }
  const verifier = await l1.readContract({ address: cluster.contracts.hub, abi: causewayHubAbi, functionName: 'verifier' })
  output.result({ cluster: { ...cluster, epochs, verifier }, members: list, chain: own ?? null }, [
    ...(own
      ? columns([
          ['chain', `${own.chainId} at ${own.rpcUrl}`],
          ['blocks', Object.entries(own.blocks).map(([tag, { number }]) => `${tag} ${number}`).join(', ')],
          ['settled', own.settled.height === 0n ? 'nothing yet' : `certificate ${own.settled.height}, in epoch ${own.epoch}`],
        ])
      : ['  the chain of this project does not run']),
    '',
    ...columns([
      ['cluster', `hub ${cluster.contracts.hub} on L1 ${cluster.l1.chainId}, ${epochs} epochs, aggregator ${cluster.aggregator ?? 'none'}`],
      ...list.map(({ chainId, name, settledHeight, batches }): [string, string] => [`chain ${chainId}`, `${name === undefined ? '' : `${name}: `}${settledHeight} certificates settled, ${batches} batches posted`]),
    ]),
  ])
}
