import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { causewayHubAbi } from '@causeway/contracts'
import { mockVerifier } from '@causeway/contracts/testing'
import { applyEpoch, encodePolicy, memoryNodes, openTree, OUTBOX, policyHash, signDraft, silentLog, toBytes32, ZERO_HASH, type Certificate, type Clock, type ClusterDomain } from '@causeway/core'
import { createL1Reader, createL1Sender, deployCluster, registerChain, startAnvil, type DeployedCluster, type L1Sender } from '@causeway/l1'
import { createTwinChain, memoryStore, TEST_BENEFICIARY, type TwinChain } from '@causeway/testing'
import { createPublicClient, createWalletClient, decodeErrorResult, http, keccak256, parseAbi, toHex, zeroAddress, type Hex, type PublicClient } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { composeEpoch, createAggregator, epochDataFor, l1Settlement, rebuildFromL1, type Registry } from '../index.js'
import { createMockLink, createMockProver, runSteps } from '../service-fixture.js'

/** Hurries: nothing here waits for time to pass, except the sender for L1. */
const clock: Clock = {
  now: () => BigInt(Date.now()),
  sleep: (ms, signal) => sleep(Math.min(ms, 20), undefined, signal ? { signal } : {}).catch(() => undefined),
}
const slots = new Map([[2001n, 0n], [2002n, 1n]])
const chains = [...slots].map(([chainId, slot]) => createTwinChain({ chainId, slot, slotOf: (id) => slots.get(id) as bigint })) as [TwinChain, TwinChain]
const [a, b] = chains

let anvil: Awaited<ReturnType<typeof startAnvil>>
let client: PublicClient
let cluster: DeployedCluster
let sender: L1Sender
let domain: ClusterDomain
beforeAll(async () => {
  anvil = await startAnvil({})
  const transport = { transport: http(anvil.url), pollingInterval: 10, cacheTime: 0 }
  client = createPublicClient(transport)
  const account = (index: number) => privateKeyToAccount((anvil.accounts[index] as { privateKey: Hex }).privateKey)
  const wallet = createWalletClient({ ...transport, account: account(0) })
  cluster = await deployCluster({ client, wallet, clusterId: keccak256(toHex('aggregator')), verifier: mockVerifier })
  domain = cluster.domain
  for (const { registration, policy } of chains) {
    const { chainId, stateRoot } = registration
    await registerChain({ client, wallet, hub: cluster.hub, registration: { chainId, stateRoot, policy: encodePolicy(policy), batcher: account(1).address, owner: zeroAddress, daKind: 1, spec: '' } })
  }
  sender = createL1Sender({ client, account: account(2), clock })
})
afterAll(async () => {
  await sender.close()
  await anvil.stop()
})

/** The chains have posted nothing and taken no deposit: a certificate of what they sent each other. */
async function certify(chain: TwinChain): Promise<Certificate> {
  return signDraft(domain, { ...chain.draft(), daIndex: 0n, daHash: ZERO_HASH }, chain.signers)
}

async function exchange(): Promise<[Certificate, Certificate]> {
  const now = (await client.getBlock()).timestamp * 1000n
  const own = { chain: a.chainId, address: TEST_BENEFICIARY }
  a.at(now + 1n).send({ destination: domain.l1ChainId, payload: '0x1234' })
  const sent = a.send({ destination: b.chainId, amount: 7n, token: own })
  b.at(now + 2n).import(sent, policyHash(a.policy))
  b.at(now + 3n).send({ destination: a.chainId, amount: 2n, token: own })
  return [await certify(a), await certify(b)]
}

function aggregator() {
  const reader = createL1Reader({ client, addresses: cluster, clock })
  const [link, prover] = [createMockLink(), createMockProver()]
  const l1 = l1Settlement({ domain, client, reader, sender, at: 'latest' })
  return { link, prover, ...createAggregator({ link, l1, prover, store: memoryStore(), clock, log: silentLog, beneficiary: TEST_BENEFICIARY, signVerdict: async (verdict) => ({ ...verdict, signature: `0x${'00'.repeat(65)}` }) }) }
}

