import { causewayHubAbi, preinstallCreations, PREINSTALLS } from '@causeway/contracts'
import { DA_KINDS, nextDaHash, systemClock as clock, ZERO_HASH, type DaKind, type DaReference } from '@causeway/core'
import { createL1Reader, createL1Sender, registerChain, solidityErrorOf } from '@causeway/l1'
import { bytesToHex, createPublicClient, createWalletClient, custom, encodeFunctionData, http, keccak256, multicall3Abi, numberToHex, parseEventLogs, type Hex } from 'viem'
import { afterEach, expect, it } from 'vitest'
import { blobs } from './blobs.js'
import { calldata, MAX_CALLDATA } from './calldata.js'
import { CHAIN, OTHER_CHAIN, POLICY, startL1 } from './l1.test-helper.js'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

async function setup(daKind: DaKind = 'calldata') {
  const { stop, ...l1 } = await startL1(daKind)
  undo.push(stop)
  const { client, hub, account } = l1
  const senderOf = (index: number) => {
    const sender = createL1Sender({ client, account: account(index), clock, pollInterval: 50 })
    undo.push(() => sender.close())
    return sender
  }
  return { ...l1, senderOf, posting: { client, hub, chainId: CHAIN } }
}
const noise = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7919 + (i >> 8)) % 256)
const refused = (text: string) => ({ code: 'DA_PERMANENT', shortMessage: expect.stringContaining(text) as string })

it('posts and gives back batches with the hashes that the hub has; an L1 reader is not sent the data', async () => {
  const { client, hub, inbox, anvil, senderOf, posting } = await setup()
  const da = calldata().create({ ...posting, sender: senderOf(1) })
  const references: DaReference[] = []
  for (const [i, length] of [1, 1000, MAX_CALLDATA].entries()) references.push(await da.submit(noise(length), BigInt(i + 1)))
  expect(references.map(({ index, kind, commitment }) => [index, kind, commitment])).toEqual([1, 1000, MAX_CALLDATA].map((length, i) => [BigInt(i + 1), DA_KINDS.calldata, keccak256(noise(length))]))
  // The pool of L1's nodes takes no larger transaction.
  expect((await client.request({ method: 'eth_getRawTransactionByHash' as never, params: [references[2]?.l1Transaction] as never }) as Hex).length / 2 - 1).toBeLessThan(131_072)

  let sent = 0
  const transport = custom({
    async request({ method, params }: { method: string; params: unknown[] }) {
      const response = await fetch(anvil.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) })
      const text = await response.text()
      if (method === 'eth_getLogs') sent += text.length
      return (JSON.parse(text) as { result: unknown }).result
    },
  })
  const reader = createL1Reader({ client: createPublicClient({ transport }), addresses: { hub, inbox }, clock })
  await reader.poll()
  expect(reader.postings(CHAIN).map(({ reference }) => reference)).toEqual(references)
  expect(sent).toBeGreaterThan(0)
  expect(sent).toBeLessThan(20_000)
  const rolled = references.reduce<Hex>((hash, { commitment }) => nextDaHash(hash, commitment), ZERO_HASH)
  expect(await client.readContract({ address: hub, abi: causewayHubAbi, functionName: 'daHash', args: [CHAIN, 3n] })).toBe(rolled)
})

it('refuses an empty batch, another key, no key, and the wrong way for a chain', async () => {
  const { senderOf, posting } = await setup()
  const [batcher, other] = [senderOf(1), senderOf(2)]
  await expect(calldata().create({ ...posting, sender: batcher }).submit(new Uint8Array(), 1n)).rejects.toMatchObject(refused('NoData()'))
  await expect(calldata().create({ ...posting, sender: other }).submit(noise(1), 1n)).rejects.toMatchObject(refused(`NotBatcher(1001, ${other.address})`))
  await expect(calldata().create(posting).submit(noise(1), 1n)).rejects.toMatchObject({ code: 'DA_PERMANENT' })
  await expect(blobs().create({ ...posting, sender: batcher }).submit(noise(1), 1n)).rejects.toMatchObject(refused('WrongDaKind(1001, 2)'))
})

