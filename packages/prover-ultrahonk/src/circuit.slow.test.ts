import { applyEpoch, attestationSigner, attestedPolicy, FIELD, findBalance, genesisHeader, headerHash, policyHash, REGISTRY, toBytes32, updateTree, type EpochWitness, type QueueEntry } from '@causeway/core'
import { describe, expect, test } from 'vitest'
import { loadArtefact } from './artefact.js'
import { circuitOf, solve } from './prove.js'
import { address, advance, buildEpoch, deposit, received, sent, testCluster, type TestChain, type TestCluster } from './testkit/cluster.js'
import { queueEntry, randomEpoch } from './testkit/honest.js'
import { toCircuitInputs } from './witness.js'

const circuits = { 1: circuitOf(await loadArtefact(1)), 2: circuitOf(await loadArtefact(2)), 4: circuitOf(await loadArtefact(4)) }

/** The circuit agrees with the twin: it takes the public inputs that the twin computes, and no others. */
async function agree(witness: EpochWitness, places: 1 | 2 | 4): Promise<void> {
  const result = applyEpoch(witness)
  await expect(solve(circuits[places], toCircuitInputs(witness, result, places))).resolves.toBeInstanceOf(Uint8Array)
  const other = { publicInputs: result.publicInputs.with(6, (result.rootTo + 1n) % FIELD) }
  await expect(solve(circuits[places], toCircuitInputs(witness, other, places))).rejects.toThrow()
}

function chains(cluster: TestCluster): [TestChain, TestChain, TestChain] {
  return cluster.chains as [TestChain, TestChain, TestChain]
}

