import {
  accumulate,
  attestationSigner,
  attestedPolicy,
  BALANCE,
  balanceLeaf,
  FIELD,
  genesisHeader,
  groupRoot,
  GRUMPKIN_ORDER,
  headerHash,
  INBOX,
  inboxFields,
  inboxStep,
  limbs,
  nextQueueHash,
  openTree,
  OUTBOX,
  pathRoot,
  policyHash,
  poseidon2,
  REGISTRY,
  TAG,
  tokenKey,
  toBytes32,
  updateTree,
  withdrawalDigest,
  ZERO_HASH,
  type Certificate,
  type ChainHeader,
  type EpochWitness,
  type Policy,
  type Token,
} from '@causeway/core'
import type { Hex } from 'viem'
import { field } from '../circuit-values.js'
import { toCircuitInputs, type CircuitInputs } from '../witness.js'
import { address, advance, buildEpoch, deposit, received, sent, testCluster, type Plan, type TestChain, type TestCluster } from './cluster.js'
import { uncheckedLeaf, uncheckedResult, uncheckedStatement } from './unchecked.js'

/** A forged epoch that breaks one rule and is consistent in everything else. */
export type Attack = {
  /** The rule whose statements in the circuit refuse it. */
  rule: number
  name: string
  places: 1 | 2
  /** What the twin says; undefined if a witness of the twin cannot even express the attack. */
  twin: string | undefined
  build(): Promise<{ witness: EpochWitness; inputs: CircuitInputs }>
}

type Scene = { cluster: TestCluster; a: TestChain; b: TestChain; c: TestChain }
type Forgery = { witness: EpochWitness; inputs?: (inputs: Loose, witness: EpochWitness) => void }
/** Circuit inputs, seen as what a forger edits. */
type Loose = { [name: string]: Loose } & { [index: number]: Loose } & string

function scene(): Scene {
  const cluster = testCluster()
  const [a, b, c] = cluster.chains as [TestChain, TestChain, TestChain]
  return { cluster, a, b, c }
}

function attack(rule: number, name: string, forge: (scene: Scene) => Promise<Forgery>, options: { twin?: string | null; places?: 1 | 2 } = {}): Attack {
  const { twin = `RULE_R${rule}`, places = 1 } = options
  return {
    rule,
    name,
    places,
    twin: twin ?? undefined,
    async build() {
      const { witness, inputs: edit } = await forge(scene())
      const inputs = toCircuitInputs(witness, uncheckedResult(witness), places)
      edit?.(inputs as Loose, witness)
      return { witness, inputs }
    },
  }
}

/** One certificate of 902, changed before it is signed. */
const edited = (edit: NonNullable<Plan['edit']>, entries: (scene: Scene) => Plan['entries'] = () => []) => async (at: Scene) => ({
  witness: await buildEpoch(at.cluster, [{ chain: at.b, entries: entries(at), edit }]),
})
const after = (change: (after: ChainHeader, before: ChainHeader) => Partial<ChainHeader>) => (draft: Omit<Certificate, 'signatures'>) => ({
  ...draft,
  after: { ...draft.after, ...change(draft.after, draft.before) },
})
/** One certificate of 902 that does these entries, imports being opened under the settled root. */
const doing = (entries: (scene: Scene) => Plan['entries'], plan: Omit<Plan, 'chain' | 'entries'> = {}) => async (at: Scene) => {
  const done = entries(at)
  return { witness: await buildEpoch(at.cluster, [{ chain: at.b, entries: done, importRoot: at.cluster.root, ...plan }]) }
}
const firstCertificate = (witness: EpochWitness, change: (item: EpochWitness['certificates'][number]) => Partial<EpochWitness['certificates'][number]>): EpochWitness => ({
  ...witness,
  certificates: witness.certificates.map((item, i) => (i === 0 ? { ...item, ...change(item) } : item)),
})
const add = (holder: Loose, name: string, change: bigint) => {
  ;(holder as unknown as Record<string, string>)[name] = `0x${((BigInt(holder[name] as string) + change + FIELD) % FIELD).toString(16)}`
}
const set = (holder: Loose, name: string | number, value: unknown) => {
  ;(holder as unknown as Record<string | number, unknown>)[name] = value
}
const foreign: Token = { chain: 903n, address: address(0x99) }
const own: Token = { chain: 902n, address: address(0x88) }
const first = (chain: TestChain, at = 0) => chain.sent[at] as TestChain['sent'][number]
/** Opens the nth group of the outbox, which must be empty but for older leaves, below siblings of another tree. */
const foreignGroup = (nth: number) => (draft: Omit<Certificate, 'signatures'>) => {
  const opening = draft.openings.outbox[nth]
  if (!opening) return draft
  const siblings = opening.siblings.map(() => 7n)
  const exported = draft.entries.flatMap((entry) => (entry.kind === 'export' ? [uncheckedLeaf(entry.message, draft.before.policyHash)] : []))
  const leaves = opening.leaves.map((leaf, i) => exported[Number(opening.group * 8n + BigInt(i) - draft.before.outboxSize)] ?? leaf)
  const outbox = draft.openings.outbox.with(nth, { ...opening, siblings })
  return { ...draft, openings: { ...draft.openings, outbox }, after: { ...draft.after, outboxRoot: pathRoot(OUTBOX, opening.group, groupRoot(leaves), siblings, 3) } }
}
const mallory = attestationSigner(Uint8Array.from({ length: 32 }, () => 66))