it('does not post calldata for a chain of blobs', async () => {
  const { senderOf, posting } = await setup('blobs')
  await expect(calldata().create({ ...posting, sender: senderOf(1) }).submit(noise(1), 1n)).rejects.toMatchObject(refused('WrongDaKind(1001, 1)'))
})

it('believes no data that does not hash to the commitment, whatever an L1 node says', async () => {
  const { client, senderOf, posting } = await setup()
  const reference = await calldata().create({ ...posting, sender: senderOf(1) }).submit(noise(1000), 1n)
  type Raw = { logs: { address: Hex; topics: Hex[]; data: Hex }[] }
  const reading = (change: (receipt: Raw) => unknown) => {
    const transport = custom({
      async request({ method, params }: { method: string; params: unknown }) {
        const answer: unknown = await client.request({ method, params } as never)
        return method === 'eth_getTransactionReceipt' ? change(structuredClone(answer) as Raw) : answer
      },
    }, { retryCount: 0 })
    return calldata().create({ ...posting, client: createPublicClient({ transport }) }).retrieve(reference)
  }
  const onData = (edit: (data: Hex) => string) => (receipt: Raw) => {
    const log = receipt.logs.at(-1) as Raw['logs'][number]
    log.data = edit(log.data) as Hex
    return receipt
  }
  expect(await reading((receipt) => receipt)).toEqual(noise(1000))
  const word = 2 + 64
  const lies: Record<string, (receipt: Raw) => unknown> = {
    'a byte is another': onData((data) => `${data.slice(0, 1000)}${data[1000] === '0' ? '1' : '0'}${data.slice(1001)}`),
    'the end is missing': onData((data) => data.slice(0, -640)),
    'half a byte is missing': onData((data) => data.slice(0, -1)),
    'there is nothing': onData(() => '0x'),
    'it is no hex': onData(() => 'data'),
    'it says that it is shorter': onData((data) => `${data.slice(0, word)}${numberToHex(999, { size: 32 }).slice(2)}${data.slice(word + 64)}`),
    'it says that it is longer': onData((data) => `${data.slice(0, word)}${numberToHex(2n ** 64n, { size: 32 }).slice(2)}${data.slice(word + 64)}`),
    'it starts elsewhere': onData((data) => `${numberToHex(2n ** 255n, { size: 32 })}${data.slice(word)}`),
    'the log is missing': (receipt) => ({ ...receipt, logs: receipt.logs.slice(0, -1) }),
    'the logs are no list': (receipt) => ({ ...receipt, logs: 7 }),
    'the log has no topics': (receipt) => ({ ...receipt, logs: receipt.logs.map((log) => ({ ...log, topics: undefined })) }),
    'there is no receipt': () => null,
  }
  for (const [what, lie] of Object.entries(lies)) await expect(reading(lie), what).rejects.toMatchObject({ code: 'DA_TRANSIENT' })
})

it('finds a batch that a reorganization of L1 has moved', async () => {
  const { client, test, senderOf, posting } = await setup()
  const sender = senderOf(1)
  const da = calldata().create({ ...posting, sender })
  const reference = await da.submit(noise(100), 1n)
  await test.request({ method: 'anvil_reorg', params: [1, []] } as never)
  await test.request({ method: 'anvil_dropAllTransactions' } as never)
  await expect(da.retrieve(reference)).rejects.toMatchObject({ code: 'DA_TRANSIENT' })
  await test.mine({ blocks: 2 })
  await sender.poll()
  await expect.poll(() => da.retrieve(reference).then(bytesToHex, () => undefined), { timeout: 20_000 }).toBe(bytesToHex(noise(100)))
  expect((await client.getTransactionReceipt({ hash: reference.l1Transaction })).blockNumber).toBeGreaterThan(reference.l1Block)
})

