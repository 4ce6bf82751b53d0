import type { AttestationSigner, ClusterLink, DaKind, DataAvailability, ExecutionDefinition, ExecutionEngine, Log, Policy, Store } from '@causeway/core'
import { blobs, calldata } from '@causeway/da-ethereum'
import { evm, type EvmEngine } from '@causeway/execution-evm'
import { createL1Reader, createL1Sender, type DeployedCluster, type L1Reader, type L1Sender } from '@causeway/l1'
import { createRollup, type NodeRole, type Rollup } from '@causeway/node'
import { createPublicClient, type Address, type Hex, type LocalAccount, type PublicClient, type Transport } from 'viem'
import type { ManualClock } from './manual-clock.js'
import { crashableStore } from './memory-store.js'

/** What a {@link TestNode} is made of; a restart makes it again from the same. */
export type TestNodeOptions = {
  name: string
  chainId: bigint
  cluster: DeployedCluster
  policy: Policy
  owner: Address
  daKind: DaKind
  /** Makes it an attester. */
  signer?: AttestationSigner
  role: NodeRole
  execution: ExecutionDefinition<TestEngine>
  /** Of a sequencer. */
  batcher?: LocalAccount
  /** The account whose verdicts it believes. */
  aggregator?: Address
  /** How this node reaches L1. */
  transport: Transport
  beaconUrl: string
  /** A new link for each start of the node. */
  connect(): ClusterLink
  /** Puts something in front of the node's DA layer. */
  wrapDa?(da: DataAvailability): DataAvailability
  store: Store
  clock: ManualClock
  log: Log
}

/** What the harness needs of an engine. */
export type TestEngine = ExecutionEngine & { /** wei after a block. */ getBalance(account: Address, at: Hex): Promise<bigint> }

/** A node of a chain in the stepped harness; after a `restart` its parts are new ones on the same database. */
export type TestNode = {
  readonly name: string
  readonly rollup: Rollup
  readonly engine: TestEngine
  readonly reader: L1Reader
  readonly sender: L1Sender | undefined
  /** Ends the node as a crash would: nothing that is under way reaches the database any more. */
  crash(): Promise<void>
  /** Crashes it if it runs, and starts it anew from what the database has; a sequencer with another batcher's key if one is given. */
  restart(batcher?: LocalAccount): Promise<void>
}

/** The engine of a chain of the harness, unless it has another. */
export const testExecution = (feeRecipient: Address): ExecutionDefinition<EvmEngine> => evm({ feeRecipient })

/** The engine of a node whose chain runs the EVM. */
export function evmOf({ engine }: TestNode): EvmEngine {
  if (engine.name !== 'evm') throw new Error(`the engine is ${engine.name}`)
  return engine as EvmEngine
}

/** Starts a node that does nothing by itself. */
export async function startTestNode(options: TestNodeOptions): Promise<TestNode> {
  let running = await start(options)
  const crash = async () => {
    running.store.crash()
    await running.sender?.close()
    await running.rollup.stop()
    await running.link.close()
  }
  return {
    name: options.name,
    get rollup() {
      return running.rollup
    },
    get engine() {
      return running.engine
    },
    get reader() {
      return running.reader
    },
    get sender() {
      return running.sender
    },
    crash,
    async restart(batcher) {
      if (!running.store.crashed) await crash()
      if (batcher && options.role.kind === 'sequencer') options = { ...options, batcher, role: { ...options.role, batcher } }
      running = await start(options)
    },
  }
}

async function start(options: TestNodeOptions) {
  const { chainId, cluster, policy, owner, signer, role, batcher, aggregator, transport, beaconUrl, clock, log } = options
  const store = crashableStore(options.store)
  const client: PublicClient = createPublicClient({ transport, cacheTime: 0 })
  const reader = createL1Reader({ client, addresses: cluster, clock, log })
  const sender = batcher && createL1Sender({ client, account: batcher, clock, log })
  const posting = { client, hub: cluster.hub, chainId, ...(sender && { sender }) }
  const da = options.daKind === 'calldata' ? calldata(posting) : blobs({ ...posting, beaconUrl })
  const link = options.connect()
  const rollup = await createRollup({
    chainId,
    execution: options.execution,
    da: options.wrapDa?.(da) ?? da,
    policy,
    owner,
    role,
    ...(signer && { signer }),
    ...(aggregator && { aggregator }),
    l1: { client, reader, domain: cluster.domain, bridge: cluster.bridge },
    link,
    store,
    clock,
    log,
  })
  await rollup.connect()
  return { rollup, engine: rollup.engine, reader, sender, store, link }
}