/** Makes the inputs claim L1 data with other withdrawals. */
function showL1(inputs: Loose, { slot, certificate, importRoot }: EpochWitness['certificates'][number], withdrawals: readonly Hex[]): void {
  const leaves = certificate.entries.flatMap((entry) => (entry.kind === 'export' ? [uncheckedLeaf(entry.message, certificate.before.policyHash)] : []))
  const [hi, lo] = limbs(accumulate(ZERO_HASH, { slot, certificate, importRoot, leaves, withdrawals }))
  set(inputs, 'acc_to_hi', `0x${hi.toString(16)}`)
  set(inputs, 'acc_to_lo', `0x${lo.toString(16)}`)
}

/** Gives a chain another policy, whatever it is, as if it had been registered with it. */
function setPolicy({ cluster, b }: Scene, policy: Policy): void {
  b.policy = policy
  b.header = { ...b.header, policyHash: policyHash(policy) }
  cluster.root = updateTree(cluster.registry, REGISTRY, cluster.root, b.slot, headerHash(b.header))
}

const headers: Attack[] = [
  attack(1, 'skips a height', edited(after(({ height }) => ({ height: height + 1n })))),
  attack(1, 'stays at its height', edited(after(({ height }) => ({ height: height - 1n })))),
  attack(2, 'does not advance its clock', edited(after((_, before) => ({ timestamp: before.timestamp })))),
  attack(3, 'runs ahead of L1 by more than the drift', async (at) => ({
    witness: await buildEpoch(at.cluster, [{ chain: at.b, entries: [], edit: after(() => ({ timestamp: at.cluster.time + 30_001n })) }]),
  })),
  attack(4, 'changes its chain id', edited(after(() => ({ chainId: 904n })))),
  attack(4, 'changes its policy', edited(after(() => ({ policyHash: 12345n })))),
  attack(4, 'changes the age of its policy', edited(after(() => ({ policySince: 1n })))),
]

const times: Attack[] = [
  attack(5, 'goes back in time between entries', doing(({ b }) => [{ ...deposit(b, 5n), time: b.header.timestamp + 200n }, deposit(b, 6n, {}, 1)])),
  attack(5, 'has an entry later than its header', edited(after((_, before) => ({ timestamp: before.timestamp + 1n })), ({ b }) => [deposit(b, 5n)])),
  attack(5, 'has an entry as old as the header before', edited(after((_, before) => ({ timestamp: before.timestamp + 1n })), ({ b }) => [{ ...deposit(b, 5n), time: b.header.timestamp }])),
]

