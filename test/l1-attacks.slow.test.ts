/** What somebody with real certificates and real proofs can try on the real hub and its real verifier. */
import { strict as assert } from 'node:assert'
import { chainQueue, composeEpoch, epochDataFor, rebuildFromL1, type ComposedEpoch } from '@causeway/aggregator'
import { accountingVerifier, causewayHubAbi } from '@causeway/contracts'
import { applyEpoch, errorCode, signDraft, toBytes32, type Certificate, type EpochProver } from '@causeway/core'
import { createL1Reader, decodeRevert, revertData, type EpochData } from '@causeway/l1'
import { createProver, L1_PLACES } from '@causeway/prover-ultrahonk'
import { createTestCluster, type TestChain, type TestCluster } from '@causeway/testing/cluster'
import { parseEther, toHex, type Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** An epoch as it goes to L1. */
type Proven = { epoch: ComposedEpoch; data: EpochData; proof: Hex }

let prover: EpochProver
let cluster: TestCluster
let a: TestChain
let b: TestChain
/** Newest certificate of each chain, heard on the link. */
const heard = new Map<bigint, Certificate>()
/** With which the verifier refuses a proof of other public inputs than the hub computes. */
const UNPROVEN = 'SumcheckFailed'
/** What both chains certify, and what a's signers sign beside it: the same height with another state. */
let ofA: Certificate
let ofB: Certificate
let equivocal: Certificate
let honest: Proven
let other: Proven

beforeAll(async () => {
  prover = await createProver()
  cluster = await createTestCluster({ proofs: { verifier: accountingVerifier, prover } })
  ;[a, b] = cluster.chains
  cluster.connect('eavesdropper').subscribe((event) => {
    if (event.kind === 'certificate') heard.set(event.certificate.before.chainId, event.certificate)
  })
  const [alice, bob] = cluster.users
  for (const chain of [a, b]) await cluster.l1.deposit({ chainId: chain.chainId, amount: parseEther('10'), recipient: alice.address })
  await a.build()
  await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: parseEther('1') })
  await a.sendMessage(alice, { destination: cluster.domain.l1ChainId, recipient: bob.address, value: parseEther('2') })
  await a.build()
  await b.build()
  await a.advance()
  await b.advance()
  ofA = certificateOf(a)
  ofB = certificateOf(b)
  const { signatures: _, ...draft } = ofA
  equivocal = await signDraft(cluster.domain, { ...draft, after: { ...draft.after, stateRoot: toBytes32(0xbadn) } }, a.signers)
  honest = await prove([ofA, ofB])
  other = await prove([equivocal])
})
/** Of the chains' certificates as they are. */
const layer = { daIndex: (chainId: bigint, daHash: Hex) => [...heard.values()].find((certificate) => certificate.before.chainId === chainId && certificate.daHash === daHash)?.daIndex ?? null }
afterAll(async () => {
  await cluster?.stop()
  await prover?.close()
})

function certificateOf(chain: TestChain): Certificate {
  const certificate = heard.get(chain.chainId)
  assert(certificate)
  return certificate
}

/** What anybody can compose from L1 and the certificates they have heard. */
async function compose(candidates: readonly Certificate[]) {
  const { client } = cluster.l1
  const { registry } = await rebuildFromL1({ client, hub: cluster.contracts.hub })
  const reader = createL1Reader({ client, addresses: cluster.contracts, clock: cluster.clock })
  await reader.poll()
  const queue = chainQueue(reader.registrations('latest')).slice(Number(registry.queueApplied)).map(({ entry }) => entry)
  const time = (await client.getBlock({ blockTag: 'latest' })).timestamp * 1000n
  return composeEpoch({ registry, domain: cluster.domain, time, beneficiary: cluster.l1.account(1).address, queue, candidates, places: L1_PLACES })
}

async function prove(candidates: readonly Certificate[]): Promise<Proven> {
  const { epoch, dropped } = await compose(candidates)
  assert(epoch && dropped.length === 0, dropped.map(({ reason }) => reason).join())
  return { epoch, data: epochDataFor(epoch, layer), proof: (await prover.prove(epoch.witness)).proof }
}

