import { CausewayError, checkPolicy, type AttestationSigner, type Clock, type ClusterDomain, type ClusterLink, type DataAvailability, type ExecutionDefinition, type ExecutionEngine, type Log, type Plugin, type Policy, type Store } from '@causeway/core'
import type { L1Reader } from '@causeway/l1'
import type { ImportAllowance } from '@causeway/messaging'
import { HttpRequestError, isAddress, TimeoutError, type Address, type LocalAccount, type PublicClient } from 'viem'
import type { CertifyTiming } from './certify.js'
import type { RpcLimits } from './rpc/index.js'

/** What the cluster's L1 is to a node. */
export type NodeL1 = { client: PublicClient; reader: L1Reader; domain: ClusterDomain; bridge: Address }

/** How a node takes part in its chain. */
export type NodeRole =
  /** Orders transactions, builds blocks, posts them and closes certificates. There is one a chain. */
  | {
      kind: 'sequencer'
      /** The account that is the chain's batcher on L1; signs heads. */
      batcher: LocalAccount
      /** Most ms between blocks. Default 1000. They come up to four times as often while transactions do, and at once for a message. */
      blockTime?: number
      /** ms between batches. Default 2000. */
      batchInterval?: number
      certify?: Partial<CertifyTiming>
      /** Sources whose messages may be executed below `settled`. */
      allow?: ReadonlyMap<bigint, ImportAllowance>
      /**
       * Certificates that the blocks may be ahead of the settled one, of which one settles in an epoch: transactions that send messages
       * wait once these are full, others do not. At least 1; default 8.
       */
      maxBacklog?: number
      /** How sure an L1 inbox entry must be before a block takes it. Default `safe`. */
      l1Tag?: 'latest' | 'safe'
    }
  /** Derives the chain from L1 alone. */
  | { kind: 'follower' }

/** Options of {@link createRollup}. */
export type RollupOptions<E extends ExecutionEngine = ExecutionEngine> = {
  chainId: bigint
  execution: ExecutionDefinition<E>
  da: DataAvailability
  policy: Policy
  /**
   * Who was to be registered as the chain's owner, who may change its batcher: a node refuses a registration that somebody else has made with an
   * owner of his own. Whom the ownership has passed to since does not matter. Without it, the node takes any.
   */
  owner?: Address
  role: NodeRole
  /** L1 account of the aggregator whose verdicts the node believes: `proven` is shown on its word. Without it, `proven` is not shown. */
  aggregator?: Address
  /** Makes the node an attester. */
  signer?: AttestationSigner
  l1: NodeL1
  link: ClusterLink
  /** What runs beside the chain, in this order: docs/plugins.md. */
  plugins?: readonly Plugin[]
  store: Store
  clock: Clock
  log: Log
  /** Of RPC; docs/rpc.md has the defaults. */
  limits?: Partial<RpcLimits>
}

type Unknown = Record<string, unknown>

/** The parts of a node: what each must be able to do, and where one comes from. */
const PARTS: Record<string, { has: readonly string[]; from: string }> = {
  execution: { has: ['create'], from: 'evm({…}) of @causeway/execution-evm makes one' },
  da: { has: ['submit', 'retrieve'], from: 'blobs({…}) or calldata({…}) of @causeway/da-ethereum makes one' },
  link: { has: ['publish', 'subscribe', 'query', 'serve'], from: 'createLinkHub().connect(name) or connectLink({…}) of @causeway/messaging makes one' },
  store: { has: ['get', 'range', 'write', 'close'], from: 'lmdbStore(folder) makes one' },
  clock: { has: ['now', 'sleep'], from: 'systemClock is one' },
  log: { has: ['debug', 'info', 'warn', 'error'], from: 'silentLog of @causeway/core is one' },
}

/**
 * Checks the options of `createRollup` before anything is read or written, so that a missing or mistaken one is named.
 * @throws `BAD_ROLLUP` naming the option, what it is and what it has to be; `BAD_POLICY`
 */
export function checkOptions(options: RollupOptions): void {
  const given: Unknown = object('options', options, 'see docs/compose.md')
  for (const [name, { has, from }] of Object.entries(PARTS)) part(name, given[name], has, from)
  chainId('chainId', options.chainId)

  const policy = object('policy', given['policy'], 'attestedPolicy(k, publicKeys) of @causeway/core makes one')
  part('policy.attested.signers', object('policy.attested', policy['attested'], 'it is { k, signers }')['signers'], ['map'], 'a list of public keys')
  checkPolicy(options.policy)
  if (options.signer !== undefined) part('signer', options.signer, ['sign'], 'attestationSigner(secret) of @causeway/core makes one; leave it out for a node that does not attest')

  if (options.owner !== undefined) address('owner', options.owner, 'the owner that the chain is registered with; leave it out to take any')

  const l1 = object('l1', given['l1'], 'it is { client, reader, domain, bridge }')
  if (!(Number.isInteger(options.da.kind) && options.da.kind > 0)) fail('da.kind', options.da.kind, 'a number from 1 on', 'one of DA_KINDS of @causeway/core: the one that the chain is registered with')
  part('l1.client', l1['client'], ['request', 'readContract'], 'createPublicClient({…}) of viem makes one')
  part('l1.reader', l1['reader'], ['poll', 'inbox', 'registrations', 'batchers'], 'createL1Reader({…}) of @causeway/l1 makes one')
  const domain = object('l1.domain', l1['domain'], 'deployCluster of @causeway/l1 returns it')
  chainId('l1.domain.l1ChainId', domain['l1ChainId'])
  for (const [name, value] of [['l1.domain.hub', domain['hub']], ['l1.bridge', l1['bridge']]] as const) address(name, value, 'deployCluster of @causeway/l1 returns it')
  if (options.chainId === domain['l1ChainId']) fail('chainId', options.chainId, "another than L1's", 'choose an id that nobody has registered at the hub')
  role(object('role', given['role'], "it is { kind: 'sequencer', batcher, … } or { kind: 'follower' }"))
}