const imports: Attack[] = [
  attack(6, 'imports a message that another chain sent in its name', async (at) => {
    advance(at.cluster, at.a, [sent(at.a, { destination: 902n, source: 903n, amount: 5n })])
    return doing(() => [received(at.a, first(at.a, 6))], { openAs: () => 901n })(at)
  }),
  attack(6, 'imports from a header that is nowhere', async (at) => {
    const { witness } = await doing(({ a }) => [received(a, first(a))])(at)
    return { witness: firstCertificate(witness, () => ({ importRoot: 12345n })) }
  }),
  attack(6, 'sets the bit of another slot', doing(({ a }) => [received(a, first(a))], { bitAt: 5n }), { twin: 'RULE_R12' }),
  attack(6, 'imports from a source that is not opened', async (at) => {
    const { root } = at.cluster
    advance(at.cluster, at.a, [sent(at.a, { destination: 902n, amount: 5n })])
    at.cluster.root = root
    const { witness } = await doing(() => [received(at.a, first(at.a, 6))])(at)
    return { witness, inputs: (inputs) => set(inputs['certificates']?.[0]?.['sources']?.[0] as Loose, 'used', false) }
  }),
  attack(7, 'imports from itself', async (at) => {
    advance(at.cluster, at.b, [sent(at.b, { destination: 902n, amount: 5n })])
    return doing(() => [received(at.b, first(at.b))])(at)
  }),
  attack(7, 'imports from a chain that calls itself L1', async (at) => {
    at.c.header = { ...at.c.header, chainId: 31337n }
    advance(at.cluster, at.c, [sent(at.c, { destination: 902n, amount: 5n })])
    return doing(() => [received(at.c, first(at.c))])(at)
  }),
  attack(
    8,
    'imports more than was sent',
    doing(({ a }) => {
      const entry = received(a, first(a))
      return [{ ...entry, message: { ...entry.message, amount: 500n } }]
    }),
  ),
  attack(8, 'raises the grade of a message', doing(({ a }) => [{ ...received(a, first(a)), policyHash: 5n }])),
  attack(9, 'imports what is meant for another chain', async (at) => {
    advance(at.cluster, at.a, [sent(at.a, { destination: 903n, amount: 5n })])
    return doing(() => [received(at.a, first(at.a, 6))])(at)
  }),
  attack(10, 'imports a message at the time of its sending', doing(({ a }) => [received(a, first(a), first(a).time)])),
  attack(11, 'imports an expired message', async (at) => {
    advance(at.cluster, at.a, [sent(at.a, { destination: 902n, amount: 5n, expiry: at.a.header.timestamp + 210n })])
    return doing(() => [received(at.a, first(at.a, 6))])(at)
  }),
  attack(12, 'imports a message twice', doing(({ a }) => [received(a, first(a)), received(a, first(a))])),
  attack(12, 'imports a message again', async (at) => {
    advance(at.cluster, at.b, [received(at.a, first(at.a))])
    return doing(() => [received(at.a, first(at.a), at.b.header.timestamp + 50n)])(at)
  }),
  attack(12, 'imports a message again, by an inbox that is not its own', async (at) => {
    advance(at.cluster, at.b, [received(at.a, first(at.a))])
    return doing(() => [received(at.a, first(at.a), at.b.header.timestamp + 50n)], {
      edit(draft) {
        const [opening] = draft.openings.inbox
        if (!opening) return draft
        const siblings = opening.siblings.map(() => 7n)
        const inboxRoot = pathRoot(INBOX, opening.index, 1n, siblings)
        return { ...draft, openings: { ...draft.openings, inbox: [{ ...opening, before: 0n, siblings }] }, after: { ...draft.after, inboxRoot } }
      },
    })(at)
  }),
  attack(
    12,
    'consumes a message without an entry',
    async (at) => ({
      ...(await doing(({ a }) => [received(a, first(a))], { signEntries: [], edit: after((_, { balanceRoot }) => ({ balanceRoot })) })(at)),
      inputs: (inputs) => set(inputs['certificates']?.[0]?.['entries']?.[0] as Loose, 'import', false),
    }),
    { twin: 'RULE_R21' },
  ),
  attack(12, 'does not write its inbox', edited(after((_, { inboxRoot }) => ({ inboxRoot })), ({ a }) => [received(a, first(a))])),
  attack(12, 'claims any inbox', edited(after(() => ({ inboxRoot: 5n })))),
  attack(25, 'names an import root without importing', async (at) => {
    const { witness } = await doing(() => [])(at)
    return { witness: firstCertificate(witness, () => ({ importRoot: at.cluster.root })) }
  }),
]