/** Name of the error with which the hub would refuse this now, or `settles`. */
async function verdict(data: EpochData, proof: Hex): Promise<string> {
  try {
    await cluster.l1.client.simulateContract({ address: cluster.contracts.hub, abi: causewayHubAbi, functionName: 'settle', args: [data, proof], account: cluster.l1.account(1) })
    return 'settles'
  } catch (error) {
    const reverted = revertData(error)
    if (reverted === undefined) throw error
    return decodeRevert(reverted).name
  }
}

async function settle({ data, proof }: Proven): Promise<'success' | 'reverted'> {
  const hash = await cluster.l1.wallet(4).writeContract({ chain: null, address: cluster.contracts.hub, abi: causewayHubAbi, functionName: 'settle', args: [data, proof], gas: 3_000_000n })
  await cluster.l1.mine()
  return (await cluster.l1.client.getTransactionReceipt({ hash })).status
}

const certificateIn = ({ certificates }: EpochData, i = 0) => {
  const found = certificates[i]
  assert(found)
  return found
}
/** The epoch with one of its certificates changed. */
const change = (data: EpochData, i: number, fields: Partial<EpochData['certificates'][number]>): EpochData => ({ ...data, certificates: data.certificates.map((item, at) => (at === i ? { ...item, ...fields } : item)) })
const flip = (word: Hex): Hex => toHex(BigInt(word) ^ 1n, { size: (word.length - 2) / 2 })