it('settles on the real hub, which asks its verifier about exactly what the twin says', async () => {
  const service = aggregator()
  const certificates = await exchange()
  for (const certificate of certificates) expect(await service.submit(certificate)).toMatchObject({ accepted: true })
  expect(await runSteps(service.step)).toBe('composed proving proven settling settled collecting')

  const witness = service.prover.asked[0] as NonNullable<(typeof service.prover.asked)[number]>
  expect(service.registry().headers.get(1n)).toEqual(certificates[1].after)
  expect(await client.readContract({ address: cluster.hub, abi: causewayHubAbi, functionName: 'epoch' })).toBe(1n)
  expect(await client.readContract({ address: cluster.hub, abi: causewayHubAbi, functionName: 'withdrawalsRoot', args: [1n] })).not.toBe(ZERO_HASH)

  // The mock verifier shows what it is asked about when the proof is 0x01; asked at the block before.
  const [settled] = await client.getContractEvents({ address: cluster.hub, abi: causewayHubAbi, eventName: 'EpochSettled', fromBlock: 0n, strict: true })
  const { rootTo, publicInputs } = applyEpoch(witness)
  expect(settled?.args.newRoot).toBe(toBytes32(rootTo))
  const seen = await client
    .simulateContract({ address: cluster.hub, abi: causewayHubAbi, functionName: 'settle', args: [settled?.args.data as never, '0x01'], blockNumber: (settled?.blockNumber ?? 0n) - 1n, blockOverrides: { time: witness.time / 1000n + 1n } })
    .then(() => undefined, (error: { walk(test: (item: unknown) => boolean): { raw?: Hex; data?: Hex } | null }) => error.walk((item) => typeof (item as { raw?: unknown }).raw === 'string'))
  const { args } = decodeErrorResult({ abi: parseAbi(['error Saw(bytes32[] publicInputs)']), data: seen?.raw as Hex })
  expect(args?.[0]?.map(BigInt)).toEqual(publicInputs)
  for (const [i, chain] of chains.entries()) chain.accept(certificates[i] as Certificate)
})

it('is rebuilt from the logs alone, and the next epoch settles on what was rebuilt', async () => {
  const { registry, outboxes } = await rebuildFromL1({ client, hub: cluster.hub, maxBlockRange: 3n })
  expect(toBytes32(registry.root)).toBe(await client.readContract({ address: cluster.hub, abi: causewayHubAbi, functionName: 'root' }))
  expect([...registry.headers]).toEqual([[0n, a.header], [1n, b.header]])
  expect([...outboxes].map(([chainId, leaves]) => [chainId, leaves.length])).toEqual([[2001n, 2], [2002n, 1]])
  expect(openTree(registry.nodes, OUTBOX, b.header.outboxRoot, 0n).leaf).toBe(outboxes.get(2002n)?.[0])

  const tool = fileURLToPath(new URL('../../../../test/tools/rebuild.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--conditions=source', tool, '--rpc', anvil.url, '--hub', cluster.hub])
  expect(stdout).toMatch(/epoch 1 .* the hub agrees/)

  // By hand, by somebody who has nothing but those logs and the next certificates.
  const candidates = await exchange()
  const time = (await client.getBlock()).timestamp * 1000n
  const fromLogs: Registry = { ...registry, nodes: memoryNodes(registry.nodes) }
  const { epoch } = composeEpoch({ registry: fromLogs, domain, time, beneficiary: TEST_BENEFICIARY, queue: [], candidates, places: 2 })
  if (!epoch) throw new Error('the next epoch does not compose')
  const l1 = l1Settlement({ domain, client, sender, reader: createL1Reader({ client, addresses: cluster, clock }) })
  expect(await l1.settle(epochDataFor(epoch, l1), '0x02')).toMatchObject({ adopted: false })
  // Again, after a crash: nothing is sent twice.
  expect(await l1.settle(epochDataFor(epoch, l1), '0x02')).toMatchObject({ adopted: true, transaction: expect.stringMatching(/^0x/) })

  // An aggregator that starts now sees it all.
  const late = aggregator()
  await late.step()
  expect(late.status()).toMatchObject({ state: 'collecting', settled: { epoch: 2n, root: epoch.result.rootTo, chains: 2 } })
})