const exports_: Attack[] = [
  attack(13, 'leaves a nonce out', doing(({ b }) => [sent(b, { destination: 901n, nonce: b.header.outboxSize + 1n })])),
  attack(13, 'sends in the name of another chain', doing(({ b }) => [sent(b, { destination: 901n, source: 903n })])),
  attack(13, 'dates a message back', doing(({ b }) => [sent(b, { destination: 901n, timestamp: b.header.timestamp + 150n })])),
  attack(13, 'dates a message ahead', doing(({ b }) => [sent(b, { destination: 901n, timestamp: b.header.timestamp + 250n })])),
  attack(14, 'sends to itself', doing(({ b }) => [sent(b, { destination: 902n, amount: 5n })])),
  attack(15, 'takes its own token to L1', doing(({ b }) => [sent(b, { destination: 31337n, amount: 5n, token: own })])),
  attack(16, 'counts an export it did not make', edited(after(({ outboxSize }) => ({ outboxSize: outboxSize + 1n })))),
  attack(16, 'claims any outbox', edited(after(() => ({ outboxRoot: 5n })))),
  attack(16, 'appends to an outbox that is not its own', doing(({ b }) => [sent(b, { destination: 901n })], { edit: foreignGroup(0) })),
  attack(16, 'appends the next group to an outbox that is not its own', async ({ cluster, a }) => ({
    witness: await buildEpoch(cluster, [{ chain: a, entries: [0, 1, 2].map((i) => sent(a, { destination: 902n }, i)), edit: foreignGroup(1) }]),
  })),
  attack(16, 'appends where something stands already', async (at) => {
    const { cluster, b } = at
    b.header = { ...b.header, outboxRoot: updateTree(b.nodes, OUTBOX, b.header.outboxRoot, 0n, 9n) }
    cluster.root = updateTree(cluster.registry, REGISTRY, cluster.root, b.slot, headerHash(b.header))
    return doing(() => [sent(b, { destination: 901n })], {
      edit(draft) {
        const leaf = draft.entries.flatMap((entry) => (entry.kind === 'export' ? [uncheckedLeaf(entry.message, draft.before.policyHash)] : []))[0] ?? 0n
        return { ...draft, after: { ...draft.after, outboxRoot: updateTree(b.nodes, OUTBOX, draft.before.outboxRoot, 0n, (leaf + 9n) % FIELD) } }
      },
    })(at)
  }),
  attack(
    16,
    'sends without an entry, and so without a debit',
    async (at) => ({
      ...(await doing(({ b }) => [sent(b, { destination: 31337n, amount: 5n })], { signEntries: [], edit: after((_, { balanceRoot }) => ({ balanceRoot })) })(at)),
      inputs: (inputs) => set(inputs['certificates']?.[0]?.['entries']?.[0] as Loose, 'export', false),
    }),
    { twin: 'RULE_R21' },
  ),
  attack(
    16,
    'makes one entry of a deposit and a withdrawal, so that neither moves a balance',
    async (at) => ({
      ...(await doing(({ b }) => [deposit(b, 5n), sent(b, { destination: 31337n, amount: 10n ** 24n })], { signEntries: [], edit: after((_, { balanceRoot }) => ({ balanceRoot })) })(at)),
      inputs(inputs) {
        const certificate = inputs['certificates']?.[0] as Loose
        const time = certificate['exports']?.[0]?.['message']?.['timestamp']
        const [both, none] = [true, false].map((flag) => ({ l1: flag, import: false, export: flag, time }))
        set(certificate, 'entries', Array.from({ length: 16 }, (_, i) => (i === 0 ? both : none)))
        // The places of the two kinds add up to that of an export which is not used: it moves nothing, at any time it names.
        set(certificate['exports']?.[1]?.['message'] as Loose, 'timestamp', time)
      },
    }),
    { twin: 'RULE_R20' },
  ),
]

