import { ETH, FIELD, nextQueueHash, policyHash, statement, type Certificate, type CertificateDraft } from '@causeway/core'
import { createTwinCluster, randomEpoch, TEST_DOMAIN, TEST_L1_CHAIN_ID, testAddress, type TwinChain } from '@causeway/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { closureOf, selectClosed } from './dependencies.js'

type Cluster = ReturnType<typeof createTwinCluster>

/** A cluster whose chains are registered and hold ETH. */
async function fundedCluster(count = 3, places = 2) {
  const cluster = createTwinCluster(Array.from({ length: count }, (_, i) => 101n + BigInt(i)), { places })
  const chains = cluster.chains as [TwinChain, TwinChain, TwinChain, TwinChain]
  for (let funded = 0; funded < count; funded += 2) {
    cluster.tick()
    const now = chains.slice(funded, funded + 2)
    for (const chain of now) chain.deposit(1_000_000n)
    settle(cluster, await Promise.all(now.map((chain) => chain.certify())))
  }
  cluster.tick()
  return { cluster, chains }
}

function settle(cluster: Cluster, candidates: readonly Certificate[]) {
  const { epoch, dropped } = cluster.compose(candidates)
  if (!epoch) throw new Error(dropped.map(({ code, reason }) => `${code}: ${reason}`).join('; '))
  cluster.settle(epoch)
  return epoch
}

/** The result of composing, in short: chains that are in, and why the others are not. */
function outcome(cluster: Cluster, candidates: readonly Certificate[]) {
  const { epoch, dropped } = cluster.compose(candidates)
  return {
    kept: epoch?.certificates.map(({ before }) => Number(before.chainId)) ?? [],
    dropped: Object.fromEntries(dropped.map(({ certificate, code, verdict }) => [Number(certificate.before.chainId), `${verdict} ${code}`])),
  }
}

const grade = (chain: TwinChain) => policyHash(chain.policy)

