import {
  attestationSigner,
  attestedPolicy,
  emptyRoot,
  ETH,
  FIELD,
  genesisHeader,
  headerHash,
  memoryNodes,
  NEVER,
  nextInboxHash,
  openTree,
  OUTBOX,
  policyHash,
  REGISTRY,
  toBytes32,
  updateTree,
  ZERO_HASH,
  type AttestationSigner,
  type Certificate,
  type CertificateWitness,
  type ChainHeader,
  type ClusterDomain,
  type Entry,
  type EpochWitness,
  type Message,
  type NodeStore,
  type Policy,
  type QueueEntry,
  type Token,
} from '@causeway/core'
import type { Address, Hex } from 'viem'
import { uncheckedEntries, uncheckedStatement } from './unchecked.js'

/** A chain of the test cluster, with its trees and the keys of its signers. */
export type TestChain = {
  slot: bigint
  header: ChainHeader
  nodes: NodeStore
  policy: Policy
  signers: AttestationSigner[]
  inboxHash: Hex
  /** What it sent before the epoch. */
  sent: Extract<Entry, { kind: 'export' }>[]
}
/** A cluster whose chains can be made to do anything. */
export type TestCluster = { domain: ClusterDomain; registry: NodeStore; root: bigint; chains: TestChain[]; time: bigint }

/** What one certificate of a test epoch does, and how it cheats. */
export type Plan = {
  chain: TestChain
  entries: readonly Entry[]
  creditTo?: (token: Token, entry: number) => Token
  /** Changes the certificate before it is signed. */
  edit?: (draft: Omit<Certificate, 'signatures'>) => Omit<Certificate, 'signatures'>
  /** The entries that the statement tells the signers of, if not the real ones. */
  signEntries?: readonly Entry[]
  /** Signs as this policy and with these keys instead of the chain's first k. */
  signAs?: { policy: Policy; signers: AttestationSigner[] }
  /** The root its imports are opened under, if not the new one. */
  importRoot?: bigint
  /** Under the header of which chain a source's messages are opened, if not its own. */
  openAs?: (source: bigint) => bigint
  /** The slot whose inbox leaf an import's bit is set in, if not that of the source. */
  bitAt?: bigint
}

const T0 = 1_700_000_000_000n

/** A deterministic generator of numbers in [0, 2^32) for tests (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }
}

/** An address that ends in a number. */
export function address(n: number): Address {
  return `0x${n.toString(16).padStart(40, '0')}`
}

/** A message with defaults for what a test does not care about. */
export function message(fields: Partial<Message> & Pick<Message, 'source' | 'destination'>): Message {
  return {
    nonce: 0n,
    timestamp: 0n,
    sender: address(0xaa),
    recipient: address(0xbb),
    refundTo: address(0xcc),
    token: { chain: 31337n, address: ETH },
    amount: 0n,
    fee: 7n,
    gasLimit: 100_000n,
    expiry: NEVER,
    payload: '0x1234',
    ...fields,
  }
}

/** Three chains (901, 902, 903 at slots 0, 1 and 6), 2-of-3 each, that hold 1000 wei of L1's ETH; 901 has sent 6 messages already. */
export function testCluster(): TestCluster {
  const registry = memoryNodes()
  const domain: ClusterDomain = { l1ChainId: 31337n, hub: address(0x4b), clusterId: toBytes32(77n) }
  const cluster: TestCluster = { domain, registry, root: emptyRoot(REGISTRY), chains: [], time: T0 + 60_000n }
  for (const [at, slot] of [0n, 1n, 6n].entries()) {
    const signers = [1, 2, 3]
      .map((key) => attestationSigner(Uint8Array.from({ length: 32 }, (_, i) => (i === 31 ? key + 10 * at : i))))
      .sort((a, b) => (a.publicKey.x < b.publicKey.x ? -1 : 1))
    const policy = attestedPolicy(2, signers.map(({ publicKey }) => publicKey))
    const chainId = 901n + BigInt(at)
    const chain: TestChain = { slot, header: genesisHeader(chainId, toBytes32(1n), policyHash(policy)), nodes: memoryNodes(), policy, signers, inboxHash: ZERO_HASH, sent: [] }
    cluster.chains.push(chain)
    advance(cluster, chain, [deposit(chain, 1000n)])
    if (at === 0) advance(cluster, chain, Array.from({ length: 6 }, (_, i) => sent(chain, { destination: 902n, amount: 1n }, i)))
  }
  return cluster
}

/** The next deposit of ETH to a chain; `ahead` counts entries already planned. */
export function deposit(chain: TestChain, amount: bigint, fields: Partial<Message> = {}, ahead = 0): Extract<Entry, { kind: 'l1' }> {
  const index = chain.header.l1InboxCursor + BigInt(ahead)
  const time = chain.header.timestamp + 100n
  const body = message({ source: 31337n, destination: chain.header.chainId, nonce: index, timestamp: T0, amount, fee: 0n, ...fields })
  return { kind: 'l1', time, entry: { kind: 'deposit', index, message: body } }
}

/** The next export of a chain; `ahead` counts exports already planned. */
export function sent(chain: TestChain, fields: Partial<Message> & Pick<Message, 'destination'>, ahead = 0, time = chain.header.timestamp + 200n): Extract<Entry, { kind: 'export' }> {
  const body = message({ source: chain.header.chainId, nonce: chain.header.outboxSize + BigInt(ahead), timestamp: time, ...fields })
  return { kind: 'export', time, message: body }
}

/** The import of what a chain sent. */
export function received(from: TestChain, export_: Extract<Entry, { kind: 'export' }>, time = export_.time + 50n): Extract<Entry, { kind: 'import' }> {
  return { kind: 'import', time, message: export_.message, policyHash: from.header.policyHash }
}