const l1: Attack[] = [
  attack(17, "credits a token whose home is not L1", doing(({ b }) => [deposit(b, 5n, { token: foreign })])),
  attack(18, 'skips an entry of its inbox', edited(after(({ l1InboxCursor }) => ({ l1InboxCursor: l1InboxCursor + 1n })))),
  attack(
    17,
    'reads a deposit as something that counts twice',
    async (at) => ({ ...(await doing(({ b }) => [deposit(b, 5n)], {
      edit(draft) {
        const [entry] = draft.entries
        const [opening] = draft.openings.balances
        if (entry?.kind !== 'l1' || !opening) return draft
        const { token, amount, digest } = inboxFields(entry.entry)
        return {
          ...draft,
          inboxHash: inboxStep(draft.inboxHashBefore, 0, token, amount, digest),
          after: { ...draft.after, balanceRoot: pathRoot(BALANCE, opening.position, balanceLeaf(tokenKey(opening.token), (opening.before ?? 0n) + 2n * amount), opening.siblings) },
        }
      },
    })(at)), inputs: (inputs) => set(inputs['certificates']?.[0]?.['l1']?.[0] as Loose, 'kind', 0) }),
    { twin: 'RULE_R18' },
  ),
  ...[1n, 1n << 200n].map((bit) => attack(18, `claims an inbox hash that differs in bit ${bit.toString(2).length}`, edited((draft) => ({ ...draft, inboxHash: toBytes32(BigInt(draft.inboxHash) ^ bit) }), ({ b }) => [deposit(b, 5n)]))),
  attack(
    18,
    'consumes a deposit without an entry',
    async (at) => ({
      ...(await doing(({ b }) => [deposit(b, 5n)], { signEntries: [], edit: after((_, { balanceRoot }) => ({ balanceRoot })) })(at)),
      inputs: (inputs) => set(inputs['certificates']?.[0]?.['entries']?.[0] as Loose, 'l1', false),
    }),
    { twin: 'RULE_R21' },
  ),
]

const balances: Attack[] = [
  attack(19, 'credits junk as ETH', doing(({ b }) => [deposit(b, 5n, { token: { chain: 31337n, address: address(0x666) } })], { creditTo: () => ({ chain: 31337n, address: address(0) }) })),
  attack(
    19,
    'pays with a token that it need not count',
    doing(({ b }) => [deposit(b, 5n, { token: { chain: 31337n, address: address(0x666) } }), sent(b, { destination: 901n, amount: 5n })], {
      creditTo: () => ({ chain: 31337n, address: address(0x666) }),
    }),
  ),
  attack(19, 'imports junk as ETH', async (at) => {
    advance(at.cluster, at.a, [sent(at.a, { destination: 902n, amount: 5n, token: { chain: 901n, address: address(0x666) } })])
    return doing(() => [received(at.a, first(at.a, 6))], { creditTo: () => ({ chain: 31337n, address: address(0) }) })(at)
  }),
  attack(20, 'sends more than it holds', doing(({ b }) => [sent(b, { destination: 901n, amount: 1001n })])),
  attack(20, 'sends before it holds', doing(({ b }) => [sent(b, { destination: 901n, amount: 1500n }), { ...deposit(b, 600n), time: b.header.timestamp + 300n }])),
  attack(
    20,
    'opens one balance as two',
    edited((draft) => {
      const [opening] = draft.openings.balances
      return opening ? { ...draft, openings: { ...draft.openings, balances: [opening, { ...opening, before: 1005n }] } } : draft
    }, ({ b }) => [deposit(b, 5n)]),
  ),
  attack(20, 'sends before it holds, from a second slot at the same position', async ({ cluster, b }) => ({
    witness: await buildEpoch(cluster, [{ chain: b, entries: [sent(b, { destination: 901n, amount: 1500n }), { ...deposit(b, 600n), time: b.header.timestamp + 300n }] }]),
    inputs(inputs) {
      const certificate = inputs['certificates']?.[0] as Loose
      set(certificate['balances'] as Loose, 1, { ...(certificate['balances']?.[0] as object), before: '0x640' })
      set(certificate['exports']?.[0] as Loose, 'balance', [true, false])
    },
  })),
  attack(21, 'claims any balances', edited(after(() => ({ balanceRoot: 5n })))),
  attack(
    21,
    'finds a balance at an empty position',
    async (at) => ({
      ...(await doing(({ b }) => [deposit(b, 5n, { token: { chain: 31337n, address: address(0x666) } })], {
        edit(draft) {
          const [opening] = draft.openings.balances
          if (!opening) return draft
          return { ...draft, after: { ...draft.after, balanceRoot: pathRoot(BALANCE, opening.position, balanceLeaf(tokenKey(opening.token), 10n ** 9n + 5n), opening.siblings) } }
        },
      })(at)),
      inputs: (inputs) => set(inputs['certificates']?.[0]?.['balances']?.[0] as Loose, 'before', '0x3b9aca00'),
    }),
  ),
  attack(
    21,
    'opens a balance that it does not hold',
    edited((draft) => {
      const [opening] = draft.openings.balances
      if (!opening) return draft
      const leaf = balanceLeaf(tokenKey(opening.token), 10n ** 9n + 5n)
      return {
        ...draft,
        openings: { ...draft.openings, balances: [{ ...opening, before: 10n ** 9n }] },
        after: { ...draft.after, balanceRoot: pathRoot(BALANCE, opening.position, leaf, opening.siblings) },
      }
    }, ({ b }) => [deposit(b, 5n)]),
  ),
]