describe('the circuit and its twin accept', () => {
  const seeds = Array.from({ length: 8 }, (_, i) => i + 1)
  test.each(seeds)('one random certificate, seed %i', async (seed) => agree(await randomEpoch(seed, 1), 1))
  test.each(seeds)('two random certificates, seed %i', async (seed) => agree(await randomEpoch(1000 + seed, 2), 2))
  test.each([1, 2])('three random certificates in four places, seed %i', async (seed) => agree(await randomEpoch(2000 + seed, 3), 4))

  test('an epoch of queue entries only, and one of nothing', async () => {
    const cluster = testCluster()
    await agree(await buildEpoch(cluster, [], [queueEntry(() => 0), { ...queueEntry(() => 1), slot: 77n }]), 1)
    await agree(await buildEpoch(cluster, []), 1)
  })

  const refused: [string, Partial<QueueEntry>][] = [
    ['another kind', { kind: 2 }],
    ['chain id 0', { chainId: 0n }],
    ["L1's chain id", { chainId: 31337n }],
    ['a taken slot', { slot: 1n }],
    ['policy 0', { policyHash: toBytes32(0n) }],
    ['policy p', { policyHash: toBytes32(FIELD) }],
    ['policy p + 1', { policyHash: toBytes32(FIELD + 1n) }],
    ['policy 2^256 - 1', { policyHash: toBytes32(2n ** 256n - 1n) }],
  ]
  test.each(refused)('a queue entry that is consumed as refused: %s', async (_, change) => {
    const cluster = testCluster()
    const witness = await buildEpoch(cluster, [], [{ ...queueEntry(() => 0), ...change }])
    expect(applyEpoch(witness).rootTo).toBe(cluster.root)
    await agree(witness, 1)
  })

  test('a queue entry with the largest policy hash', async () => {
    const cluster = testCluster()
    const witness = await buildEpoch(cluster, [], [{ ...queueEntry(() => 0), policyHash: toBytes32(FIELD - 1n) }])
    expect(applyEpoch(witness).rootTo).not.toBe(cluster.root)
    await agree(witness, 1)
  })

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('eight exports behind %i older ones', async (older) => {
    const cluster = testCluster()
    const [, b] = chains(cluster)
    advance(cluster, b, Array.from({ length: older }, (_, i) => sent(b, { destination: 901n }, i)))
    await agree(await buildEpoch(cluster, [{ chain: b, entries: Array.from({ length: 8 }, (_, i) => sent(b, { destination: i % 2 === 0 ? 901n : 31337n, amount: BigInt(i) }, i)) }]), 1)
  })

  test('a certificate that is full in every way', async () => {
    const cluster = testCluster()
    const [a, b, c] = chains(cluster)
    // 902 imports from both others: 4 nonces from the end of one bitmap's range cannot be had cheaply, so 2 sources make 2 leaves.
    advance(cluster, c, Array.from({ length: 2 }, (_, i) => sent(c, { destination: 902n, amount: 5n, token: { chain: 903n, address: address(0x70 + i) } }, i)))
    const time = b.header.timestamp + 1000n
    const at = <T extends { time: bigint }>(entry: T) => ({ ...entry, time })
    const witness = await buildEpoch(cluster, [
      {
        chain: b,
        importRoot: cluster.root,
        entries: [
          ...[0, 1, 2, 3].map((i) => at(deposit(b, 2n ** 127n, { token: { chain: 31337n, address: address(i % 2) } }, i))),
          ...a.sent.slice(0, 3).map((entry) => received(a, entry, time)),
          ...c.sent.slice(0, 1).map((entry) => received(c, entry, time)),
          ...[0, 1, 2, 3, 4, 5, 6, 7].map((i) => sent(b, { destination: i < 4 ? 31337n : 903n, amount: 2n ** 120n, payload: '0x' }, i, time)),
        ],
      },
    ])
    await agree(witness, 1)
  })

  test('a second import from the same bitmap, and messages on both sides of its edge', async () => {
    const cluster = testCluster()
    const [a, b] = chains(cluster)
    for (let sentSoFar = 6; sentSoFar < 130; sentSoFar += 4) advance(cluster, a, [0, 1, 2, 3].map((i) => sent(a, { destination: 902n }, i)))
    const pick = (nonces: number[], time: bigint) => nonces.map((nonce) => received(a, a.sent[nonce] as TestChain['sent'][number], time))
    const late = a.header.timestamp + 100n
    advance(cluster, b, pick([0, 126, 128], late))
    await agree(await buildEpoch(cluster, [{ chain: b, importRoot: cluster.root, entries: pick([129, 1, 127, 64, 63, 2], late + 10n) }]), 1)
  })

  test('1 of 1 and 8 of 8 signers, and more signatures than needed', async () => {
    for (const [k, n, signing] of [[1, 1, 1], [8, 8, 8], [3, 5, 5]] as const) {
      const cluster = testCluster()
      const [, b] = chains(cluster)
      b.signers = Array.from({ length: n }, (_, i) => attestationSigner(Uint8Array.from({ length: 32 }, () => i + 1))).sort((x, y) => (x.publicKey.x < y.publicKey.x ? -1 : 1))
      b.policy = attestedPolicy(k, b.signers.map(({ publicKey }) => publicKey))
      b.header = { ...b.header, policyHash: policyHash(b.policy) }
      cluster.root = updateTree(cluster.registry, REGISTRY, cluster.root, b.slot, headerHash(b.header))
      await agree(await buildEpoch(cluster, [{ chain: b, entries: [], signAs: { policy: b.policy, signers: b.signers.slice(0, signing) } }]), 1)
    }
  })

  test('the first certificate of a chain, at the last slot', async () => {
    const cluster = testCluster()
    const [, b] = chains(cluster)
    b.slot = 2n ** 32n - 1n
    b.header = genesisHeader(905n, toBytes32(2n ** 256n - 1n), b.header.policyHash)
    b.nodes.put(0n, [0n, 0n])
    b.inboxHash = toBytes32(0n)
    cluster.root = updateTree(cluster.registry, REGISTRY, cluster.root, b.slot, headerHash(b.header))
    expect(findBalance(b.nodes, b.header.balanceRoot, { chain: 31337n, address: address(0) }).balance).toBe(null)
    await agree(await buildEpoch(cluster, [{ chain: b, entries: [{ ...deposit(b, 2n ** 128n - 1n), time: 1_700_000_000_001n }] }]), 1)
  })
})