/** Moves a chain on without a proof: history for later epochs. */
export function advance(cluster: TestCluster, chain: TestChain, entries: readonly Entry[]): void {
  const { after, inboxHash } = draft(cluster, { chain, entries })
  chain.header = after
  chain.inboxHash = inboxHash
  chain.sent.push(...entries.filter((entry) => entry.kind === 'export'))
  cluster.root = updateTree(cluster.registry, REGISTRY, cluster.root, chain.slot, headerHash(after))
}

function draft(cluster: TestCluster, { chain, entries, creditTo, edit, signAs, bitAt, openAs = (source) => source }: Plan): Omit<Certificate, 'signatures'> {
  const { header: before, nodes } = chain
  const context = { chainId: before.chainId, policyHash: before.policyHash, slotOf: (source: bigint) => bitAt ?? cluster.chains.find(({ header }) => header.chainId === openAs(source))?.slot ?? 0n }
  const { state, openings } = uncheckedEntries(nodes, before, entries, context, creditTo)
  const inboxHash = entries.reduce((hash, entry) => (entry.kind === 'l1' ? nextInboxHash(hash, entry.entry) : hash), chain.inboxHash)
  const timestamp = entries.reduce((latest, { time }) => (time > latest ? time : latest), before.timestamp === 0n ? T0 : before.timestamp + 1n)
  const result = {
    before,
    after: { ...before, ...state, height: before.height + 1n, timestamp, stateRoot: toBytes32((before.height + 7n) * 0x1234567890abcdefn ** 3n) },
    entries,
    inboxHashBefore: chain.inboxHash,
    inboxHash,
    daIndex: before.height + 1n,
    daHash: toBytes32(before.height * 31n ** 50n),
    notAfter: T0 + 3_600_000n,
    policy: signAs?.policy ?? chain.policy,
    openings,
  }
  return edit ? edit(result) : result
}

/** Composes an epoch from plans, in the order given, with everything that has to be consistent consistent. */
export async function buildEpoch(
  cluster: TestCluster,
  plans: readonly Plan[],
  queueEntries: readonly QueueEntry[] = [],
): Promise<EpochWitness> {
  const { registry, domain } = cluster
  let root = cluster.root
  const queue = queueEntries.map((entry) => {
    const { leaf, siblings } = openTree(registry, REGISTRY, root, entry.slot)
    const admitted = leaf === 0n && entry.kind === 1 && ![0n, domain.l1ChainId].includes(entry.chainId) && BigInt(entry.policyHash) > 0n && BigInt(entry.policyHash) < FIELD
    if (admitted) root = updateTree(registry, REGISTRY, root, entry.slot, headerHash(genesisHeader(entry.chainId, entry.stateRoot, BigInt(entry.policyHash))))
    return { entry, leaf, siblings }
  })
  const drafts = plans.map((plan) => draft(cluster, plan))
  const placed = drafts.map((item, i) => {
    const slot = plans[i]?.chain.slot ?? 0n
    const { siblings } = openTree(registry, REGISTRY, root, slot)
    root = updateTree(registry, REGISTRY, root, slot, headerHash(item.after))
    return { slot, registry: siblings, draft: item }
  })
  const certificates: CertificateWitness[] = []
  for (const [i, { slot, registry: path, draft: item }] of placed.entries()) {
    const plan = plans[i] as Plan
    const { policy, signers } = plan.signAs ?? { policy: plan.chain.policy, signers: plan.chain.signers.slice(0, plan.chain.policy.attested.k) }
    const statement = uncheckedStatement(domain, { ...item, entries: plan.signEntries ?? item.entries })
    const signatures = await Promise.all(
      signers.map(async (key) => ({
        signer: policy.attested.signers.findIndex(({ x, y }) => x === key.publicKey.x && y === key.publicKey.y),
        signature: await key.sign(statement),
      })),
    )
    certificates.push({ slot, registry: path, certificate: { ...item, signatures }, ...openImports(cluster, plan, plan.importRoot ?? root, plans, drafts) })
  }
  return {
    domain,
    epoch: 5n,
    time: cluster.time,
    beneficiary: address(0xbe),
    rootFrom: cluster.root,
    queueHashFrom: toBytes32(99n),
    queue,
    certificates,
  }
}

function openImports(
  cluster: TestCluster,
  { entries, openAs = (source) => source }: Plan,
  root: bigint,
  plans: readonly Plan[],
  drafts: readonly Omit<Certificate, 'signatures'>[],
): Pick<CertificateWitness, 'importRoot' | 'sources' | 'imports'> {
  const wanted = entries.filter((entry) => entry.kind === 'import')
  const ids = [...new Set(wanted.map(({ message: { source } }) => source))]
  const chains = ids.map((id) => cluster.chains.find(({ header }) => header.chainId === openAs(id)) ?? (cluster.chains[0] as TestChain))
  const sources = chains.map((chain) => {
    const { leaf, siblings } = openTree(cluster.registry, REGISTRY, root, chain.slot)
    const known = [chain.header, ...drafts.filter((_, i) => plans[i]?.chain === chain).map(({ after }) => after)]
    return { slot: chain.slot, header: known.find((header) => headerHash(header) === leaf) ?? chain.header, siblings }
  })
  const imports = wanted.map(({ message: { source, nonce } }) => {
    const at = ids.indexOf(source)
    const chain = chains[at] as TestChain
    return { source: at, siblings: openTree(chain.nodes, OUTBOX, sources[at]?.header.outboxRoot ?? 0n, nonce).siblings }
  })
  return { importRoot: wanted.length > 0 ? root : 0n, sources, imports }
}
