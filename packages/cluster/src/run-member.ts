import { join } from 'node:path'
import { systemClock, type Log } from '@causeway/core'
import { connectLink, type LinkKeys } from '@causeway/messaging'
import type { ChainDefinition } from '@causeway/node'
import { privateKeyToAccount } from 'viem/accounts'
import type { Membership } from './join.js'
import { signerOf } from './keys.js'
import { completed, runNode, type NodeSettings, type RunningNode } from './run-node.js'

/** What a node of a chain does. */
export type NodeRole = 'sequencer' | 'follower'

/** Options of {@link runMember}. */
export type RunMemberOptions = Pick<NodeSettings, 'rpcPort' | 'rpcAccess' | 'limits'> & {
  /** Which of the chain's nodes. The first has the RPC port. Default: both. */
  roles?: readonly NodeRole[]
  /** What the chain's definition leaves open. */
  defaults?: Pick<ChainDefinition, 'sequencing' | 'interop'>
  /** Answers what is not JSON-RPC at its port. */
  onRequest?: NonNullable<Parameters<typeof runNode>[2]['onRequest']>
  /** By node. */
  log(name: string): Log
}

/** Running nodes of a member. */
export type RunningMember = { nodes: readonly RunningNode[]; rpcUrl: string; stop(): Promise<void> }

/** Runs nodes of a chain that has joined (see `openMembership`) in this process, over the cluster's relay. @throws CausewayError of `createRollup` and `serveRpc` */
export async function runMember({ cluster, contracts, definition, directory, name, keys, l1Url }: Membership, options: RunMemberOptions): Promise<RunningMember> {
  const { roles = ['sequencer', 'follower'], rpcPort = 0, rpcAccess, limits, defaults, onRequest } = options
  const whole = completed(definition, { policy: definition.policy, ...(defaults && { defaults }) })
  const ends: (() => Promise<void>)[] = []
  const nodes: RunningNode[] = []
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end()
  }
  try {
    for (const role of roles) {
      const log = options.log(`${name}/${role}`)
      // A definition with a policy of its own names its keys itself.
      const signer = definition.keys?.attester ? undefined : keys[role]
      const linkKeys: LinkKeys = { domain: contracts.domain, accounts: role === 'sequencer' ? [privateKeyToAccount(keys.batcher)] : [], attesters: signer ? [signerOf(signer)] : [] }
      const link = connectLink({ url: cluster.relay, keys: linkKeys, clock: systemClock, log })
      ends.push(() => link.close())
      const settings: NodeSettings = {
        ...{ name: role, role, directory: join(directory, name), l1Url, contracts },
        ...(cluster.aggregator && { aggregator: cluster.aggregator }),
        ...(signer && { attestationKey: signer }),
        ...(role === 'sequencer' && { batcherKey: keys.batcher }),
        ...(role === roles[0] && { rpcPort, ...(rpcAccess && { rpcAccess }), ...(limits && { limits }) }),
      }
      const node = await runNode(whole, settings, { link, log, ...(role === roles[0] && onRequest && { onRequest }) })
      ends.push(() => node.stop())
      nodes.push(node)
    }
    return { nodes, rpcUrl: nodes[0]?.rpcUrl as string, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
