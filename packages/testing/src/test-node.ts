import type { AttestationSigner, ClusterLink, ExecutionEngine, Log, Store } from '@causeway/core'
import type { EvmEngine } from '@causeway/execution-evm'
import type { DeployedCluster, L1Reader, L1Sender } from '@causeway/l1'
import { createRollup, type Rollup, type RollupDefinition } from '@causeway/node'
import { createPublicClient, type Address, type Hex, type LocalAccount, type Transport } from 'viem'
import type { ManualClock } from './manual-clock.js'
import { crashableStore } from './memory-store.js'

/** What a {@link TestNode} is made of; a restart makes it again from the same. */
export type TestNodeOptions = {
  name: string
  definition: RollupDefinition<TestEngine>
  cluster: DeployedCluster
  /** Makes it an attester. */
  signer?: AttestationSigner
  /** Makes it the sequencer. */
  batcher?: LocalAccount
  /** The account whose verdicts it believes. */
  aggregator?: Address
  /** How this node reaches L1. */
  transport: Transport
  /** A new link for each start of the node. */
  connect(): ClusterLink
  store: Store
  /** Has the folders of its plugins. */
  folder?: string
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
    await running.rollup.stop()
    await running.link.close()
  }
  return {
    name: options.name,
    get rollup() {
      return running.rollup
    },
    get engine() {
      return running.rollup.engine
    },
    get reader() {
      return running.rollup.reader
    },
    get sender() {
      return running.rollup.sender
    },
    crash,
    async restart(batcher) {
      if (!running.store.crashed) await crash()
      if (batcher && options.batcher) options = { ...options, batcher }
      running = await start(options)
    },
  }
}

async function start({ definition, cluster, signer, batcher, aggregator, transport, connect, folder, clock, log, ...options }: TestNodeOptions) {
  const store = crashableStore(options.store)
  const link = connect()
  const rollup = await createRollup(definition, {
    role: batcher ? 'sequencer' : 'follower',
    ...(batcher && { batcher }),
    ...(signer && { signer }),
    ...(aggregator && { aggregator }),
    l1: { client: createPublicClient({ transport, cacheTime: 0 }), contracts: cluster },
    link,
    store,
    ...(folder !== undefined && { folder }),
    clock,
    log,
  })
  await rollup.connect()
  return { rollup, store, link }
}
