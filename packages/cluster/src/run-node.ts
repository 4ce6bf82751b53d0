import { join } from 'node:path'
import { decodePolicy, type ClusterDomain, type ClusterLink, type DaKind, type DataAvailability, type ExecutionDefinition, type Log, type Store, type WebAccess } from '@causeway/core'
import { blobs, calldata, type PostingOptions } from '@causeway/da-ethereum'
import { evm, type EthLimits, type EvmEngine, type SimulationLimits } from '@causeway/execution-evm'
import { createL1Reader, createL1Sender, type ClusterContracts } from '@causeway/l1'
import { createRollup, lmdbStore, serveRpc, systemClock, type CertifyTiming, type Rollup, type RpcLimits, type ServeLimits } from '@causeway/node'
import { createPublicClient, http, type Address, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { signerOf } from './keys.js'

/** Everything a node is started with: plain data, so that it can start in another process. */
export type NodeConfig = {
  name: string
  chainId: bigint
  /** Folder of the node's database. */
  directory: string
  l1Url: string
  domain: ClusterDomain
  contracts: ClusterContracts
  /** How the chain's batches are posted. */
  da: DaKind
  policy: Hex
  /** Who was to be registered as the chain's owner. */
  owner?: Address
  feeRecipient: Address
  /** Account of the aggregator whose verdicts the node believes: they show as `proven`. */
  aggregator?: Address
  /** Attestation key, if the node attests. */
  attestationKey?: Hex
  /** Of the sequencer; a node without it follows. */
  batcherKey?: Hex
  blockTime?: number
  batchInterval?: number
  certify?: Partial<CertifyTiming>
  /** Sources executed at `included`, with a cap (smallest units) on what is not settled, for each token. */
  allow?: readonly { chainId: bigint; cap: bigint }[]
  /** 0 picks a free port; absent: no RPC server. */
  rpcPort?: number
  /** What RPC may cost: docs/rpc.md. */
  limits?: Partial<RpcLimits & EthLimits & SimulationLimits & ServeLimits>
  /** Where RPC listens, under which names, and for which web pages: docs/rpc.md. */
  rpcAccess?: WebAccess & { host?: string }
}

/** A running node. */
export type RunningNode = { rollup: Rollup; rpcUrl?: string; stop(): Promise<void> }

/** The engine that a chain of the cluster has chosen. */
const executionOf = ({ feeRecipient, limits }: Pick<NodeConfig, 'feeRecipient' | 'limits'>): ExecutionDefinition<EvmEngine> => evm({ feeRecipient, ...(limits && { limits }) })

const DA: Record<DaKind, (options: PostingOptions) => DataAvailability> = { blobs, calldata }

/** The engine of a chain without a node; its genesis decides the registered state root. */
export function engineOf(config: Pick<NodeConfig, 'chainId' | 'domain' | 'contracts' | 'feeRecipient' | 'limits'>, store: Store): EvmEngine {
  const { chainId, domain, contracts } = config
  return executionOf(config).create({ chainId, l1: { chainId: domain.l1ChainId, bridge: contracts.bridge }, store })
}

/** Starts a node of a chain in this process. */
export async function runNode(config: NodeConfig, { link, log }: { link: ClusterLink; log: Log }): Promise<RunningNode> {
  const { chainId, domain, contracts } = config
  const clock = systemClock
  const client = createPublicClient({ transport: http(config.l1Url, { timeout: 60_000 }) })
  const store = lmdbStore(join(config.directory, config.name))
  const reader = createL1Reader({ client, addresses: contracts, clock, log })
  const batcher = config.batcherKey && privateKeyToAccount(config.batcherKey)
  const sender = batcher && createL1Sender({ client, account: batcher, clock, log, pollInterval: 250 })
  const rollup = await createRollup({
    chainId,
    execution: executionOf(config),
    da: DA[config.da]({ client, hub: contracts.hub, chainId, ...(sender && { sender }) }),
    policy: decodePolicy(config.policy),
    ...(config.owner && { owner: config.owner }),
    role: batcher
      ? {
          kind: 'sequencer',
          batcher,
          allow: new Map((config.allow ?? []).map(({ chainId: source, cap }) => [source, { rung: 'included' as const, cap }])),
          ...(config.blockTime !== undefined && { blockTime: config.blockTime }),
          ...(config.batchInterval !== undefined && { batchInterval: config.batchInterval }),
          ...(config.certify && { certify: config.certify }),
        }
      : { kind: 'follower' },
    ...(config.aggregator && { aggregator: config.aggregator }),
    ...(config.attestationKey && { signer: signerOf(config.attestationKey) }),
    l1: { client, reader, domain, bridge: contracts.bridge },
    link,
    store,
    clock,
    log,
    ...(config.limits && { limits: config.limits }),
  })
  let server: Awaited<ReturnType<typeof serveRpc>> | undefined
  const stop = async () => {
    await server?.close()
    await sender?.close()
    await rollup.stop()
    await store.close()
  }
  try {
    await rollup.start()
    server = config.rpcPort === undefined ? undefined : await serveRpc({ rpc: rollup.rpc, port: config.rpcPort, log, ...config.rpcAccess, ...(config.limits && { limits: config.limits }) })
    return { rollup, ...(server && { rpcUrl: server.http }), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