describe('composeEpoch', () => {
  it('composes honest random epochs, and L1 data alone rebuilds the registry', async () => {
    for (const seed of [1, 2]) {
      const { epoch, cluster } = await randomEpoch(seed, 3)
      expect(epoch.certificates.length, `seed ${seed}`).toBe(2)
      cluster.settle(epoch)
      expect(cluster.registry.root).toBe(epoch.result.rootTo)
    }
  })

  it('leaves out a bad certificate with what depends on it, and keeps the others', async () => {
    const { cluster, chains: [a, b, c] } = await fundedCluster(3, 3)
    const message = a.send({ destination: b.chainId, amount: 5n })
    c.send({ destination: a.chainId, amount: 7n })
    cluster.tick()
    b.import(message, grade(a))
    const [ofA, ofB, ofC] = await Promise.all([a.certify(), b.certify(), c.certify()])
    expect(outcome(cluster, [ofA, ofB, ofC])).toEqual({ kept: [101, 102, 103], dropped: {} })
    const forged = { ...ofA, signatures: ofA.signatures.map(({ signer, signature }) => ({ signer, signature: { ...signature, s: signature.s + 1n } })) }
    expect(outcome(cluster, [forged, ofB, ofC])).toEqual({ kept: [103], dropped: { 101: 'invalid RULE_R22', 102: 'waiting IMPORT_NOT_FOUND' } })
    // Nothing was rolled back: with the sound certificate all three settle.
    settle(cluster, [forged, ofA, ofB, ofC])
    expect(cluster.registry.headers.get(1n)).toEqual(ofB.after)
  })

  it('drops a whole chain of dependants, and takes them when their source comes', async () => {
    const { cluster, chains: [a, b, c] } = await fundedCluster(3, 3)
    const first = a.send({ destination: b.chainId, amount: 5n })
    cluster.tick()
    b.import(first, grade(a))
    cluster.tick()
    const second = b.send({ destination: c.chainId, amount: 5n })
    cluster.tick()
    c.import(second, grade(b))
    const certificates = await Promise.all([a.certify(), b.certify(), c.certify()])
    expect(outcome(cluster, certificates.slice(1))).toEqual({ kept: [], dropped: { 102: 'waiting IMPORT_NOT_FOUND', 103: 'waiting IMPORT_NOT_FOUND' } })
    expect(outcome(cluster, certificates).kept).toEqual([101, 102, 103])
  })

  it('settles what needs too many places in several epochs, never half a dependency', async () => {
    const { cluster, chains: [a, b, c, d] } = await fundedCluster(4, 2)
    const first = a.send({ destination: b.chainId, amount: 5n })
    d.deposit(1n)
    cluster.tick()
    b.import(first, grade(a))
    cluster.tick()
    const second = b.send({ destination: c.chainId, amount: 5n })
    cluster.tick()
    c.import(second, grade(b))
    const certificates = await Promise.all([c.certify(), b.certify(), a.certify(), d.certify()])
    expect(outcome(cluster, certificates)).toEqual({ kept: [101, 102], dropped: { 103: 'waiting CLOSURE_TOO_LARGE', 104: 'waiting EPOCH_FULL' } })
    settle(cluster, certificates)
    const next = outcome(cluster, certificates)
    expect(next.kept).toEqual([103, 104])
    expect(next.dropped).toEqual({ 101: 'invalid STALE_CERTIFICATE', 102: 'invalid STALE_CERTIFICATE' })
  })

  it('takes one certificate of a height, whichever can settle', async () => {
    const { cluster, chains: [a, b] } = await fundedCluster(2)
    const lost = b.send({ destination: a.chainId, amount: 3n })
    cluster.tick()
    a.deposit(9n)
    const second = await a.certify()
    a.import(lost, grade(b))
    const first = await a.certify()
    expect(statement(TEST_DOMAIN, first)).not.toBe(statement(TEST_DOMAIN, second))
    expect(cluster.compose([first]).epoch).toBeNull()
    // The first one waits for a message; the second stands in for it.
    const { epoch, dropped } = cluster.compose([first, second])
    expect(epoch?.certificates).toEqual([second])
    expect(dropped).toMatchObject([{ certificate: first, verdict: 'waiting', code: 'IMPORT_NOT_FOUND' }])
    const both = cluster.compose([second, first])
    expect(both.epoch?.certificates).toEqual([second])
    expect(both.dropped).toMatchObject([{ certificate: first, verdict: 'waiting', code: 'SECOND_CERTIFICATE' }])
    settle(cluster, [second])
    expect(cluster.compose([first]).dropped).toMatchObject([{ verdict: 'invalid', code: 'STALE_CERTIFICATE' }])
  })

  it('tells a replaced message from one that may still come', async () => {
    const { cluster, chains: [a, b] } = await fundedCluster(2)
    const promised = a.send({ destination: b.chainId, amount: 5n })
    const kept = await a.sign(a.draft())
    const replaced = a.draft({ edit: ([entry]) => [{ ...entry, message: { ...promised, amount: 4n } } as CertificateDraft['entries'][number]] })
    const other = await a.sign(replaced)
    cluster.tick()
    b.import(promised, grade(a))
    const importer = await b.certify()
    expect(outcome(cluster, [kept, importer]).kept).toEqual([101, 102])
    expect(outcome(cluster, [other, importer])).toEqual({ kept: [101], dropped: { 102: 'waiting IMPORT_CONFLICT' } })
    settle(cluster, [other])
    expect(outcome(cluster, [importer])).toEqual({ kept: [], dropped: { 102: 'invalid IMPORT_REPLACED' } })
  })

  it('lets messages go both ways in one epoch, but none cause itself', async () => {
    const { cluster, chains: [a, b] } = await fundedCluster(2)
    const there = a.send({ destination: b.chainId, amount: 5n })
    cluster.tick()
    b.import(there, grade(a))
    cluster.tick()
    const back = b.send({ destination: a.chainId, amount: 5n })
    cluster.tick()
    a.import(back, grade(b))
    expect(outcome(cluster, await Promise.all([a.certify(), b.certify()])).kept).toEqual([101, 102])

    // Each sends what it would only send after the other's message: somebody must import before it was sent.
    const { cluster: other, chains: [x, y] } = await fundedCluster(2)
    const now = other.time
    const fromY = { ...there, source: y.chainId, destination: x.chainId, nonce: y.header.outboxSize, timestamp: now }
    x.import(fromY, grade(y))
    const fromX = x.send({ destination: y.chainId, amount: 5n })
    y.import(fromX, grade(x))
    y.send({ ...fromY })
    const loop = outcome(other, await Promise.all([x.certify(), y.certify()]))
    expect(loop.kept).toEqual([])
    expect(loop.dropped).toEqual({ 101: 'invalid RULE_R10', 102: 'invalid RULE_R10' })
  })

  it('waits for L1 to catch up with a clock that is ahead', async () => {
    const { cluster, chains: [a] } = await fundedCluster(2)
    a.at(cluster.time + 40_000n).deposit(1n)
    const certificate = await a.certify()
    expect(outcome(cluster, [certificate]).dropped).toEqual({ 101: 'waiting RULE_R3' })
    cluster.tick(10_000n)
    expect(outcome(cluster, [certificate]).kept).toEqual([101])
  })

  it('waits for headers that have not settled, and refuses ones that never were', async () => {
    const { cluster, chains: [a] } = await fundedCluster(2)
    a.deposit(1n)
    const first = await a.certify()
    a.accept(first)
    cluster.tick()
    a.deposit(1n)
    const second = await a.certify()
    expect(outcome(cluster, [second]).dropped).toEqual({ 101: 'waiting EARLY_CERTIFICATE' })
    const elsewhere = await a.sign({ ...second, before: { ...second.before, height: first.before.height, stateRoot: `0x${'77'.repeat(32)}` }, after: { ...second.after, height: first.after.height } })
    expect(outcome(cluster, [elsewhere]).dropped).toEqual({ 101: 'invalid NOT_ON_HEADER' })
  })

  it('registers two chains an epoch; the others wait', async () => {
    const cluster = createTwinCluster([101n, 102n, 103n], { places: 3 })
    cluster.tick()
    const certificates = await Promise.all(
      cluster.chains.map((chain) => {
        chain.deposit(1n)
        return chain.certify()
      }),
    )
    expect(outcome(cluster, certificates)).toEqual({ kept: [101, 102], dropped: { 103: 'waiting NOT_REGISTERED_YET' } })
    settle(cluster, certificates)
    expect(outcome(cluster, certificates.slice(2)).kept).toEqual([103])
  })

  it('consumes queue entries that nobody may have, and goes on', async () => {
    const cluster = createTwinCluster([101n, 102n])
    for (const bad of [{ chainId: TEST_L1_CHAIN_ID }, { chainId: 0n }, { kind: 7 }, { policyHash: `0x${'00'.repeat(32)}` as const }]) {
      const entry = { ...(cluster.chains[0] as TwinChain).registration, slot: 9n, chainId: 500n, ...bad }
      cluster.queue.push({ entry, hash: nextQueueHash(cluster.queue.at(-1)?.hash ?? '0x', entry) })
    }
    for (let round = 0; round < 3; round++) {
      cluster.tick()
      cluster.chains[0]?.deposit(1n)
      settle(cluster, [(await cluster.chains[0]?.certify()) as Certificate])
    }
    expect([cluster.registry.queueApplied, cluster.registry.headers.size]).toEqual([6n, 2])
  })

  it('needs a certificate, whatever is queued', () => {
    expect(createTwinCluster().compose([])).toEqual({ epoch: null, dropped: [] })
  })
})

