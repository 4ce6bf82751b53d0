import { attestedPolicy, CausewayError, silentLog, systemClock, type Log } from '@causeway/core'
import { createL1Reader, registerChain, type ChainRegistration, type L1Reader, type L1User } from '@causeway/l1'
import { connectLink } from '@causeway/messaging'
import { createMembers, registrationConflict, registrationOf, type ChainDefinition, type Members, type RollupDefinition } from '@causeway/node'
import { createTestClient, createWalletClient, formatEther, http, isAddressEqual, parseEther, type Address, type Hex, type PrivateKeyAccount, type PublicClient } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { readCluster, type ClusterInfo } from './about.js'
import { checkCluster, isDevelopmentChain } from './check-cluster.js'
import { openDirectory, type ClusterDirectory } from './directory.js'
import type { L1Client, L1Wallet } from './clients.js'
import { keysIn, signerOf } from './keys.js'
import type { NodeSettings } from './run-node.js'

/** What a registration and its transactions cost at most, with fees of 100 gwei. */
const REGISTRATION_COST = parseEther('0.05')
/** What the batcher is given to begin with, and at which balance it is given that again. */
const FLOAT = { full: parseEther('0.2'), low: parseEther('0.05') }
/** What an account of a development L1 is given. */
const DEVELOPMENT_FUNDS = parseEther('100')
/** ms that the relay gets to bid welcome. */
const PATIENCE = 10_000

/** Options of {@link openMembership}. */
export type MembershipOptions = {
  /** URL of the cluster. */
  cluster: string
  /** Names the chain's folder. */
  name: string
  /** The chain. Without a policy, keys of two nodes are made and both have to sign. */
  definition: ChainDefinition
  /** Folder of keys (mode 600) and databases. */
  directory: string
  /** JSON-RPC of the cluster's L1. Default: the one that the cluster names. */
  l1Url?: string
  /** Key of the L1 account that owns the chain, and pays. Default: one is made and kept in the folder. */
  ownerKey?: Hex
  /** What this process does with the folder: nobody else may do the same meanwhile. Default: everything that `runMember` can. */
  roles?: readonly string[]
  log?: Log
}

/** Something that joining takes. */
export type JoinStep = { what: string; done: boolean }

/** A chain's standing in a cluster, and what its nodes need. */
export type Membership = {
  cluster: ClusterInfo
  /** What the chain is, with its policy. */
  definition: RollupDefinition
  contracts: NodeSettings['contracts']
  l1Url: string
  l1: L1Client
  /** The owner on L1, who also pays. */
  user: { client: L1Client; wallet: L1Wallet }
  owner: Address
  batcher: Address
  directory: string
  name: string
  keys: { batcher: Hex; sequencer: Hex; follower: Hex }
  /** As L1 was polled last. */
  readonly isRegistered: boolean
  /** Who may post for the chain, as L1 was polled last; the zero address if nobody may. @throws CausewayError `UNKNOWN_CHAIN` */
  currentBatcher(): Address
  /** What joining takes, and what of it is done. */
  steps(): Promise<JoinStep[]>
  /**
   * Does what {@link JoinStep}s are not done. Killed anywhere and called again, it goes on from there.
   * @throws CausewayError `L1_UNFUNDED`, `CHAIN_ID_TAKEN`, `RELAY_UNREACHABLE`, `L1_REVERTED`
   */
  join(): Promise<void>
  /** Gives the folder back. */
  close(): void
}

/**
 * Looks at a cluster, and at what a chain lacks to be its member. Makes the chain's keys, if they are not there, and changes nothing else: `join`
 * does, from wherever an earlier one was left. The folder is this process's until `close`.
 * @throws CausewayError `CLUSTER_UNREACHABLE`, `NOT_A_CLUSTER`, those of `checkCluster`, `CHAIN_ID_TAKEN`, `OTHER_REGISTRATION`, `DIRECTORY_…`, `BAD_ROLLUP`
 */