const signatures: Attack[] = [
  attack(22, 'has one signature too few', async (at) => ({
    witness: await buildEpoch(at.cluster, [{ chain: at.b, entries: [], signAs: { policy: at.b.policy, signers: at.b.signers.slice(0, 1) } }]),
  })),
  attack(22, 'has a signature of another statement', async (at) => {
    const { witness } = await doing(() => [])(at)
    const { witness: other } = await doing(({ b }) => [deposit(b, 1n)])(at)
    const borrowed = other.certificates[0]?.certificate.signatures ?? []
    return { witness: firstCertificate(witness, ({ certificate }) => ({ certificate: { ...certificate, signatures: borrowed } })) }
  }),
  attack(22, 'signs in a place where the policy has nobody', async (at) => {
    const { witness } = await doing(() => [])(at)
    const [item] = witness.certificates
    const [signature] = item?.certificate.signatures ?? []
    if (!item || !signature) throw new Error('an epoch without a certificate')
    // For the point at infinity as a key, R = s·G for any s: no secret is needed.
    const e = poseidon2(TAG.schnorr, [mallory.publicKey.x, 0n, 0n, uncheckedStatement(witness.domain, item.certificate)])
    const s = BigInt(`0x${'42'.repeat(32)}`) % GRUMPKIN_ORDER
    return {
      witness: firstCertificate(witness, ({ certificate }) => ({ certificate: { ...certificate, signatures: [signature, { signer: 3, signature: { s, e } }] } })),
      inputs(inputs) {
        const place = inputs['certificates']?.[0]?.['policy']?.['signers']?.[3] as Loose
        set(place, 'signed', true)
        for (const [name, value] of [['s', s], ['e', e]] as const) {
          set(place, `${name}_hi`, `0x${(value >> 128n).toString(16)}`)
          set(place, `${name}_lo`, `0x${(value & (2n ** 128n - 1n)).toString(16)}`)
        }
      },
    }
  }),
  attack(23, 'brings a policy of its own', async (at) => ({
    witness: await buildEpoch(at.cluster, [{ chain: at.b, entries: [], signAs: { policy: attestedPolicy(1, [mallory.publicKey]), signers: [mallory] } }]),
  })),
  attack(23, 'has a policy with a leg that nobody checks', async (at) => {
    setPolicy(at, { ...at.b.policy, validity: 5n })
    return { witness: await buildEpoch(at.cluster, [{ chain: at.b, entries: [] }]) }
  }),
  attack(23, 'needs no signature by its policy', async (at) => {
    setPolicy(at, { attested: { k: 0, signers: at.b.policy.attested.signers } })
    return { witness: await buildEpoch(at.cluster, [{ chain: at.b, entries: [] }]) }
  }),
  attack(23, 'counts one signer twice', async (at) => {
    const key = at.b.policy.attested.signers[0] as Policy['attested']['signers'][number]
    setPolicy(at, { attested: { k: 2, signers: [key, key] } })
    at.b.signers = at.b.signers.slice(0, 1)
    const witness = await buildEpoch(at.cluster, [{ chain: at.b, entries: [] }])
    const [signature] = witness.certificates[0]?.certificate.signatures ?? []
    return { witness: firstCertificate(witness, ({ certificate }) => ({ certificate: { ...certificate, signatures: signature ? [signature, { ...signature, signer: 1 }] : [] } })) }
  }),
]