describe('before an epoch settles', () => {
  it('each of two certificates of one height is proven, and never both', async () => {
    expect([await verdict(honest.data, honest.proof), await verdict(other.data, other.proof)]).toEqual(['settles', 'settles'])
    // The composer takes one; the twin and the hub refuse an epoch of both.
    const { epoch, dropped } = await compose([ofA, equivocal, ofB])
    expect(epoch?.certificates).toEqual([ofA, ofB])
    expect(dropped).toMatchObject([{ certificate: equivocal, code: 'SECOND_CERTIFICATE' }])
    const { witness } = honest.epoch
    const [first] = other.epoch.witness.certificates
    assert(first)
    const both = { ...witness, certificates: [...witness.certificates.slice(0, 1), first] }
    expect(errorCode(await prover.prove(both).catch((error: unknown) => error))).toBe('RULE_R26')
    const twice = { ...honest.data, certificates: [certificateIn(honest.data), certificateIn(other.data)] }
    expect(await verdict(twice, honest.proof)).toBe('SlotsUnsorted')
  })

  it('a proof does not fit the data of another epoch', async () => {
    expect(await verdict(other.data, honest.proof)).toBe(UNPROVEN)
    expect(await verdict(honest.data, other.proof)).toBe(UNPROVEN)
    expect(await verdict(change(honest.data, 0, certificateIn(other.data)), honest.proof)).toBe(UNPROVEN)
  })

  it('deposits, forced entries and registrations that are mined now change nothing', async () => {
    const [alice] = cluster.users
    for (const chain of [a, b]) {
      await cluster.l1.deposit({ chainId: chain.chainId, amount: parseEther('3'), recipient: alice.address })
      await cluster.l1.force(chain.chainId, await chain.sign(alice, { to: alice.address, value: 1n, gas: 21_000n }))
    }
    const { client, wallet, account } = cluster.l1
    const [registered] = await client.getContractEvents({ address: cluster.contracts.hub, abi: causewayHubAbi, eventName: 'ChainRegistered', fromBlock: 0n, strict: true })
    assert(registered)
    const { registration } = registered.args
    await wallet(4).writeContract({ chain: null, address: cluster.contracts.hub, abi: causewayHubAbi, functionName: 'register', args: [{ ...registration, chainId: 77_777n, batcher: account(4).address, owner: account(4).address }], gas: 1_000_000n })
    await cluster.l1.mine()
    expect(await client.readContract({ address: cluster.contracts.hub, abi: causewayHubAbi, functionName: 'queueLength' })).toBe(3n)
    expect(await verdict(honest.data, honest.proof)).toBe('settles')
  })

  it('whatever is changed in its data is refused, though L1 has now what it refers to', async () => {
    const { data, proof } = honest
    const ofFirst = certificateIn(data)
    const [leaf, ...leaves] = ofFirst.leaves
    const [withdrawal] = ofFirst.withdrawals
    assert(leaf && withdrawal)
    const l1 = certificateIn(data).l1InboxCursor
    const attempts: [string, EpochData, string][] = [
      ['another root', { ...change(data, 1, { importRoot: other.data.newRoot }), newRoot: other.data.newRoot }, UNPROVEN],
      ['another root than imports are under', { ...data, newRoot: other.data.newRoot }, 'ImportRootUnknown'],
      ['somebody else is paid', { ...data, beneficiary: cluster.l1.account(4).address }, UNPROVEN],
      ['an earlier T', { ...data, time: data.time - 1000n }, UNPROVEN],
      ['a later T', { ...data, time: data.time + 1000n }, UNPROVEN],
      ['the new registration, too', { ...data, queueCursor: data.queueCursor + 1n }, 'QueueCursorInvalid'],
      ['one registration less', { ...data, queueCursor: data.queueCursor - 1n }, UNPROVEN],
      ['the next number', { ...data, epoch: 2n }, 'EpochNumberWrong'],
      ['a certificate less', { ...data, certificates: [ofFirst] }, UNPROVEN],
      ['no certificate', { ...data, certificates: [] }, 'NoCertificates'],
      ['another order', { ...data, certificates: [...data.certificates].reverse() }, 'SlotsUnsorted'],
      ['another slot', { ...data, certificates: [ofFirst, { ...certificateIn(data, 1), slot: 2 }] }, 'InboxCursorTooFar'],
      ['state', change(data, 0, { stateRoot: flip(ofFirst.stateRoot) }), UNPROVEN],
      ['height', change(data, 0, { height: ofFirst.height + 1n }), UNPROVEN],
      ['timestamp', change(data, 0, { timestamp: ofFirst.timestamp + 1n }), UNPROVEN],
      ['inbox', change(data, 1, { inboxRoot: flip(certificateIn(data, 1).inboxRoot) }), UNPROVEN],
      ['balances', change(data, 0, { balanceRoot: flip(ofFirst.balanceRoot) }), UNPROVEN],
      ['last moment', change(data, 0, { notAfter: ofFirst.notAfter + 1n }), UNPROVEN],
      ['an entry of the L1 inbox more', change(data, 0, { l1InboxCursor: l1 + 1n }), UNPROVEN],
      ['one less', change(data, 0, { l1InboxCursor: l1 - 1n }), UNPROVEN],
      ['more than there are', change(data, 0, { l1InboxCursor: l1 + 100n }), 'InboxCursorTooFar'],
      ['a batch less', change(data, 0, { daIndex: ofFirst.daIndex - 1n }), UNPROVEN],
      ['a batch that is not there', change(data, 0, { daIndex: ofFirst.daIndex + 1n }), 'DaIndexTooFar'],
      ['imports of the old root', change(data, 1, { importRoot: toBytes32(honest.epoch.witness.rootFrom) }), UNPROVEN],
      ['imports of no known root', change(data, 1, { importRoot: flip(data.newRoot) }), 'ImportRootUnknown'],
      ['another message', change(data, 0, { leaves: [flip(leaf), ...leaves] }), UNPROVEN],
      ['messages in another order', change(data, 0, { leaves: [...leaves, leaf] }), UNPROVEN],
      ['a message less', change(data, 0, { leaves }), UNPROVEN],
      ['another withdrawal', change(data, 0, { withdrawals: [flip(withdrawal)] }), UNPROVEN],
      ['a withdrawal twice', change(data, 0, { withdrawals: [withdrawal, withdrawal] }), UNPROVEN],
      ['no withdrawal', change(data, 0, { withdrawals: [] }), UNPROVEN],
    ]
    for (const [what, changed, error] of attempts) expect([what, await verdict(changed, proof)]).toEqual([what, error])
  })

  it('nor is a proof taken with a byte changed, added or missing', async () => {
    const { data, proof } = honest
    const words = (proof.length - 2) / 64
    const refusals = new Set<string>()
    // Each stretch of the proof: the pairing points, commitments, sums, evaluations, openings.
    for (let at = 0; at < words; at += 23) {
      const word = `0x${proof.slice(2 + at * 64, 66 + at * 64)}` as const
      refusals.add(await verdict(data, `0x${proof.slice(2, 2 + at * 64)}${flip(word).slice(2)}${proof.slice(66 + at * 64)}`))
    }
    for (const bytes of ['0x', `${proof}00`, proof.slice(0, -2), `0x${'00'.repeat((proof.length - 2) / 2)}`] as Hex[]) refusals.add(await verdict(data, bytes))
    // Without a reason: a point that is not on the curve fails in the EVM's precompile.
    expect([...refusals].sort()).toEqual(['ProofLengthWrongWithLogN', 'ShpleminiFailed', 'SumcheckFailed', 'revert without a reason'])
  })
})

