/** A thread that simulates: opens the store to read, gets ready, and answers what it is asked, one request at a time. */
import { CausewayError, type StoreLocation, type StoreReader } from '@causeway/core'
import { KECCAK256_RLP } from '@ethereumjs/util'
import { createRequire } from 'node:module'
import { getPriority, setPriority } from 'node:os'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { bytesToHex, zeroAddress, zeroHash, type Address, type Hex } from 'viem'
import { simulator } from './call.js'
import { chainRows } from './chain.js'
import { chainCommon } from './common.js'
import { installPrecompiles } from './interpreter/custom.js'
import { plainBytes } from './plain-bytes.js'
import type { SimulationThreadData } from './simulation-threads.js'
import { localSimulations, type Simulations } from './simulations.js'
import { openStates } from './state.js'
import type { FromThread, ThreadError, ToThread } from './threads.js'
import type { EvmBlock } from './types.js'

/** How far it steps back for the thread that builds blocks. */
const NICENESS = 10
/** Calls with which it gets ready. */
const WARM_RUNS = 100

const { location, chainId, hardfork, precompiles, limits } = workerData as SimulationThreadData
const reader = await open(location)
const store = plainBytes(reader)
const common = chainCommon(chainId, hardfork)
await installPrecompiles(common, precompiles.map(({ module, ...precompile }) => ({ ...precompile, module: new URL(module) }))).load()
const source = { common, store, states: openStates(store), chain: chainRows(store, common), limits }
const simulations = localSimulations(source)

const say = (message: FromThread) => parentPort?.postMessage(message)
parentPort?.on('message', ({ method, args }: ToThread) => {
  reader.refresh()
  const run = simulations[method as keyof Simulations] as (...args: readonly unknown[]) => Promise<unknown>
  run(...args)
    .then(
      (result) => say({ result }),
      (error: unknown) => say({ error: told(error) }),
    )
    // So that an idle thread does not hold on to old pages.
    .finally(() => reader.refresh())
})
await warmUp()
// Linux has a priority for each thread, and this sets the caller's; elsewhere it would be that of the whole process.
if (process.platform === 'linux' && getPriority() < NICENESS) setPriority(NICENESS)
say('ready')

async function open({ module, from, options }: StoreLocation): Promise<StoreReader> {
  const url = URL.canParse(module) ? module : pathToFileURL(createRequire(from).resolve(module)).href
  const { openReader } = (await import(url)) as { openReader(options: unknown): StoreReader | Promise<StoreReader> }
  return openReader(options)
}

/** Runs something small on an empty state until it is compiled: the first call of somebody is then as quick as the hundredth. */
async function warmUp(): Promise<void> {
  const nothing: EvmBlock = {
    hash: zeroHash, parentHash: zeroHash, number: 0n, stateRoot: bytesToHex(KECCAK256_RLP), transactionsRoot: zeroHash, receiptsRoot: zeroHash, logsBloom: '0x', gasLimit: 30_000_000n, gasUsed: 0n,
    timestamp: 0n, timestampMs: 0n, extraData: '0x', mixHash: zeroHash, feeRecipient: zeroAddress, baseFeePerGas: 7n, withdrawalsRoot: zeroHash, blobGasUsed: 0n, excessBlobGas: 0n,
    parentBeaconBlockRoot: zeroHash, requestsHash: null, size: 0, transactions: [],
  }
  const to: Address = '0x00000000000000000000000000000000000000aa'
  // mstore(0, sload(calldataload(0))); mstore(32, keccak256(0, 64)); for 20 turns; return(0, 64)
  const code: Hex = '0x60145b600035546000526040600020602052600190038060025760406000f3'
  for (let i = 0; i < WARM_RUNS; i++) await (await simulator({ common, states: source.states, chain: source.chain, gasCap: limits.gas }, nothing, { [to]: { code } })).run({ to, data: zeroHash })
}

function told(error: unknown): ThreadError {
  if (error instanceof CausewayError) return { message: error.shortMessage, code: error.code, ...(error.fix !== undefined && { fix: error.fix }) }
  return error instanceof Error ? { message: error.message, stack: error.stack } : { message: String(error) }
}
