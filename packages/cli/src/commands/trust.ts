import { checkCluster, trustReport } from '@causeway/cluster'
import { clusterAddresses, createL1Reader } from '@causeway/l1'
import { accountingVerifier } from '@causeway/contracts'
import { attestationSigner, systemClock } from '@causeway/core'
import { allowances, createMembers } from '@causeway/node'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hexToBytes, type Hex } from 'viem'
import type { Output } from '../output.js'
import { findProject, loadConfig } from '../project.js'
import { clusterInfo } from './chain.js'
import type { ClusterChoice } from './membership.js'

/** What must hold for the chain of this project to be safe and live, read from L1. */
export async function trust(choice: ClusterChoice, output: Output): Promise<void> {
  const project = findProject(process.cwd())
  const { definition } = await loadConfig(project)
  const cluster = await clusterInfo(choice)
  const l1 = await checkCluster(cluster, choice.l1)
  const reader = createL1Reader({ client: l1, addresses: cluster.contracts, clock: systemClock })
  await reader.poll()
  const file = join(project.state, 'chain', 'keys.json')
  const keys = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Hex>) : {}
  const named = (chainId: bigint) => (chainId === definition.chain.id ? (definition.chain.name ?? project.name) : (cluster.chains.find((chain) => BigInt(chain.chainId) === chainId)?.name ?? `chain ${chainId}`))
  const lines = await trustReport({
    l1,
    reader,
    contracts: cluster.contracts,
    expected: clusterAddresses({ clusterId: cluster.clusterId, verifier: accountingVerifier }),
    chains: createMembers(reader)
      .all()
      .map(({ chainId }) => ({ name: named(chainId), chainId, imports: chainId === definition.chain.id ? [...allowances(definition)].map(([from, { cap }]) => ({ from: named(from), cap })) : [] })),
    keys: { file, held: Object.entries(keys).filter(([name]) => name === 'sequencer' || name === 'follower').map(([name, key]) => ({ name, publicKey: attestationSigner(hexToBytes(key)).publicKey })) },
    aggregator: cluster.aggregator,
  })
  output.result({ trusted: lines }, lines.map((line) => `  - ${line}`))
}