const ranges: Attack[] = [
  attack(
    24,
    'credits a deposit with another low byte, hidden in its digest',
    async ({ cluster, b }) => ({
      // L1 hashed 261; the row says 258, and the digest's limb overflows into the byte that is missing.
      witness: await buildEpoch(cluster, [
        {
          chain: b,
          entries: [deposit(b, 261n)],
          edit(draft) {
            const [opening] = draft.openings.balances
            if (!opening) return draft
            return { ...draft, after: { ...draft.after, balanceRoot: pathRoot(BALANCE, opening.position, balanceLeaf(tokenKey(opening.token), (opening.before ?? 0n) + 258n), opening.siblings) } }
          },
        },
      ]),
      inputs(inputs) {
        const row = inputs['certificates']?.[0]?.['l1']?.[0] as Loose
        add(row, 'amount', -3n)
        add(row, 'digest_hi', 3n << 128n)
      },
    }),
    { twin: 'RULE_R21' },
  ),
  attack(
    24,
    'consumes a good registration as refused, by another slot hidden in its chain id',
    async ({ cluster, b }) => {
      const entry = { kind: 1, slot: 2n, chainId: 5000n, stateRoot: toBytes32(3n), policyHash: toBytes32(4n) }
      const plain = await buildEpoch(cluster, [{ chain: b, entries: [] }])
      const { queue } = await buildEpoch(cluster, [{ chain: b, entries: [] }], [entry])
      const { leaf, siblings } = openTree(cluster.registry, REGISTRY, cluster.root, 1n)
      return {
        witness: { ...plain, queue: queue.map((opening) => ({ ...opening, entry: { ...entry, slot: 1n }, leaf, siblings })) },
        inputs(inputs) {
          const place = inputs['queue']?.[0] as Loose
          add(place, 'chain_id', 1n << 64n)
          const [hi, lo] = limbs(nextQueueHash(plain.queueHashFrom, entry))
          set(inputs, 'queue_to_hi', field(hi))
          set(inputs, 'queue_to_lo', field(lo))
        },
      }
    },
    { twin: null },
  ),
  attack(
    24,
    'registers a chain at another slot and height, hidden in its chain id',
    async ({ cluster }) => {
      const entry = { kind: 1, slot: 8n, chainId: 5000n, stateRoot: toBytes32(3n), policyHash: toBytes32(4n) }
      const at = 5n
      const witness = await buildEpoch(cluster, [], [entry])
      const { leaf, siblings } = openTree(cluster.registry, REGISTRY, cluster.root, at)
      const header = { ...genesisHeader(5000n, entry.stateRoot, 4n), height: entry.slot - at }
      return {
        witness,
        inputs(inputs) {
          const place = inputs['queue']?.[0] as Loose
          set(place, 'slot', field(at))
          set(place, 'chain_id', field(5000n + ((entry.slot - at) << 64n)))
          set(place, 'leaf', field(leaf))
          set(place, 'siblings', siblings.map(field))
          set(inputs, 'root_to', field(pathRoot(REGISTRY, at, headerHash(header), siblings)))
        },
      }
    },
    { twin: null },
  ),
  attack(24, 'sends a negative amount', doing(({ b }) => [sent(b, { destination: 901n }), sent(b, { destination: 901n, amount: FIELD - 100n }, 1)]), { twin: 'OUT_OF_RANGE' }),
  attack(
    24,
    'reads an expired message as one that never expires',
    async (at) => {
      advance(at.cluster, at.a, [sent(at.a, { destination: 902n, amount: 5n, expiry: at.a.header.timestamp + 210n })])
      const { witness } = await doing(() => [received(at.a, first(at.a, 6))])(at)
      return {
        witness,
        inputs(inputs) {
          const message = inputs['certificates']?.[0]?.['imports']?.[0]?.['message'] as Loose
          add(message, 'expiry', 1n << 64n)
          add(message, 'gas_limit', -1n)
        },
      }
    },
    { twin: 'RULE_R11' },
  ),
  attack(
    24,
    'reads a message as older than it is',
    async (at) => {
      const { witness } = await doing(({ a }) => [received(a, first(a), first(a).time)])(at)
      return {
        witness,
        inputs(inputs) {
          const certificate = inputs['certificates']?.[0] as Loose
          const message = certificate['imports']?.[0]?.['message'] as Loose
          add(message, 'timestamp', -10n)
          add(message, 'source', 10n << 128n)
          const source = certificate['sources']?.[0] as Loose
          add(source, 'chain_id', 10n << 128n)
          add(source, 'height_and_timestamp', -10n << 64n)
        },
      }
    },
    { twin: 'RULE_R10' },
  ),
]