describe('after it has settled', () => {
  beforeAll(async () => {
    expect(await settle(honest)).toBe('success')
    const { client } = cluster.l1
    expect(await client.readContract({ address: cluster.contracts.hub, abi: causewayHubAbi, functionName: 'root' })).toBe(honest.data.newRoot)
  })

  it('it does not settle twice', async () => {
    expect(await verdict(honest.data, honest.proof)).toBe('EpochNumberWrong')
    expect(await verdict({ ...honest.data, epoch: 2n }, honest.proof)).toBe('NewRootInvalid')
  })

  it('the other certificate of the height is refused, as it is and composed anew', async () => {
    expect(await settle(other)).toBe('reverted')
    expect(await verdict(other.data, other.proof)).toBe('EpochNumberWrong')
    expect(await verdict({ ...other.data, epoch: 2n }, other.proof)).toBe(UNPROVEN)
    expect((await compose([equivocal])).dropped).toMatchObject([{ verdict: 'invalid', code: 'STALE_CERTIFICATE' }])

    // A real proof that it is the second epoch on the first root: the statement holds, but that root is not the hub's any more.
    const witness = { ...other.epoch.witness, epoch: 2n }
    const again = { ...other.epoch, witness, result: applyEpoch(witness) }
    const { proof } = await prover.prove(witness)
    expect(await verdict(epochDataFor(again, layer), proof)).toBe(UNPROVEN)
    // Nor on the new root, where the twin and so the prover stop it.
    const onNewRoot = { ...witness, rootFrom: honest.epoch.result.rootTo, queueHashFrom: honest.epoch.result.queueHashTo, queue: [] }
    expect(errorCode(await prover.prove(onNewRoot).catch((error: unknown) => error))).toMatch(/^RULE_R/)
  })

  it('an L1 reorganization that puts another entry under a proven cursor takes the ground from the proof', async () => {
    const [alice] = cluster.users
    await cluster.l1.mine(3)
    await a.build()
    await b.build()
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('5'), recipient: alice.address })
    await a.build()
    await a.publish()
    await a.derive()
    await a.certify()
    const next = certificateOf(a)
    expect(next.before).toEqual(ofA.after)
    const proven = await prove([next])
    expect(await verdict(proven.data, proven.proof)).toBe('settles')
    await cluster.l1.reorg(2)
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('50'), recipient: alice.address })
    expect(await verdict(proven.data, proven.proof)).toBe('DaIndexTooFar')
    await a.publish()
    expect(await verdict(proven.data, proven.proof)).toBe(UNPROVEN)
    expect(await settle(proven)).toBe('reverted')
  })
})
