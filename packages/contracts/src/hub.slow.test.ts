import {
  accumulate,
  aliasL1Address,
  attestationSigner,
  attestedPolicy,
  DA_KINDS,
  domainSeparator,
  emptyRoot,
  encodePolicy,
  FIELD,
  limbs,
  nextDaHash,
  nextInboxHash,
  nextQueueHash,
  policyHash,
  REGISTRY,
  toBytes32,
  ZERO_HASH,
  type L1InboxEntry,
} from '@causeway/core'
import { concatHex, decodeErrorResult, defineKzg, encodeAbiParameters, encodeFunctionData, keccak256, parseAbiParameters, parseEventLogs, toBlobs, toHex, zeroAddress, type Address, type Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { causewayBridgeAbi, causewayHubAbi, causewayInboxAbi, withdrawalTree } from './index.js'
import { certificate, CHAIN_A, CHAIN_B, policy, register, revertOf, startCluster, startL1, type Cluster, type EpochData, type L1 } from './l1-fixture.js'
import { mockAvailabilityAbi, mockAvailabilityBytecode, mockVerifierAbi } from './testing.js'

let l1: L1
let cluster: Cluster
beforeAll(async () => {
  l1 = await startL1({ hardfork: 'prague' })
  cluster = await startCluster(l1)
})
afterAll(() => l1.anvil.stop())

const digest = (n: number): Hex => keccak256(toHex(n))
const read = <name extends 'root' | 'epoch' | 'queueLength' | 'queueApplied' | 'slotCount' | 'domain'>(functionName: name) =>
  l1.client.readContract({ ...cluster.hubContract, functionName })

/** What the hub asked its verifier about: `MockVerifier` reverts with it. */
async function publicInputs(data: EpochData): Promise<bigint[]> {
  const { data: returned } = await l1.client
    .call({ to: cluster.hub, data: encodeSettle(data, '0x01') })
    .catch((error: { walk: (f: (e: unknown) => boolean) => { data: Hex | { data: Hex } } }) => {
      const found = error.walk((e) => typeof e === 'object' && e !== null && 'data' in e && e.data !== undefined).data
      return { data: typeof found === 'string' ? found : found.data }
    })
  const { errorName, args } = decodeErrorResult({ abi: mockVerifierAbi, data: returned ?? '0x' })
  expect(errorName).toBe('Saw')
  return args[0].map(BigInt)
}

/** KZG with the public setup, in the form that viem takes. */
async function loadKzg() {
  const { DasContextJs } = await import('@crate-crypto/node-eth-kzg')
  const context = DasContextJs.create({ usePrecomp: false })
  return defineKzg({
    blobToKzgCommitment: (blob) => context.blobToKzgCommitment(blob),
    computeBlobKzgProof: (blob, commitment) => context.computeBlobKzgProof(blob, commitment),
  })
}

function encodeSettle(data: EpochData, proof: Hex): Hex {
  return encodeFunctionData({ abi: causewayHubAbi, functionName: 'settle', args: [data, proof] })
}

describe('a new hub', () => {
  it('has the domain of section 7 and the root of the empty registry', async () => {
    expect(await read('domain')).toBe(domainSeparator(cluster.domain))
    expect(await read('root')).toBe(toBytes32(emptyRoot(REGISTRY)))
  })
})

describe('registration', () => {
  const base = { chainId: 77n, stateRoot: digest(1), policy: encodePolicy(policy), batcher: '0x00000000000000000000000000000000000000bb' as Address, owner: '0x00000000000000000000000000000000000000cc' as Address, daKind: 1, daAdapter: zeroAddress as Address, spec: '' }
  const attempt = (change: Partial<typeof base>) => revertOf(register(l1, cluster, base.chainId, { ...base, ...change }))

  it('refuses ids that are taken or reserved', async () => {
    expect(await attempt({ chainId: 0n })).toBe('ChainIdReserved')
    expect(await attempt({ chainId: 31337n })).toBe('ChainIdReserved')
    expect(await attempt({ chainId: 2n ** 64n - 1n })).toBe('ChainIdReserved')
    expect(await attempt({ chainId: CHAIN_A })).toBe('ChainIdTaken')
  })

  it('refuses malformed policies', async () => {
    const keys = [3, 4, 5].map((n) => attestationSigner(new Uint8Array(32).fill(n)).publicKey).sort((a, b) => (a.x < b.x ? -1 : 1))
    const bytes = (k: number, n: number, points: readonly { x: bigint; y: bigint }[]) =>
      concatHex([toHex(k, { size: 1 }), toHex(n, { size: 1 }), ...points.flatMap(({ x, y }) => [toBytes32(x), toBytes32(y)])])
    const [a, b] = keys as [(typeof keys)[0], (typeof keys)[0]]
    const malformed: Record<string, Hex> = {
      empty: '0x',
      'one byte': '0x01',
      'k = 0': bytes(0, 2, [a, b]),
      'k > n': bytes(3, 2, [a, b]),
      'n = 0': bytes(0, 0, []),
      'n > 8': bytes(1, 9, Array.from({ length: 9 }, (_, i) => ({ x: BigInt(i + 1), y: 1n }))),
      'a key too few': bytes(1, 2, [a]),
      'a key too many': bytes(1, 1, [a, b]),
      'a byte too many': concatHex([bytes(1, 1, [a]), '0x00']),
      unsorted: bytes(1, 2, [b, a]),
      duplicate: bytes(1, 2, [a, a]),
      'x not canonical': bytes(1, 1, [{ x: a.x + FIELD, y: a.y }]),
      'y not canonical': bytes(1, 1, [{ x: a.x, y: a.y + FIELD }]),
      'not on the curve': bytes(1, 1, [{ x: a.x, y: a.y + 1n }]),
    }
    for (const [what, policyBytes] of Object.entries(malformed)) expect(await attempt({ policy: policyBytes }), what).toBe('PolicyMalformed')
    expect(await attempt({ batcher: '0x0000000000000000000000000000000000000000' })).toBe('BatcherZero')
  })

  it('refuses kinds of data availability that it does not know, and tells the others', async () => {
    for (const daKind of [0, 4, 255]) expect(await attempt({ daKind }), `kind ${daKind}`).toBe('DaKindUnknown')
    // An adapter is a contract, and only for the kind that has one.
    for (const daAdapter of [zeroAddress, l1.account.address]) expect(await attempt({ daKind: 3, daAdapter })).toBe('DaAdapterInvalid')
    for (const daKind of [1, 2]) expect(await attempt({ daKind, daAdapter: cluster.hub })).toBe('DaAdapterInvalid')
    const snapshot = await l1.test.snapshot()
    for (const [daKind, daAdapter] of [[1, zeroAddress], [2, zeroAddress], [3, cluster.hub]] as const) {
      const { logs } = await register(l1, cluster, 2000n + BigInt(daKind), { daKind, daAdapter })
      expect(parseEventLogs({ abi: causewayHubAbi, eventName: 'ChainRegistered', logs })[0]?.args.registration).toMatchObject({ daKind, daAdapter })
    }
    await l1.test.revert({ id: snapshot })
  })

  it('tells what a registration says about its chain, up to 8,192 bytes, whatever it is', async () => {
    expect(await attempt({ spec: 'x'.repeat(8_193) })).toBe('SpecTooLong')
    const snapshot = await l1.test.snapshot()
    for (const [i, spec] of ['', 'x'.repeat(8_192), '{"engine":"évm"}\0'].entries()) {
      const { logs } = await register(l1, cluster, 2100n + BigInt(i), { spec })
      expect(parseEventLogs({ abi: causewayHubAbi, eventName: 'ChainRegistered', logs })[0]?.args.registration.spec).toBe(spec)
    }
    await l1.test.revert({ id: snapshot })
  })

  it('hashes a policy of any size as the circuit does', async () => {
    const keys = Array.from({ length: 8 }, (_, i) => attestationSigner(new Uint8Array(32).fill(i + 20)).publicKey)
    const snapshot = await l1.test.snapshot()
    for (let n = 1; n <= 8; n++) {
      const some = attestedPolicy(1 + (n >> 1), keys.slice(0, n))
      const receipt = await register(l1, cluster, 3000n + BigInt(n), { policy: encodePolicy(some) })
      const [log] = parseEventLogs({ abi: causewayHubAbi, eventName: 'ChainRegistered', logs: receipt.logs })
      expect(log?.args.policyHash, `${n} signers`).toBe(toBytes32(policyHash(some)))
    }
    await l1.test.revert({ id: snapshot })
  })

  it('queues what is well-formed, at the next slot, with the rolling hash of section 9', async () => {
    const receipt = await register(l1, cluster, 1001n)
    const [log] = parseEventLogs({ abi: causewayHubAbi, eventName: 'ChainRegistered', logs: receipt.logs })
    const slot = (await read('slotCount')) - 1
    expect(log?.args).toMatchObject({ chainId: 1001n, slot, queueIndex: BigInt(slot), registration: { chainId: 1001n, policy: encodePolicy(policy), batcher: l1.account.address } })
    let hash = ZERO_HASH
    for (const [index, chainId] of [CHAIN_A, CHAIN_B, 1001n].entries())
      hash = nextQueueHash(hash, { kind: 1, slot: BigInt(index), chainId, stateRoot: keccak256(toHex(chainId)), policyHash: toBytes32(policyHash(policy)) })
    expect(await l1.client.readContract({ ...cluster.hubContract, functionName: 'queueHash', args: [3n] })).toBe(hash)
    expect(await l1.client.readContract({ ...cluster.hubContract, functionName: 'slotOf', args: [1001n] })).toBe(slot)
  })
})

describe('settlement', () => {
  it('computes every public input from storage and calldata', async () => {
    const inbox: L1InboxEntry[] = []
    const deposit = async (chainId: bigint, value: bigint, payload: Hex) => {
      const receipt = await l1.send({
        address: cluster.bridge,
        abi: causewayBridgeAbi,
        functionName: 'depositETH',
        args: [{ chainId, recipient: cluster.hub, refundTo: l1.account.address, gasLimit: 100_000n, payload }],
        value,
      })
      const [log] = parseEventLogs({ abi: causewayInboxAbi, eventName: 'Deposited', logs: receipt.logs })
      if (!log) throw new Error('no deposit was logged')
      const { index, timestamp, sender, recipient, refundTo, token, amount, gasLimit } = log.args
      const message = { source: 31337n, nonce: index, timestamp, destination: chainId, sender, recipient, refundTo, token: { chain: 31337n, address: token }, amount, fee: 0n, gasLimit, expiry: 2n ** 64n - 1n, payload } // prettier-ignore
      inbox.push({ kind: 'deposit', index, message })
    }
    await deposit(CHAIN_B, 5n, '0x')
    await l1.send({ address: cluster.inbox, abi: causewayInboxAbi, functionName: 'forceTransaction', args: [CHAIN_B, '0x02f8aa'] })
    inbox.push({ kind: 'forced', index: 1n, transaction: '0x02f8aa' })
    await deposit(CHAIN_B, 0n, '0xc0ffee')
    const inboxHashes = inbox.reduce<Hex[]>((hashes, entry) => [...hashes, nextInboxHash(hashes.at(-1) as Hex, entry)], [ZERO_HASH])

    const kzg = await loadKzg()
    let daHash = ZERO_HASH
    for (let i = 0; i < 2; i++) {
      const blobs = toBlobs({ data: toHex(`batch ${i}`) })
      const hash = await l1.wallet.writeContract({ ...cluster.hubContract, functionName: 'postBlobs', args: [CHAIN_B, BigInt(i + 1)], blobs, kzg, maxFeePerBlobGas: 10n ** 9n, chain: null } as never)
      const { logs, gasUsed } = await l1.client.waitForTransactionReceipt({ hash })
      // What a chain pays most often.
      expect(gasUsed).toBeLessThan(58_500n)
      const [log] = parseEventLogs({ abi: causewayHubAbi, eventName: 'BatchPosted', logs })
      daHash = nextDaHash(daHash, log?.args.commitment ?? '0x')
      expect(log?.args).toMatchObject({ chainId: CHAIN_B, index: BigInt(i + 1), daHash })
    }

    const a = certificate({ slot: 0, height: 3n, timestamp: 4n, stateRoot: digest(5), inboxRoot: toBytes32(6n), balanceRoot: toBytes32(7n), withdrawals: [digest(1), digest(2)], leaves: [toBytes32(8n)] })
    const newRoot = cluster.nextRoot()
    const b = certificate({
      slot: 1,
      height: 1n,
      timestamp: 9n,
      l1InboxCursor: 2n,
      daIndex: 2n,
      notAfter: 2n ** 63n,
      stateRoot: digest(15),
      inboxRoot: toBytes32(16n),
      balanceRoot: toBytes32(FIELD - 1n),
      importRoot: newRoot,
      leaves: [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n].map(toBytes32),
      withdrawals: [digest(3), digest(4), digest(5), digest(6)],
    })
    const data = await cluster.epochData({ certificates: [a, b], newRoot, queueCursor: 2n, time: (await l1.now()) - 5_000n })

    let accumulator = ZERO_HASH
    for (const [c, chainId, inboxHash, da] of [
      [a, CHAIN_A, ZERO_HASH, ZERO_HASH],
      [b, CHAIN_B, inboxHashes[2] as Hex, daHash],
    ] as const) {
      const after = { chainId, height: c.height, timestamp: c.timestamp, l1InboxCursor: c.l1InboxCursor, stateRoot: c.stateRoot, inboxRoot: BigInt(c.inboxRoot), balanceRoot: BigInt(c.balanceRoot), outboxRoot: 0n, outboxSize: 0n, policyHash: 0n, policySince: 0n } // prettier-ignore
      accumulator = accumulate(accumulator, {
        slot: BigInt(c.slot),
        certificate: { after, inboxHash, daHash: da, notAfter: c.notAfter },
        importRoot: BigInt(c.importRoot),
        leaves: c.leaves.map(BigInt),
        withdrawals: c.withdrawals,
      })
    }
    const queueTo = await l1.client.readContract({ ...cluster.hubContract, functionName: 'queueHash', args: [2n] })
    const root = await read('root')
    expect(await publicInputs(data)).toEqual([
      ...limbs(domainSeparator(cluster.domain)),
      31337n,
      1n,
      data.time,
      BigInt(root),
      BigInt(newRoot),
      ...[0n, 0n],
      ...limbs(queueTo),
      ...[0n, 0n],
      ...limbs(accumulator),
      BigInt(l1.account.address),
    ])

    // Whatever is mined between composition and settlement changes nothing.
    await deposit(CHAIN_B, 1n, '0x')
    await register(l1, cluster, 1002n)
    expect((await publicInputs(data)).slice(5)).toEqual([BigInt(root), BigInt(newRoot), 0n, 0n, ...limbs(queueTo), 0n, 0n, ...limbs(accumulator), BigInt(l1.account.address)]) // prettier-ignore

    const receipt = await cluster.settle(data)
    const withdrawalsRoot = withdrawalTree([1, 2, 3, 4, 5, 6].map(digest)).root
    const [log] = parseEventLogs({ abi: causewayHubAbi, eventName: 'EpochSettled', logs: receipt.logs })
    expect(log?.args).toMatchObject({ epoch: 1n, newRoot, oldRoot: root, withdrawalsRoot, data: { ...data, certificates: [a, b] } })
    expect(await l1.client.readContract({ ...cluster.hubContract, functionName: 'withdrawalsRoot', args: [1n] })).toBe(withdrawalsRoot)
    expect(await Promise.all([read('root'), read('epoch'), read('queueApplied')])).toEqual([newRoot, 1n, 2n])
    expect(await l1.client.readContract({ ...cluster.hubContract, functionName: 'rootEpoch', args: [newRoot] })).toBe(2n)
  })

  const attempt = async (overrides: Partial<EpochData>, proof?: Hex) => revertOf(cluster.settle(await cluster.epochData(overrides), proof))
  const withCertificate = (overrides: Parameters<typeof certificate>[0]) => attempt({ certificates: [certificate(overrides)] })

  it('refuses a proof that its verifier refuses', async () => {
    expect(await attempt({}, '0x00')).toBe('ProofInvalid')
  })

  it('refuses a wrong epoch number and the same epoch twice', async () => {
    const data = await cluster.epochData()
    expect(await revertOf(cluster.settle({ ...data, epoch: data.epoch + 1n }))).toBe('EpochNumberWrong')
    expect(await revertOf(cluster.settle({ ...data, epoch: 0n }))).toBe('EpochNumberWrong')
    await cluster.settle(data)
    expect(await revertOf(cluster.settle(data))).toBe('EpochNumberWrong')
    expect(await revertOf(cluster.settle({ ...data, epoch: data.epoch + 1n }))).toBe('NewRootInvalid')
  })

  it('refuses a T of the future or of more than two hours ago', async () => {
    const now = await l1.now()
    expect(await attempt({ time: now + 60_000n })).toBe('EpochTimeOutOfRange')
    expect(await attempt({ time: now - 7_260_000n })).toBe('EpochTimeOutOfRange')
    expect(await attempt({ time: now - 7_100_000n })).toBe('success')
  })

  it('refuses roots outside the field', async () => {
    expect(await attempt({ newRoot: toBytes32(FIELD) })).toBe('NewRootInvalid')
    expect(await attempt({ newRoot: await read('root') })).toBe('NewRootInvalid')
  })

  it('wants certificates, of known slots, strictly ascending', async () => {
    expect(await attempt({ certificates: [] })).toBe('NoCertificates')
    expect(await attempt({ certificates: [certificate({ slot: 1 }), certificate({ slot: 1 })] })).toBe('SlotsUnsorted')
    expect(await attempt({ certificates: [certificate({ slot: 1 }), certificate({ slot: 0 })] })).toBe('SlotsUnsorted')
    expect(await withCertificate({ slot: 99 })).toBe('SlotUnknown')
  })

  it('refuses a certificate after its notAfter', async () => {
    expect(await withCertificate({ notAfter: (await l1.now()) - 1_000n })).toBe('CertificateExpired')
    expect(await withCertificate({ notAfter: (await l1.now()) + 60_000n })).toBe('success')
  })

  it('refuses cursors beyond what L1 has', async () => {
    const length = await l1.client.readContract({ address: cluster.inbox, abi: causewayInboxAbi, functionName: 'length', args: [CHAIN_B] })
    expect(await withCertificate({ slot: 1, l1InboxCursor: length + 1n })).toBe('InboxCursorTooFar')
    expect(await withCertificate({ slot: 1, l1InboxCursor: length })).toBe('success')
    expect(await withCertificate({ slot: 1, daIndex: 3n })).toBe('DaIndexTooFar')
    expect(await withCertificate({ slot: 1, daIndex: 2n })).toBe('success')
    const applied = await read('queueApplied')
    expect(await read('queueLength')).toBe(applied + 2n)
    expect(await attempt({ queueCursor: applied + 3n })).toBe('QueueCursorInvalid')
    expect(await attempt({ queueCursor: applied - 1n })).toBe('QueueCursorInvalid')
    expect(await attempt({ queueCursor: applied + 1n })).toBe('success')
    expect(await attempt({ queueCursor: applied + 3n })).toBe('QueueCursorInvalid')
    expect(await attempt({ queueCursor: applied + 2n })).toBe('success')
  })

  it('records the Merkle root of any number of withdrawals', async () => {
    for (let count = 0; count <= 8; count++) {
      const digests = Array.from({ length: count }, (_, i) => digest(100 * count + i))
      const data = await cluster.epochData({ certificates: [certificate({ slot: 0, withdrawals: digests.slice(0, 4) }), certificate({ slot: 1, withdrawals: digests.slice(4) })] })
      await cluster.settle(data)
      const root = await l1.client.readContract({ ...cluster.hubContract, functionName: 'withdrawalsRoot', args: [data.epoch] })
      expect(root, `${count} withdrawals`).toBe(count === 0 ? ZERO_HASH : withdrawalTree(digests).root)
    }
  })

  it('refuses certificates that the circuit has no places for, and zeros among their digests', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => digest(i))
    expect(await withCertificate({ leaves: many(9) })).toBe('TooManyLeaves')
    expect(await withCertificate({ withdrawals: many(5) })).toBe('TooManyWithdrawals')
    expect(await withCertificate({ withdrawals: [digest(1), ZERO_HASH, digest(2)] })).toBe('ZeroDigest')
    expect(await withCertificate({ leaves: [ZERO_HASH] })).toBe('ZeroDigest')
    expect(await withCertificate({ leaves: many(8), withdrawals: many(4) })).toBe('success')
  })

  it('takes as import root 0, the new root, or one of the last 64 settled; nothing else', async () => {
    const old = await read('root')
    expect(await withCertificate({ importRoot: digest(99) })).toBe('ImportRootUnknown')
    expect(await withCertificate({ importRoot: old })).toBe('success')
    for (let i = 0; i < 62; i++) expect(await attempt({})).toBe('success')
    // `old` was settled 64 epochs before the next one.
    expect(await withCertificate({ importRoot: old })).toBe('success')
    expect(await withCertificate({ importRoot: old })).toBe('ImportRootUnknown')
  })

  it('lets only the batcher post, in the way of its chain, and not nothing', async () => {
    await register(l1, cluster, 905n, { daKind: DA_KINDS.calldata })
    const blobs = (account = l1.account, chainId = CHAIN_A, index = 1n) => revertOf(l1.send({ ...cluster.hubContract, functionName: 'postBlobs', args: [chainId, index], account }))
    const calldata = (account = l1.account, chainId = 905n, data: Hex = '0x01', index = 1n) => revertOf(l1.send({ ...cluster.hubContract, functionName: 'postCalldata', args: [chainId, index, data], account }))
    expect(await blobs(l1.accounts[1])).toBe('NotBatcher')
    expect(await blobs(l1.account, 5n)).toBe('ChainUnknown')
    expect(await blobs()).toBe('NoBlobs')
    expect(await blobs(l1.account, 905n)).toBe('WrongDaKind')
    expect(await calldata(l1.accounts[1])).toBe('NotBatcher')
    expect(await calldata(l1.account, 5n)).toBe('ChainUnknown')
    expect(await calldata(l1.account, 905n, '0x')).toBe('NoData')
    expect(await calldata(l1.account, CHAIN_A)).toBe('WrongDaKind')
    expect(await calldata()).toBe('success')
  })

  it('posts nothing under a number that is not the next, so that what is sent twice counts once', async () => {
    await register(l1, cluster, 907n, { daKind: DA_KINDS.calldata })
    const post = (index: bigint) => l1.send({ ...cluster.hubContract, functionName: 'postCalldata', args: [907n, index, '0x01'] })
    const length = () => l1.client.readContract({ ...cluster.hubContract, functionName: 'daLength', args: [907n] })
    for (const next of [1n, 2n]) {
      for (const index of [0n, next - 1n, next + 1n, 2n ** 32n + next, 2n ** 64n - 1n]) expect(await revertOf(post(index)), `${index}`).toBe('NotNext')
      await post(next)
      expect(await length()).toBe(next)
    }
    // Also for blobs, and not because there are none.
    expect(await revertOf(l1.send({ ...cluster.hubContract, functionName: 'postBlobs', args: [CHAIN_A, 2n] }))).toBe('NotNext')
  })

  it('records what an adapter says of a posting, and nothing that it refuses', async () => {
    const adapter = await l1.deploy(mockAvailabilityAbi, mockAvailabilityBytecode)
    await register(l1, cluster, 908n, { daKind: 3, daAdapter: adapter })
    const post = (posting: Hex, { account = l1.account, chainId = 908n, index = 1n } = {}) => l1.send({ ...cluster.hubContract, abi: [...causewayHubAbi, ...mockAvailabilityAbi], functionName: 'postWith', args: [chainId, index, posting], account })
    const written = () => l1.client.readContract({ address: adapter, abi: mockAvailabilityAbi, functionName: 'written' })
    expect(await revertOf(post('0xff', { account: l1.accounts[1] as typeof l1.account }))).toBe('NotBatcher')
    expect(await revertOf(post('0xff', { chainId: CHAIN_A }))).toBe('WrongDaKind')
    expect(await revertOf(post('0xff', { index: 2n }))).toBe('NotNext')
    expect(await revertOf(l1.send({ ...cluster.hubContract, functionName: 'postCalldata', args: [908n, 1n, '0x01'] }))).toBe('WrongDaKind')
    // It refuses; says nothing; says too much; writes.
    expect(await revertOf(post('0x00'))).toBe('Unavailable')
    expect(await revertOf(post('0x010000'))).toBe('CommitmentSizeInvalid')
    expect(await revertOf(post('0x010401'))).toBe('CommitmentSizeInvalid')
    await expect(post('0x02')).rejects.toThrow()
    expect(await written()).toBe(0n)
    expect(await l1.client.readContract({ ...cluster.hubContract, functionName: 'daLength', args: [908n] })).toBe(0n)

    // Nothing that it calls from within does anything, though its chain's batcher is the adapter itself.
    await register(l1, cluster, 909n, { daKind: DA_KINDS.calldata, batcher: adapter })
    const inner = encodeFunctionData({ abi: causewayHubAbi, functionName: 'postCalldata', args: [909n, 1n, '0x01'] })
    const postings: [Hex, Hex][] = [
      ['0xff0102', encodeAbiParameters(parseAbiParameters('address, uint64, uint64, bytes'), [cluster.hub, 908n, 1n, '0xff0102'])],
      ['0x010001', '0x00'],
      ['0x010400', toHex(new Uint8Array(1_024))],
      [concatHex(['0x03', inner]), encodeAbiParameters(parseAbiParameters('bool, bytes'), [false, '0x'])],
    ]
    let daHash = ZERO_HASH
    for (const [i, [posting, commitment]] of postings.entries()) {
      const index = BigInt(i + 1)
      const { logs } = await post(posting, { index })
      daHash = nextDaHash(daHash, commitment)
      const events = parseEventLogs({ abi: causewayHubAbi, logs })
      expect(events).toMatchObject([{ eventName: 'BatchPosted', args: { chainId: 908n, index, daHash, commitment } }])
    }
    expect(await l1.client.readContract({ ...cluster.hubContract, functionName: 'daLength', args: [909n] })).toBe(0n)
  })

  it('records and repeats what is posted as calldata', async () => {
    await register(l1, cluster, 906n, { daKind: DA_KINDS.calldata })
    let daHash = ZERO_HASH
    for (const [i, data] of [digest(1), '0x00', toHex(new Uint8Array(5_000).fill(7))].entries()) {
      const { logs } = await l1.send({ ...cluster.hubContract, functionName: 'postCalldata', args: [906n, BigInt(i + 1), data as Hex] })
      const [posted, carried] = parseEventLogs({ abi: causewayHubAbi, logs })
      const index = BigInt(i + 1)
      daHash = nextDaHash(daHash, keccak256(data as Hex))
      expect(posted).toMatchObject({ eventName: 'BatchPosted', args: { chainId: 906n, index, daHash, commitment: keccak256(data as Hex) } })
      expect(carried).toMatchObject({ eventName: 'BatchData', args: { chainId: 906n, index, data } })
      expect(await l1.client.readContract({ ...cluster.hubContract, functionName: 'daHash', args: [906n, index] })).toBe(daHash)
      expect(await l1.client.readContract({ ...cluster.hubContract, functionName: 'daLength', args: [906n] })).toBe(index)
    }
  })
})

describe('the inbox', () => {
  it('takes forced transactions of 1 to 32,768 bytes for registered chains, deposits only from the bridge', async () => {
    const force = (chainId: bigint, transaction: Hex) =>
      revertOf(l1.send({ address: cluster.inbox, abi: causewayInboxAbi, functionName: 'forceTransaction', args: [chainId, transaction] }))
    expect(await force(CHAIN_A, '0x')).toBe('TransactionSizeInvalid')
    expect(await force(CHAIN_A, toHex(new Uint8Array(32_769)))).toBe('TransactionSizeInvalid')
    expect(await force(CHAIN_A, toHex(new Uint8Array(32_768)))).toBe('success')
    expect(await force(5n, '0x01')).toBe('ChainUnknown')
    const params = { chainId: CHAIN_A, recipient: cluster.hub, refundTo: cluster.hub, gasLimit: 0n, payload: '0x' } as const
    const args = [aliasL1Address(cluster.hub), cluster.hub, 1n, params] as const
    expect(await revertOf(l1.send({ address: cluster.inbox, abi: causewayInboxAbi, functionName: 'appendDeposit', args }))).toBe('NotBridge')
  })
})
