import { join } from 'node:path'
import { type ClusterLink, type Log, type Policy, systemClock, type WebAccess } from '@causeway/core'
import type { ClusterContracts } from '@causeway/l1'
import { createRollup, lmdbStore, serveRpc, type ChainDefinition, type HostL1, type Rollup, type RollupDefinition, type RpcLimits, type ServeLimits, type ServeRpcOptions } from '@causeway/node'
import { createPublicClient, http, type Address, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { signerOf } from './keys.js'
import { evmRollup, type EvmRollupOptions } from './presets.js'

/** The chain of a node: an {@link evmRollup}, or what a module defines (the URL of one, whose default export is a definition). */
export type NodeChain = Pick<EvmRollupOptions, 'id' | 'feeRecipient' | 'limits'> | { module: string }

/** What a node is started with besides its chain: plain data. */
export type NodeSettings = {
  name: string
  /** Folder of the node's database, in one of its name. */
  directory: string
  l1Url: string
  contracts: HostL1['contracts'] & ClusterContracts
  /** Account of the aggregator whose verdicts the node believes: they show as `proven`. */
  aggregator?: Address
  /** Attestation key, if the node attests and its chain's definition does not name the key. */
  attestationKey?: Hex
  /** Of the sequencer, if its chain's definition does not name it. */
  batcherKey?: Hex
  /** Default: a sequencer if there is a `batcherKey`. */
  role?: 'sequencer' | 'follower'
  /** 0 picks a free port; absent: no RPC server. */
  rpcPort?: number
  /** What RPC may cost: docs/rpc.md. */
  limits?: Partial<RpcLimits & ServeLimits>
  /** Where RPC listens, under which names, and for which web pages: docs/rpc.md. */
  rpcAccess?: WebAccess & { host?: string }
}

/** Everything a node is started with, so that it can start in another process. */
export type NodeConfig = NodeSettings & {
  chain: NodeChain
  /** Who was to be registered as the chain's owner. */
  owner?: Address
  policy: Hex
  /** What the chain's own definition leaves open. */
  defaults?: Pick<ChainDefinition, 'sequencing' | 'interop'>
}

/** A running node. */
export type RunningNode = { rollup: Rollup; rpcUrl?: string; stop(): Promise<void> }

/** The definition that a node's configuration names. */
export async function loadChain(chain: NodeChain): Promise<ChainDefinition> {
  return 'module' in chain ? ((await import(chain.module)) as { default: ChainDefinition }).default : evmRollup(chain)
}

/** A definition with what the cluster decides for it. */
export function completed(definition: ChainDefinition, { owner, policy, defaults }: Pick<NodeConfig, 'owner' | 'defaults'> & { policy: Policy }): RollupDefinition {
  return {
    ...defaults,
    ...definition,
    chain: { ...(owner && { owner }), ...definition.chain },
    sequencing: { ...defaults?.sequencing, ...definition.sequencing },
    policy,
  }
}

/** Starts a node of a chain in this process. `onRequest` answers what is not JSON-RPC at its port. */
export async function runNode(definition: RollupDefinition, config: NodeSettings, { link, log, onRequest }: { link: ClusterLink; log: Log; onRequest?: ServeRpcOptions['onRequest'] }): Promise<RunningNode> {
  const { contracts, batcherKey, attestationKey, aggregator, limits, role = batcherKey ? 'sequencer' : 'follower' } = config
  const store = lmdbStore(join(config.directory, config.name))
  const rollup = await createRollup(definition, {
    role,
    ...(batcherKey && { batcher: privateKeyToAccount(batcherKey) }),
    ...(attestationKey && { signer: signerOf(attestationKey) }),
    ...(aggregator && { aggregator }),
    l1: { client: createPublicClient({ transport: http(config.l1Url, { timeout: 60_000 }) }), contracts, pollInterval: 250 },
    link,
    store,
    folder: join(config.directory, config.name, 'plugins'),
    clock: systemClock,
    log,
    ...(limits && { limits }),
  })
  let server: Awaited<ReturnType<typeof serveRpc>> | undefined
  const stop = async () => {
    await server?.close()
    await rollup.stop()
    await store.close()
  }
  try {
    await rollup.start()
    server = config.rpcPort === undefined ? undefined : await serveRpc({ rpc: rollup.rpc, port: config.rpcPort, log, ...config.rpcAccess, ...(onRequest && { onRequest }), ...(limits && { limits }) })
    return { rollup, ...(server && { rpcUrl: server.http }), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