describe('what a chain whose signers all cheat cannot do', () => {
  let shared: Awaited<ReturnType<typeof fundedCluster>>
  let honest: Certificate
  beforeAll(async () => {
    shared = await fundedCluster(2)
    shared.chains[1].deposit(1n)
    honest = await shared.chains[1].certify()
  })

  /** A's signers sign an altered certificate; B, which has nothing to do with it, must not notice. */
  async function attack(prepare: (a: TwinChain, b: TwinChain) => void, forge: (draft: CertificateDraft) => CertificateDraft) {
    const { cluster, chains: [a, b] } = shared
    prepare(a, b)
    const forged = await a.sign(forge(a.draft()))
    a.accept({ ...forged, after: a.header })
    const { kept, dropped } = outcome(cluster, [forged, honest])
    expect(kept).toEqual([102])
    return dropped[101]
  }
  const withEntry = (draft: CertificateDraft, change: (entry: CertificateDraft['entries'][number]) => CertificateDraft['entries'][number]) => ({ ...draft, entries: draft.entries.map(change) })
  const sends = (amount: bigint) => (a: TwinChain) => void a.send({ destination: 102n, amount })
  const message = (change: Record<string, unknown>) => (draft: CertificateDraft) =>
    withEntry(draft, (entry) => (entry.kind === 'l1' ? entry : ({ ...entry, message: { ...entry.message, ...change } } as typeof entry)))

  it.each<[string, string, (a: TwinChain, b: TwinChain) => void, (draft: CertificateDraft) => CertificateDraft]>([
    ['spend more than it holds', 'RULE_R20', sends(5n), message({ amount: 2n ** 100n })],
    ['keep what it sent', 'RULE_R21', sends(5n), (draft) => ({ ...draft, after: { ...draft.after, balanceRoot: draft.before.balanceRoot } })],
    ['count another balance as its own', 'RULE_R21', sends(5n), (draft) => ({ ...draft, openings: { ...draft.openings, balances: draft.openings.balances.map((opening) => ({ ...opening, before: 2n ** 90n })) } })],
    ['send under a name that is not its own', 'RULE_R13', sends(5n), message({ source: 102n })],
    ['send to itself', 'RULE_R14', sends(5n), message({ destination: 101n })],
    ['skip a nonce', 'RULE_R13', sends(5n), message({ nonce: 3n })],
    ['drop what it sent from its outbox', 'RULE_R16', sends(5n), (draft) => ({ ...draft, after: { ...draft.after, outboxRoot: draft.before.outboxRoot, outboxSize: draft.before.outboxSize } })],
    ['take its own tokens out to L1', 'RULE_R15', sends(5n), message({ destination: TEST_L1_CHAIN_ID, token: { chain: 101n, address: testAddress(9) } })],
    ['credit more than was deposited', 'RULE_R18', (a) => void a.deposit(5n), (draft) => withEntry(draft, (entry) => (entry.kind === 'l1' && entry.entry.kind === 'deposit' ? { ...entry, entry: { ...entry.entry, message: { ...entry.entry.message, amount: 50n } } } : entry))],
    ['set its clock back', 'RULE_R2', sends(5n), (draft) => ({ ...draft, after: { ...draft.after, timestamp: draft.before.timestamp } })],
    ['skip a height', 'RULE_R1', sends(5n), (draft) => ({ ...draft, after: { ...draft.after, height: draft.after.height + 1n } })],
    ['change its policy by itself', 'RULE_R4', sends(5n), (draft) => ({ ...draft, after: { ...draft.after, policyHash: 5n } })],
    ['use another policy than its header has', 'RULE_R23', sends(5n), (draft) => ({ ...draft, policy: { attested: { ...draft.policy.attested, k: 1 } } })],
    ['invent a message of another chain', 'IMPORT_NOT_FOUND', (a, b) => a.import({ ...a.send({ destination: b.chainId }), source: b.chainId, nonce: 4n, destination: a.chainId, timestamp: 5n, amount: 7n }, grade(b)), (draft) => draft],
    ['import a message that is not addressed to it', 'RULE_R9', (a, b) => a.import({ ...a.send({ destination: b.chainId }), source: b.chainId, nonce: 0n, destination: 103n, timestamp: 5n }, grade(b)), (draft) => draft],
    ['import an expired message', 'RULE_R11', (a, b) => a.import({ ...a.send({ destination: b.chainId }), source: b.chainId, nonce: 0n, destination: a.chainId, timestamp: 5n, expiry: 6n }, grade(b)), (draft) => draft],
    ['import from L1', 'RULE_R7', (a, b) => a.import({ ...a.send({ destination: b.chainId }), source: b.chainId, nonce: 0n, destination: a.chainId, timestamp: 5n }, grade(b)), (draft) => withEntry(draft, (entry) => (entry.kind === 'import' ? { ...entry, message: { ...entry.message, source: TEST_L1_CHAIN_ID } } : entry))],
    ['overflow a field', 'OUT_OF_RANGE', sends(5n), (draft) => ({ ...draft, openings: { ...draft.openings, inbox: [{ index: 0n, before: 2n ** 130n, siblings: [] }] } })],
  ])('%s', async (_, code, prepare, forge) => {
    expect(await attack(prepare, forge)).toContain(code)
  })

  it('stop an epoch with a certificate that is not even well-formed', async () => {
    const { cluster, chains: [a, b] } = await fundedCluster(2)
    a.send({ destination: b.chainId, amount: 5n })
    b.deposit(1n)
    const sound = await a.certify()
    const honest = await b.certify()
    for (const broken of [
      { ...sound, after: { ...sound.after, inboxRoot: FIELD } },
      { ...sound, after: { ...sound.after, height: -1n } },
      { ...sound, entries: sound.entries.map((entry) => (entry.kind === 'export' ? { ...entry, message: { ...entry.message, amount: 2n ** 128n } } : entry)) },
      { ...sound, inboxHash: '0x12' as const },
      { ...sound, openings: { inbox: [], balances: [], outbox: [] } },
      { ...sound, policy: { attested: { k: 0, signers: [] } } },
    ])
      expect(outcome(cluster, [broken, honest]).kept).toEqual([102])
  })

  it('double-spend a message across certificates', async () => {
    const { cluster, chains: [a, b] } = await fundedCluster(2)
    const sent = a.send({ destination: b.chainId, amount: 5n })
    cluster.tick()
    b.import(sent, grade(a))
    settle(cluster, await Promise.all([a.certify(), b.certify()]))
    cluster.tick()
    b.import(sent, grade(a))
    expect(() => b.draft()).toThrow(/consumed before/)
    // Its signers insist, with an opening that says the bit is free.
    b.accept({ ...(await emptyCertificate(b)), after: b.header })
    b.import({ ...sent, nonce: 1n }, grade(a))
    const draft = b.draft()
    const forged = await b.sign({
      ...draft,
      entries: draft.entries.map((entry) => (entry.kind === 'import' ? { ...entry, message: sent } : entry)),
      openings: { ...draft.openings, inbox: draft.openings.inbox.map((opening) => ({ ...opening, before: 0n })) },
    })
    expect(outcome(cluster, [forged]).dropped).toEqual({ 102: 'invalid RULE_R12' })
  })

  it('lend value that does not exist, even inside one epoch', async () => {
    const { cluster, chains: [a, b] } = await fundedCluster(2)
    const loan = 10n ** 15n
    const lent = { ...b.send({ destination: a.chainId, amount: 0n }), source: a.chainId, destination: b.chainId, nonce: 0n, amount: loan }
    // A lends, B gives it back, A imports it again: both nets are zero, but A's balance is negative in between.
    expect(() => {
      a.send({ ...lent, token: { chain: TEST_L1_CHAIN_ID, address: ETH } })
      cluster.tick()
      a.import({ ...lent, source: b.chainId, destination: a.chainId, nonce: 0n }, grade(b))
      a.draft()
    }).toThrow(/RULE_R20/)
  })
})

/** Clears the entries a test chain has gathered. */
async function emptyCertificate(chain: TwinChain): Promise<Certificate> {
  return chain.sign(chain.draft({ edit: () => [] }))
}

describe('choosing', () => {
  it('takes closures whole, in order of preference, cycles included', () => {
    const needs = new Map([[1n, new Set([2n])], [2n, new Set([3n])], [3n, new Set([1n])], [4n, new Set<bigint>()], [5n, new Set([4n])]])
    expect([...closureOf(1n, needs)].sort()).toEqual([1n, 2n, 3n])
    expect(selectClosed([1n, 2n, 3n, 4n, 5n], needs, 2).chosen).toEqual(new Set([4n, 5n]))
    expect(selectClosed([4n, 1n, 2n, 3n, 5n], needs, 4).chosen).toEqual(new Set([4n, 1n, 2n, 3n]))
    expect(selectClosed([1n], needs, 2).left.get(1n)?.code).toBe('CLOSURE_TOO_LARGE')
  })
})