/** Checks what a definition has made. @throws `BAD_ROLLUP` */
export function checkEngine(engine: ExecutionEngine): void {
  part('execution.create()', engine, ['genesis', 'execute', 'rewind', 'validate', 'getNonce', 'weigh'], 'see ExecutionEngine of @causeway/core; engineConformance tries one')
}

function role(given: Unknown): void {
  const { kind, batcher, blockTime, batchInterval, certify = {}, allow, l1Tag } = given
  if (kind !== 'sequencer' && kind !== 'follower') fail('role.kind', kind, "'sequencer' or 'follower'", 'a chain has one sequencer')
  if (kind === 'follower') return
  part('role.batcher', batcher, ['signMessage', 'signTransaction'], 'privateKeyToAccount(key) of viem makes one, with the key of the chain’s batcher on L1')
  const timing = object('role.certify', certify, 'it is { delay, idle, lifetime }, each of them optional')
  const times = { blockTime, batchInterval, ...Object.fromEntries(Object.entries(timing).map(([name, value]) => [`certify.${name}`, value])) }
  for (const [name, ms] of Object.entries(times))
    if (ms !== undefined && !(typeof ms === 'number' && ms >= 0 && ms < Infinity)) fail(`role.${name}`, ms, 'a number of ms', 'leave it out for the default')
  if (l1Tag !== undefined && l1Tag !== 'latest' && l1Tag !== 'safe') fail('role.l1Tag', l1Tag, "'latest' or 'safe'", 'leave it out for `safe`')
  if (allow === undefined) return
  if (!(allow instanceof Map)) fail('role.allow', allow, 'a Map', "from chain ids to what is risked: new Map([[42002n, { rung: 'included', cap: 10n ** 18n }]])")
  for (const [source, value] of allow) {
    chainId('a key of role.allow', source)
    const { rung, cap } = object(`role.allow of ${source}`, value, 'it is { rung, cap }')
    if (rung !== 'included' && rung !== 'certified' && rung !== 'settled') fail(`rung in role.allow of ${source}`, rung, "'included', 'certified' or 'settled'", 'the rung from which the messages of that chain are taken')
    if (typeof cap !== 'bigint' && typeof cap !== 'function') fail(`cap in role.allow of ${source}`, cap, 'a bigint, or a function of the token', 'it is in the smallest unit: 10n ** 18n is one ETH')
  }
}

function object(name: string, given: unknown, hint: string): Unknown {
  if (typeof given !== 'object' || given === null) fail(name, given, 'an object', hint)
  return given as Unknown
}

function part(name: string, given: unknown, has: readonly string[], from: string): void {
  const methods = object(name, given, from)
  const missing = has.filter((method) => typeof methods[method] !== 'function')
  if (missing.length > 0) fail(name, `an object without ${missing.join(', ')}`, `one with ${has.join(', ')}`, from)
}

function address(name: string, given: unknown, hint: string): void {
  if (typeof given !== 'string' || !isAddress(given, { strict: false })) fail(name, given, 'an address', hint)
}

function chainId(name: string, given: unknown): void {
  if (typeof given !== 'bigint' || given < 1n || given >= 2n ** 64n) fail(name, given, 'a bigint from 1n to 2^64 - 1', 'write it with an n: 42001n')
}

function fail(name: string, given: unknown, wanted: string, fix: string): never {
  const what = typeof given === 'bigint' ? `${given}n` : given === undefined ? 'missing' : typeof given === 'string' ? given : `${String(given)} (${typeof given})`
  throw new CausewayError(`The option \`${name}\` is ${what}; it has to be ${wanted}.`, { code: 'BAD_ROLLUP', fix, docs: 'compose.md' })
}

/** Says which L1 is out of reach when a node cannot even start. All other errors pass. @throws `L1_UNREACHABLE` */
export function explainUnreachable(cause: unknown, url: unknown): never {
  if (cause instanceof HttpRequestError || cause instanceof TimeoutError)
    throw new CausewayError(`L1 does not answer${typeof url === 'string' ? ` at ${url}` : ''}.`, { code: 'L1_UNREACHABLE', fix: 'start it, and check the RPC URL of `l1.client`', cause })
  throw cause
}
