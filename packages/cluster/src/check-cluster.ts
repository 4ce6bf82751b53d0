import { accountingVerifier, causewayHubAbi } from '@causeway/contracts'
import { CausewayError } from '@causeway/core'
import { clusterAddresses } from '@causeway/l1'
import { DEVELOPMENT_CHAIN_IDS, DEVELOPMENT_SRS_DIGESTS, loadArtefact, L1_PLACES } from '@causeway/prover-ultrahonk'
import { createPublicClient, http } from 'viem'
import { PROTOCOL, type ClusterInfo } from './about.js'
import type { L1Client } from './clients.js'

/** Is it an L1 on which nothing is worth anything? */
export const isDevelopmentChain = (chainId: number): boolean => DEVELOPMENT_CHAIN_IDS.some((id) => id === chainId)

/**
 * Checks with L1 and with this version's own contracts and circuits that a cluster is what it says, and one that this version can be a member of.
 * @returns a client of its L1
 * @throws CausewayError `L1_UNREACHABLE`, `OTHER_L1`, `OTHER_PROTOCOL`, `OTHER_VERIFICATION_KEY`, `DEVELOPMENT_SETUP`, `HUB_MISSING`
 */
export async function checkCluster(cluster: ClusterInfo, l1Url = cluster.l1.rpcUrl): Promise<L1Client> {
  const client: L1Client = createPublicClient({ transport: http(l1Url, { timeout: 60_000 }), pollingInterval: 250 })
  const l1ChainId = await client.getChainId().catch((cause: unknown) => {
    throw new CausewayError(`The cluster's L1 does not answer at ${l1Url}.`, { code: 'L1_UNREACHABLE', fix: 'give an RPC URL of that L1 of your own: --l1 URL', cause })
  })
  if (l1ChainId !== cluster.l1.chainId) throw new CausewayError(`The L1 at ${l1Url} has the chain id ${l1ChainId}; the cluster is on ${cluster.l1.chainId}.`, { code: 'OTHER_L1', fix: `give an RPC URL of L1 ${cluster.l1.chainId}: --l1 URL` })
  const upgrade = 'use the version of Causeway that the cluster runs'
  if (cluster.protocol !== PROTOCOL) throw new CausewayError(`The cluster speaks version ${cluster.protocol} of the protocol, and this is version ${PROTOCOL}.`, { code: 'OTHER_PROTOCOL', fix: upgrade })
  const { verificationKeyHash, srsDigest, log2 } = await loadArtefact(L1_PLACES)
  const expected = clusterAddresses({ clusterId: cluster.clusterId, verifier: accountingVerifier })
  if (cluster.circuit.verificationKeyHash !== verificationKeyHash || cluster.circuit.srsDigest !== srsDigest || cluster.contracts.verifier !== expected.verifier.toLowerCase())
    throw new CausewayError(`The cluster's proofs are checked with another verification key: ${cluster.circuit.verificationKeyHash}, not ${verificationKeyHash}.`, { code: 'OTHER_VERIFICATION_KEY', fix: upgrade })
  if (DEVELOPMENT_SRS_DIGESTS[log2] === srsDigest && !isDevelopmentChain(l1ChainId))
    throw new CausewayError(`The cluster's proofs rest on a development setup, with which anybody can forge them, and its L1 is ${l1ChainId}, no development chain.`, { code: 'DEVELOPMENT_SETUP', fix: 'do not join it' })
  for (const name of ['hub', 'inbox', 'bridge', 'messenger'] as const)
    if (cluster.contracts[name] !== expected[name].toLowerCase()) throw new CausewayError(`The cluster's ${name} is at ${cluster.contracts[name]}; this version's is at ${expected[name]}.`, { code: 'OTHER_PROTOCOL', fix: upgrade })
  const separator = await client.readContract({ address: expected.hub, abi: causewayHubAbi, functionName: 'domain' }).catch(() => undefined)
  if (separator === undefined) throw new CausewayError(`There is no hub at ${expected.hub} on L1 ${l1ChainId}.`, { code: 'HUB_MISSING', fix: 'the cluster was started on another L1 than this one, or this one was started anew: ask whoever runs it' })
  return client
}
