import { createTwinCluster, TEST_BENEFICIARY, TEST_DOMAIN, TEST_L1_CHAIN_ID, testAddress, type TwinChain } from '@causeway/testing'
import type { Hex } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { attestationSigner, GRUMPKIN_ORDER } from '../crypto/schnorr.js'
import { errorCode } from '../errors.js'
import { genesisHeader, headerHash } from '../protocol/header.js'
import { ETH, FIELD, MAX_CLOCK_DRIFT, NEVER, toBytes32, ZERO_HASH } from '../protocol/limits.js'
import { nextInboxHash } from '../protocol/l1.js'
import { messageLeaf, tokenKey } from '../protocol/message.js'
import { attestedPolicy, policyHash } from '../protocol/policy.js'
import type { Certificate, ChainHeader, Entry, Message, QueueEntry, Token } from '../protocol/types.js'
import { findBalance, writeBalance } from '../tree/balances.js'
import { memoryNodes, openTree, OUTBOX, pathRoot, REGISTRY, updateTree, type NodeStore } from '../tree/tree.js'
import { draftCertificate, signDraft, type CertificateDraft } from './draft.js'
import { applyEpoch } from './epoch.js'
import type { EpochWitness } from './witness.js'

/*
 * What a chain with all its signers, or an aggregator, may try; and the rule of docs/protocol.md, section 7, that stops it.
 * Everything else about each attempt is consistent and signed. Chain a (101) holds 1000 wei, b (102) 990, c (103) 1000; d (104) is new.
 */
type Scene = {
  a: TwinChain
  b: TwinChain
  c: TwinChain
  d: TwinChain
  /** Epoch time, and that of the certificates. */
  T: bigint
  registry: { root: bigint; nodes: NodeStore; headers: ReadonlyMap<bigint, ChainHeader>; queueHash: Hex }
  /** Certificate that settled last, by chain id. */
  last: Map<bigint, Certificate>
  /** The cluster root before the last epoch, and the header of b under it. */
  stale: { root: bigint; b: ChainHeader; siblings: bigint[] }
  /** Settled messages of b: consumed by a, to a, to c, to a but expired. */
  consumed: Message
  waiting: Message
  toC: Message
  expired: Message
  /** Settled message of a to b. */
  ofA: Message
}
let s: Scene

beforeAll(async () => {
  const cluster = createTwinCluster([101n, 102n, 103n, 104n], { places: 3 })
  const [a, b, c, d] = cluster.chains as [TwinChain, TwinChain, TwinChain, TwinChain]
  const last = new Map<bigint, Certificate>()
  const settle = async (...chains: TwinChain[]) => {
    const { epoch, dropped } = cluster.compose(await Promise.all(chains.map((chain) => chain.certify())))
    if (!epoch || dropped.length > 0) throw new Error(`an honest epoch was refused: ${dropped[0]?.reason}`)
    cluster.settle(epoch)
    for (const certificate of epoch.certificates) last.set(certificate.before.chainId, certificate)
  }
  cluster.tick()
  for (const chain of [a, b]) chain.deposit(1000n)
  await settle(a, b)
  cluster.tick()
  c.deposit(1000n)
  const consumed = b.send({ destination: 101n, amount: 0n })
  const waiting = b.send({ destination: 101n, amount: 5n })
  const toC = b.send({ destination: 103n, amount: 5n })
  const expired = b.send({ destination: 101n, expiry: cluster.time + 500n })
  const ofA = a.send({ destination: 102n })
  await settle(a, b, c)
  const { root, nodes, headers } = cluster.registry
  const stale = { root, b: headers.get(1n) as ChainHeader, siblings: openTree(nodes, REGISTRY, root, 1n).siblings }
  cluster.tick()
  a.import(consumed, policyHash(b.policy))
  await settle(a)
  s = { a, b, c, d, T: cluster.tick(), registry: cluster.registry, last, stale, consumed, waiting, toC, expired, ofA }
})

const eth: Token = { chain: TEST_L1_CHAIN_ID, address: ETH }
const chains = () => [s.a, s.b, s.c, s.d]
const slotOf = (chainId: bigint) => chains().find((chain) => chain.chainId === chainId)?.slot ?? 1n
const grade = (chain: TwinChain) => policyHash(chain.policy)