export async function openMembership({ cluster: at, name, definition: given, directory, l1Url, ownerKey, roles = ['sequencer', 'follower'], log = silentLog }: MembershipOptions): Promise<Membership> {
  const cluster = await readCluster(at)
  const client = await checkCluster(cluster, l1Url)
  const folder = openDirectory(directory, { hub: cluster.contracts.hub, chains: [{ name, chainId: given.chain.id }], embedded: false }, roles)
  try {
    return await inspect({ cluster, client, folder, name, given, directory, l1Url: l1Url ?? cluster.l1.rpcUrl, ownerKey, log })
  } catch (error) {
    folder.release()
    throw error
  }
}

async function inspect({ cluster, client, folder, name, given, directory, l1Url, ownerKey, log }: { cluster: ClusterInfo; client: PublicClient; folder: ClusterDirectory; name: string; given: ChainDefinition; directory: string; l1Url: string; ownerKey: Hex | undefined; log: Log }): Promise<Membership> {
  const keys = keysIn(directory, ['batcher', 'sequencer', 'follower', ...(ownerKey ? [] : ['owner'])])
  const account = (key: Hex | undefined): PrivateKeyAccount => privateKeyToAccount(key as Hex)
  const [owner, batcher] = [account(ownerKey ?? keys['owner']), account(keys['batcher'])]
  const definition: RollupDefinition = { ...given, policy: given.policy ?? attestedPolicy(2, [keys['sequencer'], keys['follower']].map((key) => signerOf(key as Hex).publicKey)) }
  const contracts = { ...cluster.contracts, domain: { l1ChainId: BigInt(cluster.l1.chainId), hub: cluster.contracts.hub, clusterId: cluster.clusterId } }
  const registration = await registrationOf(definition, { l1ChainId: contracts.domain.l1ChainId, bridge: contracts.bridge, batcher: batcher.address, owner: owner.address })
  const reader = createL1Reader({ client, addresses: contracts, clock: systemClock, log })
  const members = createMembers(reader)
  const user = { client, wallet: createWalletClient({ account: owner, transport: http(l1Url), pollingInterval: 250 }) }
  const isDevelopment = isDevelopmentChain(cluster.l1.chainId)

  await reader.poll()
  checkRegistration(registration, members)
  if (folder.knows({ name, chainId: registration.chainId }) && !isRegistered())
    throw new CausewayError(`Chain ${registration.chainId} was registered from ${directory}, but not with the cluster at ${cluster.relay} as it is now.`, { code: 'DIRECTORY_FOREIGN', fix: 'the cluster was started anew: delete the folder to join it anew, or choose another' })

  function isRegistered(): boolean {
    return members.find(registration.chainId) !== undefined
  }

  /** What the accounts lack, in wei. */
  async function wanting(): Promise<{ owner: bigint; batcher: bigint }> {
    const [has, float] = await Promise.all([client.getBalance({ address: owner.address }), client.getBalance({ address: batcher.address })])
    const forBatcher = float < FLOAT.low ? FLOAT.full - float : 0n
    const needed = forBatcher + (isRegistered() && forBatcher === 0n ? 0n : REGISTRATION_COST)
    return { owner: has < needed ? needed - has : 0n, batcher: forBatcher }
  }

  /** A development L1 gives what is asked; elsewhere the owner has to have it. @throws CausewayError `L1_UNFUNDED` */
  async function fund(lacks: { owner: bigint; batcher: bigint }): Promise<void> {
    if (isDevelopment) {
      const l1 = createTestClient({ mode: 'anvil', transport: http(l1Url) })
      for (const [who, { address }] of [['owner', owner], ['batcher', batcher]] as const) if (lacks[who] > 0n) await l1.setBalance({ address, value: DEVELOPMENT_FUNDS })
    } else if (lacks.owner > 0n)
      throw new CausewayError(`The account ${owner.address}, which is to own the chain, lacks ${formatEther(lacks.owner)} ETH on L1 ${cluster.l1.chainId}.`, { code: 'L1_UNFUNDED', fix: `send it at least that much, and join again; its key is ${ownerKey ? 'the one that you gave' : `in ${directory}/keys.json`}` })
  }

  return {
    ...{ cluster, definition, contracts, l1Url, l1: client, user, owner: owner.address, batcher: batcher.address, directory, name },
    keys: { batcher: keys['batcher'] as Hex, sequencer: keys['sequencer'] as Hex, follower: keys['follower'] as Hex },
    get isRegistered() {
      return isRegistered()
    },
    currentBatcher: () => members.get(registration.chainId).batcher,
    async steps() {
      await reader.poll()
      const lacks = await wanting()
      return [
        { what: `keys of the owner, the batcher and two attesting nodes in ${directory}/keys.json (readable by you only)`, done: true },
        { what: `ETH on L1 for the owner ${owner.address}${isDevelopment ? ' (a development L1 gives it)' : ''}`, done: lacks.owner === 0n },
        { what: `chain ${registration.chainId} registered at the hub ${cluster.contracts.hub}`, done: isRegistered() },
        { what: `ETH for the batcher ${batcher.address}, which posts the chain's data`, done: lacks.batcher === 0n },
      ]
    },
    async join() {
      await reachRelay(cluster, log)
      await fund(await wanting())
      if (!isRegistered()) await register({ user, hub: cluster.contracts.hub, registration, reader, members })
      folder.add([{ name, chainId: registration.chainId }])
      const { batcher: lacks } = await wanting()
      if (lacks > 0n) await client.waitForTransactionReceipt({ hash: await user.wallet.sendTransaction({ chain: null, to: batcher.address, value: lacks }) })
    },
    close: () => folder.release(),
  }
}

