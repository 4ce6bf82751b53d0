import { CausewayError, type HeadEvent, type RpcHost, type RpcSession } from '@causeway/core'
import { createWalletClient, custom, decodeEventLog, parseEventLogs, publicActions, toHex, type Hex } from 'viem'
import { expect, expectTypeOf, it } from 'vitest'
import { appActions, moduleAbi } from './client.js'
import { alice, bob, CHAIN, counter, deposit, L1, testChain } from './harness.test-helper.js'
import { moduleAddress } from './module.js'

/** A chain with an RPC of its own, which makes a block of each action. */
async function testClient() {
  const { engine, store, build } = await testChain()
  await build({ l1Entries: [deposit(0n, { recipient: alice.address, amount: 10n ** 18n })] })
  const listeners = new Set<(event: HeadEvent) => void>()
  const tell = (event: HeadEvent) => listeners.forEach((listener) => listener(event))
  const chain = {
    chainId: CHAIN,
    clientVersion: 'test',
    async sendRawTransaction(raw: Hex) {
      const { hash } = await engine.validate(raw, engine.blocks.head().hash)
      tell({ hash: (await build({ transactions: [raw] })).hash, removed: [] })
      return hash
    },
    pendingNonce: (account: Hex) => engine.getNonce(account, engine.blocks.head().hash),
    finality: () => ({ safe: 1n, finalized: 0n }),
    onHead(listener: (event: HeadEvent) => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onPendingTransaction: () => () => undefined,
  }
  const told: unknown[] = []
  const session: RpcSession = { connection: {}, notify: (_, params) => void told.push(params), drop: () => undefined, onClose: () => undefined }
  const scheduler = { next: async () => undefined, goOn: async () => undefined }
  const methods = engine.rpc?.({ chain, scheduler } as unknown as RpcHost) ?? {}
  const request = async ({ method, params }: { method: string; params?: unknown }): Promise<unknown> => {
    const answer = await methods[method]?.((params ?? []) as unknown[], { client: {}, address: '', session, hold: () => true })
    return JSON.parse(JSON.stringify(answer ?? null)) as unknown
  }
  /** Takes the head back. */
  async function undo() {
    const { hash, parentHash } = engine.blocks.head()
    await store.write(engine.rewind(parentHash))
    tell({ removed: [hash] })
  }
  const client = createWalletClient({ account: alice, pollingInterval: 10, transport: custom({ request }) }).extend(publicActions).extend(appActions([counter]))
  return { engine, request, client, undo, told }
}

it('writes and reads modules by their types', async () => {
  const { client } = await testClient()
  const hash = await client.write.counter.add({ by: 2n })
  expect(await client.read.counter.total()).toBe(2n)
  expect(await client.read.counter.by(alice.address)).toBe(2n)
  expect(await client.read.counter.by(bob.address)).toBe(undefined)
  await client.write.counter.note({ index: 1n, note: { text: 'hello', pinned: true } })
  expect(await client.read.counter.notes({ author: alice.address, index: 1n })).toEqual({ text: 'hello', pinned: true })
  await client.write.bank.transfer({ to: bob.address, chain: L1, token: '0x0000000000000000000000000000000000000000', amount: 7n })
  expect(await client.getBalance({ address: bob.address })).toBe(7n)
  expect(await client.getTransactionCount({ address: alice.address })).toBe(3)

  expectTypeOf(client.read.counter.total).returns.resolves.toEqualTypeOf<bigint | undefined>()
  expectTypeOf(client.read.counter.notes).returns.resolves.toEqualTypeOf<{ text: string; pinned: boolean } | undefined>()
  expectTypeOf(client.write.counter.add).parameter(0).toEqualTypeOf<{ by: bigint }>()
  expectTypeOf(hash).toEqualTypeOf<Hex>()
  // @ts-expect-error there is no such module
  expect(client.write.nowhere).toBe(undefined)
  // @ts-expect-error there is no such action
  expect(client.write.counter.subtract).toBe(undefined)
  // @ts-expect-error integers are bigints
  await expect(client.write.counter.add({ by: 1 })).rejects.toThrow()
  // @ts-expect-error a map wants a key
  await expect(client.read.counter.by()).rejects.toThrow()
})

it('asks views by their types', async () => {
  const { client } = await testClient()
  await client.write.counter.add({ by: 2n })
  const share = await client.view.counter.share({ who: alice.address })
  expect(share).toEqual({ part: 2n, of: 2n })
  expect(await client.view.counter.held()).toBe(0n)
  expectTypeOf(share).toEqualTypeOf<{ part: bigint; of: bigint }>()
  // @ts-expect-error it wants an address
  await expect(client.view.counter.share({})).rejects.toThrow()
  await expect(client.view.counter.misbehave({ how: 'code' })).rejects.toMatchObject({ code: 'VIEW_FAILED' })
})

it('tries actions before they are signed', async () => {
  const { client, engine } = await testClient()
  const before = engine.blocks.head().hash
  const tried = await client.simulate.counter.add({ by: 2n })
  expect(engine.blocks.head().hash).toBe(before)
  expect(tried).toMatchObject({ code: null, fee: tried.gasUsed * 1_000_000n, sent: 0, events: [{ module: 'counter', event: 'Added', data: { who: alice.address.toLowerCase(), total: 2n } }] })
  // Not a unit less, and no more.
  await client.write.counter.add({ by: 2n }, { gas: tried.gasUsed })
  expect(await client.read.counter.total()).toBe(2n)
  const { gasUsed } = await client.simulate.counter.add({ by: 2n })
  const short = await client.write.counter.add({ by: 2n }, { gas: gasUsed - 1n })
  expect(await client.getActionReceipt({ hash: short })).toMatchObject({ code: 'OUT_OF_GAS', gasUsed: gasUsed - 1n })

  expect(await client.simulate.counter.fail({ how: 'code' })).toMatchObject({ code: 'NOT_TODAY', events: [] })
  await expect(client.write.counter.fail({ how: 'code' })).rejects.toMatchObject({ code: 'ACTION_FAILS' })
  const send = { destination: L1, recipient: bob.address, refundTo: bob.address, chain: L1, token: '0x0000000000000000000000000000000000000000', gasLimit: 0n, expiry: 0n, payload: '0x' } as const
  expect(await client.simulate.bank.send({ ...send, amount: 1n })).toMatchObject({ code: null, sent: 1 })
  // The fee is taken first.
  const all = await client.getBalance({ address: alice.address })
  expect(await client.simulate.bank.send({ ...send, amount: all })).toMatchObject({ code: 'INSUFFICIENT_BALANCE' })
  const poor = createWalletClient({ account: bob, transport: custom(client) }).extend(appActions([counter]))
  await expect(poor.simulate.counter.add({ by: 1n })).rejects.toThrow(/insufficient funds/)
})

it('finds events, and tells of them as they come and as they are taken back', async () => {
  const { client, request, undo, told } = await testClient()
  const subscription = (await request({ method: 'eth_subscribe', params: ['logs', { address: moduleAddress('counter') }] })) as Hex
  const heads = (await request({ method: 'eth_subscribe', params: ['newHeads'] })) as Hex
  const seen: unknown[] = []
  const stop = client.watchEvents({ module: 'counter', event: 'Added', where: { who: alice.address }, onEvents: (events) => void seen.push(...events.map(({ data, removed }) => [data.total, removed])) })
  await new Promise((resolve) => setTimeout(resolve, 30))
  await client.write.counter.add({ by: 2n })
  const hash = await client.write.counter.add({ by: 3n })
  const events = await client.getEvents({ module: 'counter', event: 'Added', fromBlock: 0n })
  expect(events).toMatchObject([{ data: { who: alice.address.toLowerCase(), total: 2n } }, { data: { total: 5n }, blockNumber: 3n, transactionHash: hash, logIndex: 0, removed: false }])
  expectTypeOf(events[0]?.data).toEqualTypeOf<{ who: Hex; total: bigint } | undefined>()
  expect(await client.getEvents({ module: 'counter', event: 'Added' })).toHaveLength(1)
  expect(await client.getEvents({ module: 'counter', event: 'Added', where: { who: bob.address }, fromBlock: 0n })).toEqual([])
  await client.write.bank.transfer({ to: bob.address, chain: L1, token: '0x0000000000000000000000000000000000000000', amount: 7n })
  expect(await client.getEvents({ module: 'bank', event: 'Transfer', where: { to: bob.address }, fromBlock: 0n })).toMatchObject([{ data: { from: alice.address.toLowerCase(), amount: 7n, chain: L1 } }])
  await undo()
  await undo()
  await new Promise((resolve) => setTimeout(resolve, 50))
  stop()
  expect(seen).toEqual([[2n, false], [5n, false], [5n, true]])
  expect(told.filter((item) => (item as { subscription: Hex }).subscription === subscription).map((item) => (item as { result: { removed: boolean } }).result.removed)).toEqual([false, false, true])
  expect(told.filter((item) => (item as { subscription: Hex }).subscription === heads)).toHaveLength(3)
  expect(await client.getEvents({ module: 'counter', event: 'Added', fromBlock: 0n })).toHaveLength(1)

  // @ts-expect-error there is no such event
  await expect(client.getEvents({ module: 'counter', event: 'Subtracted' })).rejects.toMatchObject({ code: 'BAD_EVENT_QUERY' })
  await expect(client.getEvents({ module: 'counter', event: 'Added', where: { total: 5n } })).rejects.toMatchObject({ code: 'BAD_EVENT_QUERY' })
})

it('tells events to tools that know nothing of modules but an ABI', async () => {
  const { client } = await testClient()
  const hash = await client.write.counter.add({ by: 2n })
  const receipt = await client.waitForTransactionReceipt({ hash })
  const [log] = parseEventLogs({ abi: moduleAbi(counter), logs: receipt.logs })
  expect(log).toMatchObject({ eventName: 'Added', args: { who: alice.address, total: 2n }, address: moduleAddress('counter') })
  expect(await client.getContractEvents({ address: moduleAddress('counter'), abi: moduleAbi(counter), fromBlock: 0n })).toHaveLength(1)
  expect(await client.getLogs({ fromBlock: 0n })).toHaveLength(1)
  expect(decodeEventLog({ abi: moduleAbi(counter), ...(log as NonNullable<typeof log>) }).args).toEqual({ who: alice.address, total: 2n })
})

it('shows blocks, receipts and balances as wallets ask for them', async () => {
  const { client, request } = await testClient()
  const hash = await client.write.counter.add({ by: 2n })
  const receipt = await client.waitForTransactionReceipt({ hash })
  expect(receipt).toMatchObject({ status: 'success', from: alice.address.toLowerCase(), to: moduleAddress('counter'), transactionIndex: 0 })
  expect(receipt.logs.map(({ address }) => address)).toEqual([moduleAddress('counter')])
  const block = await client.getBlock({ includeTransactions: true })
  expect(block.transactions.map((transaction) => transaction.hash)).toEqual([hash])
  expect(block.logsBloom).toMatch(/^0x(ff)+$/)
  expect((await client.getBlock({ blockTag: 'safe' })).number).toBe(1n)
  expect((await client.getBlock({ blockHash: block.hash })).number).toBe(2n)
  expect(await client.getBlockTransactionCount()).toBe(1)
  expect(await client.getTransaction({ blockNumber: 2n, index: 0 })).toMatchObject({ hash })
  expect(await request({ method: 'eth_getBlockReceipts', params: ['latest'] })).toMatchObject([{ transactionHash: hash, logs: [{ logIndex: '0x0' }] }])
  expect(await client.getChainId()).toBe(Number(CHAIN))
  expect(await client.getCode({ address: bob.address })).toBe(undefined)
  expect(await client.getGasPrice()).toBe(1_000_000n)
  // A delivery of alice's deposit is no transaction of hers: a client would take it for a replacement of what it waits for.
  const [delivery] = (await client.getBlock({ blockNumber: 1n, includeTransactions: true })).transactions
  expect(delivery?.from).toBe('0xca5e00000000000000000000000000000000ffff')
  const failed = await client.write.counter.fail({ how: 'code' }, { gas: 500_000n })
  expect(await client.getTransactionReceipt({ hash: failed })).toMatchObject({ status: 'reverted' })
  expect(await client.getActionReceipt({ hash: failed })).toMatchObject({ kind: 'action', to: 'counter.fail', code: 'NOT_TODAY', events: [], sent: [], blockNumber: 3n })
  expect(await client.getActionReceipt({ hash })).toMatchObject({ code: null, events: [{ module: 'counter', event: 'Added', data: { total: 2n } }] })
  expect(await client.getActionReceipt({ hash: `0x${'77'.repeat(32)}` })).toBe(null)
  expect(await request({ method: 'app_modules' })).toMatchObject({
    modules: [
      { name: 'bank' },
      { name: 'counter', state: [['by', 'map(address,u64)'], ['notes', 'map({author:address,index:u64},{pinned:bool,text:text(32)})'], ['total', 'u64']], views: [['digest', '{word:u256}: u256'], ['held', '{}: u256'], ['misbehave', '{how:text(16)}: u64'], ['share', '{who:address}: {of:u64,part:u64}']] },
    ],
  })
})

const call = (view: string, args: Hex) => ['counter', view, args]
it.each([
  ['eth_call', [{}], /has no EVM/],
  ['eth_estimateGas', [{}], /has no EVM/],
  ['eth_getBalance', ['0x12'], /want 40/],
  ['eth_getBalance', [alice.address, '0x99'], /header not found/],
  ['app_getState', ['counter', 'nothing'], /no state counter.nothing/],
  ['app_getState', ['counter', 'toString'], /no state/],
  ['app_getState', ['counter', 'by'], /is a map/],
  ['app_getState', ['counter', 'total', '0x01'], /is no map/],
  ['app_call', call('nothing', '0x'), /no view counter.nothing/],
  ['app_call', call('toString', '0x'), /no view/],
  ['app_call', call('share', '0x01'), /not of the types/],
  ['app_simulateAction', [{ from: alice.address, module: 'counter', action: 'constructor', args: '0x' }], /no action/],
  ['app_simulateAction', [{ from: alice.address, module: 'counter', action: 'add', args: '0x' }], /not of the types/],
  ['app_simulateAction', [{ from: alice.address, module: 'counter', action: 'add', args: toHex(1n, { size: 8 }), gas: '0x1' }], /needs \d+ gas/],
  ['app_simulateAction', [{ from: alice.address, module: 'counter', action: 'add', args: toHex(1n, { size: 8 }), gasPrice: `0x${'ff'.repeat(15)}` }], /insufficient funds/],
  ['eth_sendRawTransaction', ['0x02f8'], /takes signed actions/],
])('refuses %s %j', async (method, params, message) => {
  const { request } = await testClient()
  await expect(request({ method, params })).rejects.toThrow(message)
})

it('says that a client without an account cannot sign', async () => {
  const { request } = await testClient()
  const client = createWalletClient({ transport: custom({ request }) }).extend(appActions([counter]))
  await expect(client.write.counter.add({ by: 1n })).rejects.toThrow(CausewayError)
})