/** The nth export of a chain's next certificate. */
function sends(chain: TwinChain, fields: Partial<Message> = {}, nth = 0n, time = s.T): Entry {
  const message: Message = {
    ...{ source: chain.chainId, nonce: chain.header.outboxSize + nth, timestamp: time, destination: chain === s.b ? 101n : 102n },
    ...{ sender: testAddress(1), recipient: testAddress(2), refundTo: testAddress(3), token: eth, amount: 0n, fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x' },
    ...fields,
  }
  return { kind: 'export', time, message }
}
const takes = (message: Message, from: TwinChain = s.b, time = s.T): Entry => ({ kind: 'import', time, message, policyHash: grade(from) })
const deposits = (chain: TwinChain, amount: bigint, nth = 0n, token = eth): Entry => {
  const index = chain.header.l1InboxCursor + nth
  const { message } = sends(chain, { source: TEST_L1_CHAIN_ID, destination: chain.chainId, nonce: index, amount, token }) as Extract<Entry, { kind: 'export' }>
  return { kind: 'l1', time: s.T, entry: { kind: 'deposit', index, message } }
}
const messageOf = (entry: Entry) => (entry as Extract<Entry, { kind: 'export' }>).message

type Options = {
  /** Changes the certificate before its signers sign. */
  edit?: (draft: CertificateDraft) => CertificateDraft
  time?: bigint
  before?: ChainHeader
}
/** A certificate of a chain with these entries, signed by all its signers. */
function certify(chain: TwinChain, entries: Entry[], { edit = (draft) => draft, time = s.T, before = chain.header }: Options = {}): Promise<Certificate> {
  const last = s.last.get(chain.chainId)
  const inboxHashBefore = last?.inboxHash ?? ZERO_HASH
  const inboxHash = entries.reduce((hash, entry) => (entry.kind === 'l1' ? nextInboxHash(hash, entry.entry) : hash), inboxHashBefore)
  const facts = { before, entries, stateRoot: toBytes32(77n), timestamp: time, inboxHashBefore, inboxHash, daIndex: (last?.daIndex ?? 0n) + 1n, daHash: toBytes32(78n), notAfter: NEVER, policy: chain.policy }
  return signDraft(TEST_DOMAIN, edit(draftCertificate(memoryNodes(chain.nodes), facts, slotOf)), chain.signers)
}
/** Changes the message of the nth entry and nothing that follows from it. */
const lie = (change: Partial<Message>, nth = 0) => <T extends CertificateDraft>(draft: T): T => ({
  ...draft,
  entries: draft.entries.map((entry, i) => (i === nth && entry.kind !== 'l1' ? { ...entry, message: { ...entry.message, ...change } } : entry)),
})
const claim = (change: (after: ChainHeader, before: ChainHeader) => Partial<ChainHeader>): Options => ({ edit: (draft) => ({ ...draft, after: { ...draft.after, ...change(draft.after, draft.before) } }) })

type Assembly = { witness: EpochWitness; nodes: NodeStore; root: bigint }
/** An epoch of these certificates in the order given, each import opened under the new root; on top of `behind`, if given. */
function assemble(certificates: readonly Certificate[], behind?: Assembly): Assembly {
  const nodes = memoryNodes(behind?.nodes ?? s.registry.nodes)
  const headers = new Map(s.registry.headers)
  const rootFrom = behind?.root ?? s.registry.root
  let root = rootFrom
  const paths = certificates.map(({ before, after, entries }) => {
    const slot = slotOf(before.chainId)
    const { siblings } = openTree(nodes, REGISTRY, root, slot)
    const sent = entries.flatMap((entry) => (entry.kind === 'export' ? [entry.message] : []))
    sent.reduce((outbox, message) => updateTree(nodes, OUTBOX, outbox, message.nonce, messageLeaf(message, before.policyHash)), before.outboxRoot)
    root = updateTree(nodes, REGISTRY, root, slot, headerHash(after))
    headers.set(slot, after)
    return siblings
  })
  const opened = certificates.map(({ entries }) => {
    const messages = entries.flatMap((entry) => (entry.kind === 'import' ? [entry.message] : []))
    const slots = [...new Set(messages.map(({ source }) => slotOf(source)))]
    const sources = slots.map((slot) => ({ slot, header: headers.get(slot) as ChainHeader, siblings: openTree(nodes, REGISTRY, root, slot).siblings }))
    const imports = messages.map(({ source, nonce }) => {
      const at = slots.indexOf(slotOf(source))
      return { source: at, siblings: openTree(nodes, OUTBOX, sources[at]?.header.outboxRoot as bigint, nonce).siblings }
    })
    return { importRoot: messages.length > 0 ? root : 0n, sources, imports }
  })
  const placed = certificates.map((certificate, i) => ({ slot: slotOf(certificate.before.chainId), certificate, registry: paths[i] as bigint[], ...(opened[i] as (typeof opened)[number]) }))
  const witness = { domain: TEST_DOMAIN, epoch: 9n, time: s.T, beneficiary: TEST_BENEFICIARY, rootFrom, queueHashFrom: s.registry.queueHash, queue: [], certificates: placed }
  return { witness, nodes, root }
}
/** What the twin says of an epoch: 'accepted' or the code of the rule that it breaks. */
function verdict(witness: EpochWitness): string {
  try {
    applyEpoch(witness)
    return 'accepted'
  } catch (error) {
    return errorCode(error) ?? `not a CausewayError: ${String(error)}`
  }
}
const epochOf = async (...certificates: Promise<Certificate>[]): Promise<EpochWitness> => assemble(await Promise.all(certificates)).witness
/** Changes the first certificate's witness, which nobody signs. */
const forge = async (witness: Promise<EpochWitness>, change: (first: EpochWitness['certificates'][number]) => Partial<EpochWitness['certificates'][number]>): Promise<EpochWitness> => {
  const { certificates, ...rest } = await witness
  return { ...rest, certificates: certificates.map((item, i) => (i === 0 ? { ...item, ...change(item) } : item)) }
}
/** An entry of a whose message becomes one that no honest statement can be written about. */
const unwritable = (entry: Entry, change: Partial<Message>) => forge(epochOf(certify(s.a, [entry])), ({ certificate }) => ({ certificate: lie(change)(certificate) }))
const signatures = (change: (all: Certificate['signatures']) => Certificate['signatures']) =>
  forge(epochOf(certify(s.a, [])), ({ certificate }) => ({ certificate: { ...certificate, signatures: change(certificate.signatures) } }))
const opening = (kind: 'balances' | 'inbox' | 'outbox', change: object) => (draft: CertificateDraft) =>
  ({ ...draft, openings: { ...draft.openings, [kind]: draft.openings[kind].map((item, i) => (i === 0 ? { ...item, ...change } : item)) } })

type Attack = [what: string, code: string, build: () => Promise<EpochWitness>]

const value: Attack[] = [
  ['withdraw more than it holds', 'RULE_R20', () => epochOf(certify(s.a, [sends(s.a, { destination: TEST_L1_CHAIN_ID, amount: 1n })], { edit: lie({ amount: 1001n }) }))],
  ['withdraw more than it holds, in parts', 'RULE_R20', () => epochOf(certify(s.a, [0n, 1n].map((i) => sends(s.a, { destination: TEST_L1_CHAIN_ID, amount: 500n }, i)), { edit: lie({ amount: 501n }, 1) }))],
  ['withdraw p more than it says', 'OUT_OF_RANGE', () => unwritable(sends(s.a, { amount: 1n }), { amount: FIELD + 1n })],
  ['withdraw a negative amount', 'OUT_OF_RANGE', () => unwritable(sends(s.a, { amount: 1n }), { amount: -1n })],
  ['take a token to L1 that is not L1’s', 'RULE_R15', () => epochOf(certify(s.a, [sends(s.a, { destination: TEST_L1_CHAIN_ID, amount: 1n, token: { chain: 101n, address: testAddress(1) } })]))],
  ['borrow inside an epoch what nobody backs', 'RULE_R20', () => loan(2000n)],
  ['credit one token as another', 'RULE_R19', () => epochOf(certify(s.a, [deposits(s.a, 5n), sends(s.a, { amount: 1n })], { edit: lie({ token: { ...eth, address: testAddress(0xbad) } }, 1) }))],
  ['have a token home of another chain in a deposit', 'RULE_R17', () => epochOf(certify(s.a, [deposits(s.a, 5n, 0n, { chain: 102n, address: testAddress(1) })]))],
]

/** a lends itself an amount through b: out at T, back at T + 2. The entries are drafted in an order that covers the debit. */
function loan(amount: bigint): Promise<EpochWitness> {
  const out = sends(s.a, { amount })
  const back = sends(s.b, { amount }, 0n, s.T + 1n)
  const returned = takes(messageOf(back), s.b, s.T + 2n)
  const ofA = certify(s.a, [returned, out], { time: s.T + 2n, edit: (draft) => ({ ...draft, entries: [out, returned] }) })
  return epochOf(ofA, certify(s.b, [takes(messageOf(out), s.a, s.T + 1n), back], { time: s.T + 1n }))
}

const aliases: Attack[] = [
  ['name a balance at its position + 2^32', 'BAD_PATH', () => epochOf(certify(s.a, [deposits(s.a, 5n)], { edit: (draft) => opening('balances', { position: (draft.openings.balances[0]?.position ?? 0n) + 2n ** 32n })(draft) }))],
  ['open a balance of 2^200', 'RULE_R20', () => epochOf(certify(s.a, [], { edit: (draft) => ({ ...draft, openings: { ...draft.openings, balances: [{ token: eth, position: 0n, before: 2n ** 200n, siblings: [] }] } }) }))],
  ['name one balance twice', 'RULE_R20', () => epochOf(certify(s.a, [deposits(s.a, 5n)], { edit: (draft) => ({ ...draft, openings: { ...draft.openings, balances: [...draft.openings.balances, ...draft.openings.balances] } }) }))],
  ['name a token by 21 bytes', 'OUT_OF_RANGE', () => unwritable(sends(s.a, { amount: 1n }), { token: { ...eth, address: `0x01${'00'.repeat(20)}` } })],
  ['name a nonce + 2^32', 'OUT_OF_RANGE', () => unwritable(takes(s.waiting), { nonce: s.waiting.nonce + 2n ** 32n })],
  ['name a source + p', 'OUT_OF_RANGE', () => unwritable(takes(s.waiting), { source: s.waiting.source + FIELD })],
  ['name a slot + 2^32', 'OUT_OF_RANGE', () => forge(epochOf(certify(s.a, [])), ({ slot }) => ({ slot: slot + 2n ** 32n }))],
  ['name an inbox leaf of another slot', 'RULE_R12', () => epochOf(certify(s.a, [takes(s.waiting)], { edit: opening('inbox', { index: 5n << 25n, before: 0n }) }))],
  ['sign with s + q', 'RULE_R22', () => signatures(([one, ...rest]) => (one ? [{ ...one, signature: { ...one.signature, s: one.signature.s + GRUMPKIN_ORDER } }, ...rest] : []))],
  ['sign with e + p', 'RULE_R22', () => signatures(([one, ...rest]) => (one ? [{ ...one, signature: { ...one.signature, e: one.signature.e + FIELD } }, ...rest] : []))],
]

const imports: Attack[] = [
  ['replay an import of an earlier certificate', 'RULE_R12', () => epochOf(certify(s.a, [takes(s.waiting)], { edit: lie(s.consumed) }))],
  ['import a message twice', 'RULE_R12', () => epochOf(certify(s.a, [takes(s.waiting)], { edit: (draft) => ({ ...draft, entries: [...draft.entries, ...draft.entries] }) }))],
  ['import again by a bitmap that is not its own', 'RULE_R12', () => epochOf(certify(s.a, [takes(s.waiting)], { edit: opening('inbox', { before: 0n }) }))],
  ['import without marking it', 'RULE_R12', () => epochOf(certify(s.a, [takes(s.waiting)], claim((_, { inboxRoot }) => ({ inboxRoot }))))],
  ['import what no outbox holds', 'RULE_R8', () => epochOf(certify(s.a, [takes({ ...s.waiting, nonce: 40n })]))],
  ['import more than was sent', 'RULE_R8', () => epochOf(certify(s.a, [takes({ ...s.waiting, amount: 500n })]))],
  ['import under a better grade', 'RULE_R8', () => epochOf(certify(s.a, [{ ...takes(s.waiting), policyHash: 5n } as Entry]))],
  ['import what another chain holds than its source', 'RULE_R6', () => forge(epochOf(certify(s.a, [takes({ ...s.waiting, source: 103n })])), ({ imports: [item] }) => ({ ...source(s.b), imports: item ? [item] : [] }))],
  ['import from the outbox of another chain', 'RULE_R8', () => epochOf(certify(s.a, [takes({ ...s.waiting, source: 103n }, s.c)]))],
  ['import what is meant for another chain', 'RULE_R9', () => epochOf(certify(s.a, [takes(s.toC)]))],
  ['import from itself', 'RULE_R7', () => epochOf(certify(s.a, [takes({ ...s.ofA, destination: 101n }, s.a)]))],
  ['import from L1', 'RULE_R7', () => epochOf(certify(s.a, [takes(s.waiting)], { edit: lie({ source: TEST_L1_CHAIN_ID }) }))],
  ['send to itself', 'RULE_R14', () => epochOf(certify(s.a, [sends(s.a, { destination: 101n })]))],
  ['import an expired message', 'RULE_R11', () => epochOf(certify(s.a, [takes(s.expired)]))],
  ['cause itself by a cycle of messages inside an epoch', 'RULE_R10', () => {
    const [x, y] = [sends(s.a), sends(s.b)]
    return epochOf(certify(s.a, [takes(messageOf(y)), x]), certify(s.b, [takes(messageOf(x), s.a), y]))
  }],
  ['import before it was sent', 'RULE_R10', () => {
    const late = sends(s.b, {}, 0n, s.T + 5n)
    return epochOf(certify(s.a, [takes(messageOf(late))]), certify(s.b, [late], { time: s.T + 5n }))
  }],
  ['import without opening the source', 'RULE_R6', () => forge(epochOf(certify(s.a, [takes(s.waiting)])), () => ({ sources: [] }))],
  ['leave an import unopened', 'RULE_R6', () => forge(epochOf(certify(s.a, [takes(s.waiting)])), () => ({ imports: [] }))],
]

/** A source opened under the root that the epoch leaves when only a has a certificate. */
function source(chain: TwinChain): { sources: EpochWitness['certificates'][number]['sources'] } {
  return { sources: [{ slot: chain.slot, header: chain.header, siblings: openTree(s.registry.nodes, REGISTRY, s.registry.root, chain.slot).siblings }] }
}

const history: Attack[] = [
  ['skip a height', 'RULE_R1', () => epochOf(certify(s.a, [], claim(({ height }) => ({ height: height + 1n }))))],
  ['repeat a height', 'RULE_R1', () => epochOf(certify(s.a, [], claim((_, { height }) => ({ height }))))],
  ['stop its clock', 'RULE_R2', () => epochOf(certify(s.a, [], { time: s.a.header.timestamp }))],
  ['turn its clock back', 'RULE_R2', () => epochOf(certify(s.a, [], { time: s.a.header.timestamp - 1n }))],
  ['run far ahead', 'RULE_R3', () => epochOf(certify(s.a, [], { time: s.T + MAX_CLOCK_DRIFT + 1n }))],
  ['date an entry before its last certificate', 'RULE_R5', () => epochOf(certify(s.a, [sends(s.a, {}, 0n, s.a.header.timestamp)]))],
  ['date an entry after the certificate', 'RULE_R5', () => epochOf(certify(s.a, [sends(s.a, {}, 0n, s.T + 1n)]))],
  ['go back in time between entries', 'RULE_R5', () => epochOf(certify(s.a, [sends(s.a), sends(s.a, {}, 1n, s.T - 1n)]))],
  ['settle twice in one epoch', 'RULE_R26', async () => {
    const first = await certify(s.a, [])
    const second = certify(s.a, [], { before: first.after, time: s.T + 1n })
    return epochOf(Promise.resolve(first), second)
  }],
  ['settle two certificates of one height in one epoch', 'RULE_R26', () => epochOf(certify(s.a, []), certify(s.a, [sends(s.a)]))],
  ['settle a second certificate of one height later', 'RULE_R27', async () => assemble([await certify(s.a, [sends(s.a)])], assemble([await certify(s.a, [])])).witness],
  ['settle in another order than by slot', 'RULE_R26', () => epochOf(certify(s.b, []), certify(s.a, []))],
  ['leave a nonce out', 'RULE_R13', () => epochOf(certify(s.a, [sends(s.a, {}, 1n)]))],
  ['send in the name of another chain', 'RULE_R13', () => epochOf(certify(s.a, [sends(s.a, { source: 103n })]))],
]

const headers: Attack[] = [
  ['change its chain id', 'RULE_R4', () => epochOf(certify(s.a, [], claim(() => ({ chainId: 103n }))))],
  ['change its policy', 'RULE_R4', () => epochOf(certify(s.a, [], claim(() => ({ policyHash: grade(s.b) }))))],
  ['backdate its policy', 'RULE_R4', () => epochOf(certify(s.a, [], claim(() => ({ policySince: 1n }))))],
  ['change its balances without an entry', 'RULE_R21', () => epochOf(certify(s.a, [], claim(() => ({ balanceRoot: s.b.header.balanceRoot }))))],
  ['change its inbox without an entry', 'RULE_R12', () => epochOf(certify(s.a, [], claim(() => ({ inboxRoot: s.b.header.inboxRoot }))))],
  ['change its outbox without an entry', 'RULE_R16', () => epochOf(certify(s.a, [], claim(() => ({ outboxRoot: s.b.header.outboxRoot }))))],
  ['count an export that it did not make', 'RULE_R16', () => epochOf(certify(s.a, [], claim(({ outboxSize }) => ({ outboxSize: outboxSize + 1n }))))],
  ['skip an entry of its L1 inbox', 'RULE_R18', () => epochOf(certify(s.a, [], claim(({ l1InboxCursor }) => ({ l1InboxCursor: l1InboxCursor + 1n }))))],
  ['change what an L1 entry says', 'RULE_R18', () => epochOf(certify(s.a, [deposits(s.a, 5n)], { edit: (draft) => ({ ...draft, entries: [deposits(s.a, 50n)] }) }))],
  ['change its state after it was signed', 'RULE_R22', () => forge(epochOf(certify(s.a, [])), ({ certificate }) => ({ certificate: { ...certificate, after: { ...certificate.after, stateRoot: ZERO_HASH } } }))],
  ['start from a header that is not registered', 'RULE_R27', () => epochOf(certify(s.a, [], { before: { ...s.a.header, stateRoot: ZERO_HASH } }))],
  ['start from a genesis with balances in it', 'RULE_R27', () => {
    const { position } = findBalance(s.d.nodes, s.d.header.balanceRoot, eth)
    const balanceRoot = writeBalance(s.d.nodes, s.d.header.balanceRoot, position, tokenKey(eth), 10n ** 18n)
    return epochOf(certify(s.d, [sends(s.d, { destination: TEST_L1_CHAIN_ID, amount: 10n ** 18n })], { before: { ...s.d.header, balanceRoot } }))
  }],
]

const signers: Attack[] = [
  ['bring too few signatures', 'RULE_R22', () => signatures((all) => all.slice(1))],
  ['bring one signature twice', 'RULE_R22', () => signatures(([one]) => (one ? [one, one] : []))],
  ['bring signatures in another order', 'RULE_R22', () => signatures((all) => [...all].reverse())],
  ['sign as nobody in the policy', 'RULE_R22', () => signatures((all) => all.map((item, i) => ({ ...item, signer: 2 * i })))],
  ['sign for one another', 'RULE_R22', () => signatures((all) => all.map((item, i) => ({ ...item, signature: all.at(i - 1)?.signature ?? item.signature })))],
  ['let strangers sign', 'RULE_R22', () => epochOf(certify(s.a, []).then(async (it) => ({ ...it, signatures: (await signDraft(TEST_DOMAIN, { ...it, policy: s.b.policy }, s.b.signers)).signatures })))],
  ['sign for another cluster', 'RULE_R22', () => epochOf(certify(s.a, []).then((it) => signDraft({ ...TEST_DOMAIN, clusterId: ZERO_HASH }, it, s.a.signers)))],
  ['bring a policy of its own', 'RULE_R23', () => {
    const mallory = attestationSigner(new Uint8Array(32).fill(66))
    return epochOf(certify(s.a, []).then((it) => signDraft(TEST_DOMAIN, { ...it, policy: attestedPolicy(1, [mallory.publicKey]) }, [mallory])))
  }],
  ['lower the threshold', 'RULE_R23', () => epochOf(certify(s.a, []).then((it) => ({ ...it, policy: { attested: { ...it.policy.attested, k: 1 } } })))],
  ['name a signer by x + p', 'RULE_R23', () => epochOf(certify(s.a, []).then((it) => ({ ...it, policy: { attested: { k: 2, signers: it.policy.attested.signers.map(({ x, y }) => ({ x: x + FIELD, y })) } } })))],
]

const roots: Attack[] = [
  ['start from a stale cluster root', 'RULE_R27', () => epochOf(certify(s.a, [])).then((witness) => ({ ...witness, rootFrom: s.stale.root }))],
  ['start from an invented cluster root', 'RULE_R27', () => epochOf(certify(s.a, [])).then((witness) => ({ ...witness, rootFrom: 5n }))],
  ['import under an invented root', 'RULE_R6', () => forge(epochOf(certify(s.a, [takes(s.waiting)])), () => ({ importRoot: 5n }))],
  ['import under a stale root with a header of today', 'RULE_R6', () => forge(epochOf(certify(s.a, [takes(messageOf(sends(s.b)))]), certify(s.b, [sends(s.b)])), () => ({ importRoot: s.stale.root }))],
  ['name an import root without importing', 'RULE_R25', () => forge(epochOf(certify(s.a, [])), () => ({ importRoot: s.registry.root }))],
  ['import under the root 0, by a path that leads there', 'RULE_R6', () => forge(epochOf(certify(s.a, [takes(s.waiting)])), () => ({ importRoot: 0n }))],
  ['open a queue slot that is taken as free', 'RULE_R29', async () => {
    const { siblings } = openTree(s.registry.nodes, REGISTRY, s.registry.root, 1n)
    return { ...(await epochOf()), queue: [{ entry: registration({ slot: 1n }), leaf: 0n, siblings }] }
  }],
]

const shapes: Attack[] = [
  ['open a node as a leaf of an outbox', 'BAD_PATH', () => forge(epochOf(certify(s.a, [takes(s.waiting)])), ({ imports: [item] }) => ({ imports: item ? [{ ...item, siblings: item.siblings.slice(1) }] : [] }))],
  ['open an outbox below its leaves', 'BAD_PATH', () => forge(epochOf(certify(s.a, [takes(s.waiting)])), ({ imports: [item] }) => ({ imports: item ? [{ ...item, siblings: [0n, ...item.siblings] }] : [] }))],
  ['open a node as a header', 'BAD_PATH', () => forge(epochOf(certify(s.a, [])), ({ registry }) => ({ registry: registry.slice(1) }))],
  ['open a node as a balance', 'BAD_PATH', () => epochOf(certify(s.a, [deposits(s.a, 5n)], { edit: (draft) => opening('balances', { siblings: draft.openings.balances[0]?.siblings.slice(1) })(draft) }))],
  ['open a node as a bitmap', 'OUT_OF_RANGE', () => epochOf(certify(s.a, [takes(s.waiting)], { edit: opening('inbox', { before: s.a.header.inboxRoot }) }))],
  ['append to an outbox that is not its own', 'RULE_R16', () => epochOf(certify(s.a, [sends(s.a)], { edit: (draft) => opening('outbox', { siblings: draft.openings.outbox[0]?.siblings.map(() => 7n) })(draft) }))],
  ['append in another place of its outbox', 'RULE_R16', () => epochOf(certify(s.a, [sends(s.a)], { edit: opening('outbox', { group: 1n }) }))],
  ['write its balances into the tree of its inbox', 'RULE_R21', () => epochOf(certify(s.a, [deposits(s.a, 5n)], { edit: (draft) => opening('balances', { siblings: draft.openings.balances[0]?.siblings.map(() => 7n) })(draft) }))],
]

const many = <T>(count: number, item: (i: bigint) => T): T[] => Array.from({ length: count }, (_, i) => item(BigInt(i)))
const invented = (nonce: bigint, from = 102n) => takes({ ...s.waiting, nonce, source: from })
const sizes: Attack[] = [
  ['have 17 entries', 'RULE_R28', () => epochOf(certify(s.a, [...many(4, (i) => deposits(s.a, 1n, i)), ...many(5, (i) => invented(20n + i)), ...many(8, (i) => sends(s.a, {}, i))]))],
  ['have 5 L1 entries', 'RULE_R28', () => epochOf(certify(s.a, many(5, (i) => deposits(s.a, 1n, i))))],
  ['have 9 imports', 'RULE_R28', () => epochOf(certify(s.a, many(9, (i) => invented(20n + i))))],
  ['have 9 exports', 'RULE_R28', () => epochOf(certify(s.a, many(9, (i) => sends(s.a, {}, i))))],
  ['have 5 withdrawals', 'RULE_R28', () => epochOf(certify(s.a, many(5, (i) => sends(s.a, { destination: TEST_L1_CHAIN_ID }, i))))],
  ['have 5 tokens', 'RULE_R28', () => epochOf(certify(s.a, [...many(3, (i) => deposits(s.a, 1n, i, { ...eth, address: testAddress(i + 50n) })), ...many(2, (i) => ({ ...invented(20n + i), message: { ...s.waiting, nonce: 20n + i, token: { ...eth, address: testAddress(i + 60n) } } }) as Entry)]))],
  ['have 3 sources', 'RULE_R28', () => epochOf(certify(s.a, [invented(20n), invented(20n, 103n), invented(20n, 104n)]))],
  ['have 3 outbox groups', 'RULE_R16', () => epochOf(certify(s.a, [], { edit: (draft) => ({ ...draft, openings: { ...draft.openings, outbox: many(3, (group) => ({ group, leaves: many(8, () => 0n), siblings: [] })) } }) }))],
  ['have 3 queue entries', 'RULE_R28', async () => ({ ...(await epochOf()), queue: many(3, (slot) => ({ entry: registration({ slot }), leaf: 0n, siblings: [] })) })],
  ['have 3 inbox leaves', 'RULE_R28', () => epochOf(certify(s.a, [invented(20n), invented(200n), invented(400n)]))],
]

function registration(change: Partial<QueueEntry> = {}): QueueEntry {
  return { kind: 1, slot: 9n, chainId: 500n, stateRoot: toBytes32(1n), policyHash: toBytes32(2n), ...change }
}

describe('a chain or aggregator cannot', () => {
  it.each([...value, ...aliases, ...imports, ...history, ...headers, ...signers, ...roots, ...shapes, ...sizes])('%s: %s', async (_, code, build) => {
    expect(verdict(await build())).toBe(code)
  })
})

describe('what the attacks imitate is accepted:', () => {
  const honest: [string, () => Promise<EpochWitness>][] = [
    ['an empty certificate', () => epochOf(certify(s.a, []))],
    ['imports, exports, deposits and withdrawals', () => epochOf(certify(s.a, [deposits(s.a, 5n), takes(s.waiting), sends(s.a, { amount: 7n }), sends(s.a, { destination: TEST_L1_CHAIN_ID, amount: 1003n }, 1n)]), certify(s.c, [takes(s.toC)]))],
    ['a loan that is backed', () => loan(900n)],
    ['a message sent and imported in one epoch', () => epochOf(certify(s.a, [sends(s.a)]), certify(s.b, [takes(messageOf(sends(s.a)), s.a, s.T + 1n)], { time: s.T + 1n }))],
    ['a clock as far ahead as the drift', () => epochOf(certify(s.a, [], { time: s.T + MAX_CLOCK_DRIFT }))],
    ['an import under a settled root; L1 judges its age', () =>
      forge(epochOf(certify(s.a, [takes(s.waiting)])), () => ({ importRoot: s.stale.root, sources: [{ slot: 1n, header: s.stale.b, siblings: s.stale.siblings }] }))],
    ['the first certificate of a chain', () => epochOf(certify(s.d, [deposits(s.d, 5n)]))],
  ]
  it.each(honest)('%s', async (_, build) => expect(verdict(await build())).toBe('accepted'))
})

describe('a registration', () => {
  const apply = (entry: QueueEntry) => {
    const { leaf, siblings } = openTree(s.registry.nodes, REGISTRY, s.registry.root, entry.slot)
    const witness = assemble([]).witness
    return { result: applyEpoch({ ...witness, queue: [{ entry, leaf, siblings }] }), siblings }
  }

  it('inserts the header that the hub defines, and nothing else', () => {
    const entry = registration()
    const { result, siblings } = apply(entry)
    expect(result.rootTo).toBe(pathRoot(REGISTRY, 9n, headerHash(genesisHeader(500n, toBytes32(1n), 2n)), siblings))
    expect(result.queueHashTo).not.toBe(s.registry.queueHash)
  })

  it.each<[string, Partial<QueueEntry>]>([
    ['another kind', { kind: 2 }],
    ['chain id 0', { chainId: 0n }],
    ['L1’s chain id', { chainId: TEST_L1_CHAIN_ID }],
    ['policy hash 0', { policyHash: toBytes32(0n) }],
    ['policy hash p', { policyHash: toBytes32(FIELD) }],
    ['policy hash 2^256 − 1', { policyHash: toBytes32(2n ** 256n - 1n) }],
    ['a slot that is taken', { slot: 1n }],
  ])('with %s is consumed as refused: it stops nobody', (_, change) => {
    const { result } = apply(registration(change))
    expect(result.rootTo).toBe(s.registry.root)
    expect(result.queueHashTo).not.toBe(s.registry.queueHash)
  })
})
