import { attestationSigner, CausewayError, describeGiven, isAddressText, isRecord, isSecret, readSecret, type AttestationSigner, type Clock, type ClusterLink, type ExecutionEngine, type Issue, type Log, type SecretReference, type Secrets, type Store } from '@causeway/core'
import type { DeployedCluster } from '@causeway/l1'
import { hexToBytes, HttpRequestError, isHex, size, TimeoutError, type Address, type Hex, type LocalAccount, type PublicClient } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { RollupDefinition } from './definition/definition.js'
import type { RpcLimits } from './rpc/index.js'

/** The cluster's L1, as a node reaches it. */
export type HostL1 = {
  client: PublicClient
  /** What `deployCluster` of `@causeway/l1` returns. */
  contracts: Pick<DeployedCluster, 'domain' | 'hub' | 'inbox' | 'bridge'>
  /** ms between looks at L1 while a transaction of the batcher is under way. Default 1000. */
  pollInterval?: number
}

/** What one node has of its own: where it runs, and as what. */
export type RollupHost = {
  /** The sequencer orders transactions, builds blocks, posts them and closes certificates; there is one a chain. A follower derives the chain from L1 alone. */
  role: 'sequencer' | 'follower'
  /** Account of the batcher; by default the definition's `keys.batcher`. Only the sequencer's is used. */
  batcher?: LocalAccount
  /** Makes the node an attester; by default the definition's `keys.attester`. */
  signer?: AttestationSigner
  /** Where secrets are. Default: the environment. */
  secrets?: Secrets
  /** L1 account of the aggregator whose verdicts the node believes: `proven` is shown on its word. Without it, `proven` is not shown. */
  aggregator?: Address
  l1: HostL1
  link: ClusterLink
  store: Store
  /** In which plugins that keep files have a folder each. */
  folder?: string
  clock: Clock
  log: Log
  /** Of RPC; docs/rpc.md has the defaults. */
  limits?: Partial<RpcLimits>
}

type Unknown = Record<string, unknown>

/** The parts of a host: what each must be able to do, and where one comes from. */
const PARTS: Record<string, { has: readonly string[]; from: string }> = {
  link: { has: ['publish', 'subscribe', 'query', 'serve'], from: 'createLinkHub().connect(name) or connectLink({…}) of @causeway/messaging makes one' },
  store: { has: ['get', 'range', 'write', 'close'], from: 'lmdbStore(folder) makes one' },
  clock: { has: ['now', 'sleep'], from: 'systemClock of @causeway/core is one' },
  log: { has: ['debug', 'info', 'warn', 'error'], from: 'silentLog of @causeway/core is one' },
}

/** All that is wrong with a host, for a chain of this definition. */
export function hostIssues(given: unknown, { chain, keys }: Pick<RollupDefinition, 'chain' | 'keys'>): Issue[] {
  const issues: Issue[] = []
  const report = (path: string, value: unknown, wanted: string, fix: string) => void issues.push({ path: `host.${path}`, message: `it is ${describeGiven(value)}; it has to be ${wanted}`, fix })
  const host = isRecord(given) ? given : {}
  const part = (path: string, value: unknown, has: readonly string[], from: string) => {
    const missing = has.filter((method) => !isRecord(value) || typeof value[method] !== 'function')
    if (!isRecord(value)) report(path, value, `an object with ${has.join(', ')}`, from)
    else if (missing.length > 0) report(path, `an object without ${missing.join(', ')}`, `one with ${has.join(', ')}`, from)
  }
  const address = (path: string, value: unknown, fix: string) => {
    if (!isAddressText(value)) report(path, value, 'an address', fix)
  }
  for (const [name, { has, from }] of Object.entries(PARTS)) part(name, host[name], has, from)

  const { role, batcher, signer, aggregator, secrets } = host
  if (role !== 'sequencer' && role !== 'follower') report('role', role, "'sequencer' or 'follower'", 'a chain has one sequencer')
  if (batcher !== undefined) part('batcher', batcher, ['signMessage', 'signTransaction'], 'privateKeyToAccount(key) of viem makes one, with the key of the chain’s batcher on L1')
  else if (role === 'sequencer' && !isSecret(keys?.batcher)) report('batcher', batcher, 'the account that posts the chain’s batches', "give it, or have the definition name its key: keys: { batcher: secret('BATCHER_KEY') }")
  if (signer !== undefined) part('signer', signer, ['sign'], 'attestationSigner(secret) of @causeway/core makes one; leave it out for a node that does not attest')
  if (aggregator !== undefined) address('aggregator', aggregator, 'leave it out to believe nobody')
  if (secrets !== undefined && typeof secrets !== 'function') report('secrets', secrets, 'a function', 'from a name to a value; leave it out for the environment')

  const l1 = isRecord(host['l1']) ? host['l1'] : {}
  part('l1.client', l1['client'], ['request', 'readContract'], 'createPublicClient({…}) of viem makes one')
  const contracts = isRecord(l1['contracts']) ? l1['contracts'] : {}
  const domain = isRecord(contracts['domain']) ? contracts['domain'] : {}
  for (const name of ['hub', 'inbox', 'bridge']) address(`l1.contracts.${name}`, contracts[name], 'deployCluster of @causeway/l1 returns it')
  const { l1ChainId } = domain
  if (typeof l1ChainId !== 'bigint') report('l1.contracts.domain.l1ChainId', l1ChainId, 'a bigint', 'deployCluster of @causeway/l1 returns it')
  else if (l1ChainId === chain?.id) issues.push({ path: 'chain.id', message: `${l1ChainId} is L1's`, fix: 'choose an id that nobody has registered at the hub' })
  return issues
}