/** Sends a registration; whether it counts is what L1 has afterwards, since one that was sent before may be under way. */
async function register({ user, hub, registration, reader, members }: { user: L1User; hub: Address; registration: ChainRegistration; reader: L1Reader; members: Members }): Promise<void> {
  let failed: unknown
  await registerChain({ ...user, hub, registration }).catch((error: unknown) => (failed = error))
  if (failed !== undefined) await mined(user)
  await reader.poll()
  checkRegistration(registration, members)
  if (!members.find(registration.chainId)) throw failed
}

/** Waits, a minute at most, until L1 has mined what an account has sent. */
async function mined({ client, wallet }: L1User): Promise<void> {
  const count = (blockTag: 'latest' | 'pending') => client.getTransactionCount({ address: wallet.account.address, blockTag })
  for (let seconds = 0; seconds < 60; seconds++) {
    const [latest, pending] = await Promise.all([count('latest'), count('pending')])
    if (latest >= pending) return
    await systemClock.sleep(1_000)
  }
}

/** @throws CausewayError `CHAIN_ID_TAKEN` if it is somebody else's, `OTHER_REGISTRATION` if it is the owner's, with something else in it */
function checkRegistration(registration: ChainRegistration, members: Members): void {
  const there = members.find(registration.chainId)?.registration
  if (there && !isAddressEqual(there.owner, registration.owner))
    throw new CausewayError(`The id ${registration.chainId} is taken: ${there.owner} has registered it with this cluster.`, { code: 'CHAIN_ID_TAKEN', fix: 'choose another `chain.id` in the definition; if that account is yours, give its key (CAUSEWAY_OWNER_KEY) or the folder that has it' })
  const conflict = registrationConflict(members, registration)
  if (conflict && conflict.code !== 'BATCHER_CHANGED') throw conflict
}

/** @throws CausewayError `RELAY_UNREACHABLE` */
async function reachRelay({ relay }: ClusterInfo, log: Log): Promise<void> {
  const link = connectLink({ url: relay, clock: systemClock, log })
  const late = new AbortController()
  try {
    const answered = await Promise.race([link.ready().then(() => true), systemClock.sleep(PATIENCE, late.signal).then(() => false)])
    if (!answered) throw new CausewayError(`The cluster's relay does not answer at ${relay}.`, { code: 'RELAY_UNREACHABLE', fix: 'ask whoever runs the cluster, or check what is between you and it: it is a WebSocket' })
  } finally {
    late.abort()
    await link.close()
  }
}