const epochs: Attack[] = [
  attack(
    26,
    'settles a chain twice',
    async (at) => {
      const one: Plan = { chain: at.b, entries: [] }
      const { certificates } = await buildEpoch(at.cluster, [one])
      const header = certificates[0]?.certificate.after ?? at.b.header
      return { witness: await buildEpoch(at.cluster, [one, { chain: { ...at.b, header }, entries: [] }]) }
    },
    { places: 2 },
  ),
  attack(26, 'settles in another order', async ({ cluster, a, c }) => ({ witness: await buildEpoch(cluster, [{ chain: c, entries: [] }, { chain: a, entries: [] }]) }), { places: 2 }),
  attack(27, 'starts from a header that is not registered', edited((draft) => ({ ...draft, before: { ...draft.before, l1InboxCursor: 7n }, after: { ...draft.after, l1InboxCursor: 7n } }))),
  attack(27, 'claims any new root', async (at) => ({ ...(await doing(() => [])(at)), inputs: (inputs) => add(inputs, 'root_to', 1n) }), { twin: null }),
  ...['acc_to_hi', 'acc_to_lo'].map((name) => attack(28, `shows L1 other data (${name})`, async (at) => ({ ...(await doing(() => [])(at)), inputs: (inputs) => add(inputs, name, 1n) }), { twin: null })),
  attack(
    28,
    'shows L1 a transfer as a withdrawal',
    async (at) => ({
      ...(await doing(({ b }) => [sent(b, { destination: 901n, amount: 500n }), sent(b, { destination: 31337n, amount: 1n }, 1)])(at)),
      inputs(inputs, { certificates: [item] }) {
        const messages = (item?.certificate.entries ?? []).flatMap((entry) => (entry.kind === 'export' ? [entry.message] : []))
        if (!item || !messages[0]) return
        set(inputs['certificates']?.[0]?.['withdrawals']?.[0] as Loose, 'row', [false, false, false])
        showL1(inputs, item, [withdrawalDigest(messages[0])])
      },
    }),
    { twin: null },
  ),
  attack(
    28,
    'hides a withdrawal from L1',
    async (at) => ({
      ...(await doing(({ b }) => [sent(b, { destination: 31337n, amount: 5n })])(at)),
      inputs(inputs, { certificates: [item] }) {
        if (!item) return
        set(inputs['certificates']?.[0]?.['withdrawals']?.[0] as Loose, 'used', false)
        showL1(inputs, item, [])
      },
    }),
    { twin: null },
  ),
  ...['queue_to_hi', 'queue_to_lo'].map((name) => attack(29, `claims any queue (${name})`, async (at) => ({ ...(await doing(() => [])(at)), inputs: (inputs) => add(inputs, name, 1n) }), { twin: null })),
  attack(29, 'registers over a chain', async (at) => {
    const entry = { kind: 1, slot: at.b.slot, chainId: 999n, stateRoot: toBytes32(3n), policyHash: toBytes32(4n) }
    const { siblings } = openTree(at.cluster.registry, REGISTRY, at.cluster.root, at.b.slot)
    const witness = await buildEpoch(at.cluster, [])
    return { witness: { ...witness, queue: [{ entry, leaf: 0n, siblings }] } }
  }),
]

/** The attacks, in the order of docs/protocol.md. */
export const attacks: readonly Attack[] = [...headers, ...times, ...imports, ...exports_, ...l1, ...balances, ...signatures, ...ranges, ...epochs]
