import { CausewayError, type Log } from '@causeway/core'
import { defineRollup, MAX_CERTIFICATE_LIFETIME, type ChainDefinition } from '@causeway/node'
import type { Address } from 'viem'
import { evmRollup } from './presets.js'
import { loadChain } from './run-node.js'

/** A chain of a local cluster. */
export type ChainOptions = {
  /** Of its own in the cluster; also the name of its folder: letters, digits, `-` and `_`. */
  name: string
  /** From 1 to 2^53 - 1 (viem keeps ids as numbers), not L1's, of its own. Default: that of `rollup`, or 42001n, 42002n, … */
  chainId?: bigint
  /** What the chain is: a definition without a policy, or the URL of a module whose default export is one. Default: {@link evmRollup}. */
  rollup?: ChainDefinition | URL
  /** Runs the chain's sequencer and follower in a process of their own, over the WebSocket link; its `rollup` then is a URL. */
  ownProcess?: boolean
  /** 0, the default, picks a free port. */
  rpcPort?: number
}

/** A chain of a local cluster, with everything chosen but its own definition's choices. */
export type LocalChain = { name: string; chainId: bigint; rollup: ChainDefinition | URL | undefined; ownProcess: boolean; rpcPort: number }

/** Options of {@link createCluster}. The cluster's `chains` are as many, in this order. */
export type ClusterOptions<Chains extends readonly ChainOptions[] = readonly ChainOptions[]> = {
  /** Default: two chains, `a` in this process and `b` in its own. At most one per funded key, four; none is a cluster that others join. */
  chains?: Chains
  /** Keeps L1's state, databases and keys there, so that a stopped or killed cluster carries on. Default: a folder that goes with the cluster. */
  directory?: string
  /** Where the cluster says what it is and its relay listens. Default: a free one. */
  port?: number
  /** Port of the embedded L1. Default: a free one. */
  l1Port?: number
  /** An L1 of one's own, with funded development accounts; default: an embedded anvil with one block a second. */
  l1Url?: string
  /** ms between blocks of the chains. Default 1000. */
  blockTime?: number
  /** ms of L1 time that a certificate lives. Default 10 minutes, at most a day. */
  certificateLifetime?: number
  /** Start without the aggregator; `startAggregator` starts it later. */
  aggregator?: boolean
  log?: Log
}

/** How many chains a local cluster may have: each needs a funded development account for its batches. */
export const MAX_CHAINS = 4
/** Ids of the chains that do not choose one, from this one on. */
const FIRST_CHAIN_ID = 42001n
/** anvil's. */
const L1_CHAIN_ID = 31337n

const OPTIONS: Record<keyof ClusterOptions, true> = { chains: true, directory: true, port: true, l1Port: true, l1Url: true, blockTime: true, certificateLifetime: true, aggregator: true, log: true }
const CHAIN_OPTIONS: Record<keyof ChainOptions, true> = { name: true, chainId: true, rollup: true, ownProcess: true, rpcPort: true }
const DEFAULT_CHAINS: readonly ChainOptions[] = [{ name: 'a' }, { name: 'b', ownProcess: true }]

/**
 * Checks the options before anything is started, and completes those of the chains.
 * @throws `BAD_CLUSTER` naming the option, what it is and what it has to be
 */
export function checkOptions(options: ClusterOptions): LocalChain[] {
  known('createCluster', options, OPTIONS)
  const { directory, port, l1Port, l1Url, blockTime, certificateLifetime, aggregator, chains = DEFAULT_CHAINS } = options
  if (directory !== undefined && (typeof directory !== 'string' || directory === '')) fail('directory', directory, 'the path of a folder', 'leave it out for a folder that goes with the cluster')
  integer('port', port, 0, 65_535, '0, or leaving it out, picks a free port')
  integer('l1Port', l1Port, 0, 65_535, '0, or leaving it out, picks a free port')
  if (l1Url !== undefined && !isHttpUrl(l1Url)) fail('l1Url', l1Url, 'an http(s) URL', 'e.g. http://127.0.0.1:8545; leave it out for an embedded L1')
  if (l1Url !== undefined && l1Port !== undefined) fail('l1Port', l1Port, 'left out when there is an `l1Url`', 'it is the port of the embedded L1, and there is none')
  integer('blockTime', blockTime, 10, 3_600_000, 'it is in ms')
  integer('certificateLifetime', certificateLifetime, 1_000, Number(MAX_CERTIFICATE_LIFETIME), 'it is in ms')
  if (aggregator !== undefined && typeof aggregator !== 'boolean') fail('aggregator', aggregator, 'true or false', 'cluster.startAggregator() starts it later')
  if (!Array.isArray(chains)) fail('chains', chains, 'a list of chains', "e.g. [{ name: 'a' }, { name: 'b' }]")
  if (chains.length > MAX_CHAINS)
    throw new CausewayError(`A local cluster has up to ${MAX_CHAINS} chains, not ${chains.length}.`, { code: 'BAD_CLUSTER', fix: 'each chain needs a funded development account for its batches; any number of others can join it (`openMembership`, or `causeway join`)' })
  const specs = chains.map((chain, i) => checkChain(chain, i))
  distinct('name', specs.map(({ name }) => name.toLowerCase()))
  distinct('chainId', specs.map(({ chainId }) => chainId))
  distinct('rpcPort', specs.flatMap(({ rpcPort }) => (rpcPort === 0 ? [] : [rpcPort])))
  return specs
}