/** Checks what a definition has made. @throws `BAD_ROLLUP` */
export function checkEngine(engine: ExecutionEngine): void {
  const missing = ['genesis', 'execute', 'rewind', 'validate', 'getNonce', 'weigh'].filter((method) => typeof (engine as unknown as Unknown)?.[method] !== 'function')
  if (missing.length > 0)
    throw new CausewayError(`The engine that \`execution\` makes lacks ${missing.join(', ')}.`, { code: 'BAD_ROLLUP', fix: 'see ExecutionEngine of @causeway/core; engineConformance tries one', docs: 'compose.md#the-seams' })
}

/** The keys of a node: its host's, or those that the definition names. @throws CausewayError `SECRET_MISSING`, `BAD_SECRET` */
export async function keysOf({ keys }: Pick<RollupDefinition, 'keys'>, { role, batcher, signer, secrets = environment, log }: RollupHost): Promise<{ batcher?: LocalAccount; signer?: AttestationSigner }> {
  const account = role === 'follower' ? undefined : (batcher ?? (keys?.batcher && privateKeyToAccount(await readKey(keys.batcher, secrets, "the key of the chain's batcher"))))
  const attests = signer ?? (keys?.attester && (await attesterOf(keys.attester, secrets, log)))
  return { ...(account && { batcher: account }), ...(attests && { signer: attests }) }
}

async function attesterOf(reference: SecretReference, secrets: Secrets, log: Log): Promise<AttestationSigner | undefined> {
  if (await secrets(reference.secret)) return attestationSigner(hexToBytes(await readKey(reference, secrets, 'the attestation key')))
  log.info(`this node does not attest: ${reference.secret} is not set`)
  return undefined
}

/** Secrets in the environment of the process. */
export const environment: Secrets = (name) => process.env[name]

async function readKey(reference: SecretReference, secrets: Secrets, use: string): Promise<Hex> {
  const value = await readSecret(reference, secrets, use)
  if (!isHex(value) || size(value) !== 32) throw new CausewayError(`The secret ${reference.secret} is no key; it is ${use}.`, { code: 'BAD_SECRET', fix: 'set it to 0x and 64 hex digits' })
  return value
}

/** Says which L1 is out of reach when a node cannot even start. All other errors pass. @throws `L1_UNREACHABLE` */
export function explainUnreachable(cause: unknown, url: unknown): never {
  if (cause instanceof HttpRequestError || cause instanceof TimeoutError)
    throw new CausewayError(`L1 does not answer${typeof url === 'string' ? ` at ${url}` : ''}.`, { code: 'L1_UNREACHABLE', fix: 'start it, and check the RPC URL of `l1.client`', cause })
  throw cause
}