it('posts once what a batcher sends again that was killed before it knew of its posting', async () => {
  const { client, test, hub, account, length, posting } = await setup()
  await test.setAutomine(false)
  /** The batcher's key in a process that has nothing but what L1 says; `nonces`: how many more its L1 node counts than it has mined. */
  const process = (nonces = 0) => {
    const counting = createPublicClient({
      transport: custom({
        async request({ method, params }: { method: string; params: unknown }) {
          const answer: unknown = await client.request({ method, params } as never)
          return method === 'eth_getTransactionCount' ? numberToHex(BigInt(answer as Hex) + BigInt(nonces)) : answer
        },
      }),
      cacheTime: 0,
    })
    const sender = createL1Sender({ client: counting, account: account(1), clock, pollInterval: 20 })
    undo.push(() => sender.close())
    return { sender, da: calldata().create({ ...posting, sender }) }
  }
  const waiting = async (count: number) => expect.poll(async () => Number((await test.getTxpoolStatus()).pending), { timeout: 20_000 }).toBe(count)
  const end = (work: Promise<DaReference>) => work.then(({ index }) => index, (error: unknown) => solidityErrorOf((error as { cause: unknown }).cause)?.name ?? error)

  // It is on its way: the second takes its place in L1's pool.
  const killed = process()
  const lost = killed.da.submit(noise(10), 1n).catch((error: unknown) => (error as { code: string }).code)
  await waiting(1)
  await killed.sender.close()
  expect(await lost).toBe('DA_TRANSIENT')
  const again = end(process().da.submit(noise(11), 1n))
  await expect.poll(async () => Object.values((await test.getTxpoolContent()).pending).flatMap((byNonce) => Object.values(byNonce)).filter(({ input }) => input.includes(bytesToHex(noise(11)).slice(2))).length, { timeout: 20_000 }).toBe(1)
  await test.mine({ blocks: 1 })
  expect([await again, await length(CHAIN)]).toEqual([1n, 1n])

  // It is mined: the second is not sent at all.
  expect(await end(process().da.submit(noise(12), 1n))).toBe('NotNext')
  await waiting(0)

  // Both are mined, one after the other: the second has no effect.
  const [first, second] = [end(process().da.submit(noise(13), 2n)), end(waiting(1).then(() => process(1).da.submit(noise(14), 2n)))]
  await waiting(2)
  await test.mine({ blocks: 1 })
  expect([await first, await second, await length(CHAIN)]).toEqual([2n, 'NotNext', 2n])
  expect(await end(process().da.submit(noise(15), 4n))).toBe('NotNext')
  const reader = createL1Reader({ client, addresses: { hub, inbox: hub }, clock })
  await reader.poll()
  expect(reader.postings(CHAIN).map(({ reference }) => reference.commitment)).toEqual([11, 13].map((seed) => keccak256(noise(seed))))
})

it('reads what a contract has posted, of several chains in one transaction', async () => {
  const { client, hub, account, posting } = await setup()
  const owner = createWalletClient({ account: account(0), transport: http(client.transport.url as string) })
  const { initCode } = preinstallCreations().find(({ address }) => address === PREINSTALLS.multicall3) as { initCode: Hex }
  const { contractAddress } = await client.waitForTransactionReceipt({ hash: await owner.deployContract({ abi: [], bytecode: initCode, chain: null }) })
  const batcher = contractAddress as Hex
  const ids = [CHAIN + 10n, OTHER_CHAIN + 10n]
  for (const chainId of ids) await registerChain({ client, wallet: owner, hub, registration: { chainId, stateRoot: ZERO_HASH, policy: POLICY, batcher, owner: batcher, daKind: DA_KINDS.calldata, spec: '' } })
  const calls = ids.map((chainId, i) => ({ target: hub, allowFailure: false, callData: encodeFunctionData({ abi: causewayHubAbi, functionName: 'postCalldata', args: [chainId, 1n, bytesToHex(noise(50 + i))] }) }))
  const l1Transaction = await owner.writeContract({ chain: null, address: batcher, abi: multicall3Abi, functionName: 'aggregate3', args: [calls] })
  const { logs, blockNumber } = await client.waitForTransactionReceipt({ hash: l1Transaction })
  const posted = parseEventLogs({ abi: causewayHubAbi, eventName: 'BatchPosted', logs })
  expect(posted.map(({ args }) => args.chainId)).toEqual(ids)
  for (const [i, { args }] of posted.entries()) {
    const da = calldata().create({ ...posting, chainId: args.chainId })
    expect(await da.retrieve({ index: args.index, kind: DA_KINDS.calldata, commitment: args.commitment, l1Block: blockNumber, l1Transaction })).toEqual(noise(50 + i))
  }
})