function checkChain(chain: ChainOptions, i: number): LocalChain {
  const at = `chains[${i}]`
  known(at, chain, CHAIN_OPTIONS)
  const { name, rollup, chainId = definedId(rollup) ?? FIRST_CHAIN_ID + BigInt(i), ownProcess = false, rpcPort = 0 } = chain
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9_-]{0,31}$/i.test(name)) fail(`${at}.name`, name, 'a name of 1 to 32 letters, digits, - and _', "e.g. { name: 'a' }")
  if (name.toLowerCase() === 'aggregator') fail(`${at}.name`, name, 'another name', 'the folder `aggregator` is the aggregator’s')
  if (typeof chainId !== 'bigint' || chainId < 1n || chainId > BigInt(Number.MAX_SAFE_INTEGER) || chainId === L1_CHAIN_ID)
    fail(`${at}.chainId`, chainId, `a bigint from 1n to ${Number.MAX_SAFE_INTEGER}n that is not L1's, ${L1_CHAIN_ID}n`, 'write it with an n, or leave it out: 42001n, 42002n, …')
  if (typeof ownProcess !== 'boolean') fail(`${at}.ownProcess`, ownProcess, 'true or false', 'leave it out to run the chain in this process')
  integer(`${at}.rpcPort`, rpcPort, 0, 65_535, '0, or leaving it out, picks a free port')
  if (rollup !== undefined && (typeof rollup !== 'object' || rollup === null)) fail(`${at}.rollup`, rollup, 'a definition, or the URL of a module', 'defineRollup({ … }) of @causeway/node makes one; leave it out for an EVM chain')
  if (ownProcess && rollup !== undefined && !(rollup instanceof URL))
    fail(`${at}.rollup`, 'a definition', 'the URL of a module when the chain has its own process', "another process cannot be given functions: new URL('./rollup.config.js', import.meta.url), whose default export is the definition")
  return { name, chainId, rollup, ownProcess, rpcPort }
}

const definedId = (rollup: ChainOptions['rollup']): bigint | undefined => (rollup instanceof URL ? undefined : rollup?.chain?.id)

/**
 * The definition of each chain. @throws `BAD_ROLLUP`; `BAD_CLUSTER` for a module without one, for one with a policy, for two chain ids
 */
export async function definitionsOf(chains: readonly LocalChain[], feeRecipient: (place: number) => Address): Promise<ChainDefinition[]> {
  return Promise.all(chains.map(async ({ rollup, name, chainId }, i) => {
    const at = `chains[${i}].rollup`
    const definition = rollup instanceof URL ? await loadChain({ module: rollup.href }) : (rollup ?? evmRollup({ id: chainId, name, feeRecipient: feeRecipient(i) }))
    if (definition === undefined) fail(at, String(rollup), 'a module whose default export is a definition', 'write: export default defineRollup({ … })')
    defineRollup(definition)
    if (definition.policy !== undefined) fail(`${at}.policy`, 'a policy', 'left out', 'a local cluster makes the keys of its chains, and a policy that wants both')
    if (definition.chain.id !== chainId) fail(`${at}.chain.id`, definition.chain.id, `${chainId}n, as the chain's \`chainId\` says`, 'leave one of them out, or make them the same; with a URL, give the `chainId` here too')
    return definition
  }))
}

function known(what: string, given: unknown, names: Record<string, true>): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) fail(what === 'createCluster' ? 'options' : what, given, 'an object', `its properties are: ${Object.keys(names).join(', ')}`)
  for (const name of Object.keys(given))
    if (!(name in names)) throw new CausewayError(`${what} has no option \`${name}\`.`, { code: 'BAD_CLUSTER', fix: `its options are: ${Object.keys(names).join(', ')}` })
}

function integer(name: string, given: unknown, min: number, max: number, hint: string): void {
  if (given !== undefined && (!Number.isInteger(given) || (given as number) < min || (given as number) > max)) fail(name, given, `a whole number from ${min} to ${max}`, hint)
}

function distinct(name: string, values: readonly unknown[]): void {
  const again = values.find((value, i) => values.indexOf(value) !== i)
  if (again !== undefined) throw new CausewayError(`Two chains have the ${name} ${String(again)}.`, { code: 'BAD_CLUSTER', fix: `give each chain a ${name} of its own` })
}

function isHttpUrl(text: unknown): boolean {
  return typeof text === 'string' && /^https?:\/\//i.test(text) && URL.canParse(text)
}

function fail(name: string, given: unknown, wanted: string, fix: string): never {
  const shown = typeof given === 'bigint' ? `${given}n` : typeof given === 'string' ? `'${given}'` : `${String(given)} (${typeof given})`
  throw new CausewayError(`The option \`${name}\` is ${shown}; it has to be ${wanted}.`, { code: 'BAD_CLUSTER', fix })
}
