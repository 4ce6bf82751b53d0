import { CausewayError, type RpcHost } from '@causeway/core'
import { createWalletClient, custom, parseEventLogs, publicActions, type Hex } from 'viem'
import { expect, expectTypeOf, it } from 'vitest'
import { appActions } from './client.js'
import { alice, bob, CHAIN, counter, deposit, L1, testChain } from './harness.test-helper.js'
import { moduleAddress } from './module.js'

/** A chain with an RPC of its own, which makes a block of each action. */
async function testClient() {
  const { engine, build } = await testChain()
  await build({ l1Entries: [deposit(0n, { recipient: alice.address, amount: 10n ** 18n })] })
  const chain = {
    chainId: CHAIN,
    clientVersion: 'test',
    async sendRawTransaction(raw: Hex) {
      const { hash } = await engine.validate(raw, engine.blocks.head().hash)
      await build({ transactions: [raw] })
      return hash
    },
    pendingNonce: (account: Hex) => engine.getNonce(account, engine.blocks.head().hash),
    finality: () => ({ safe: 1n, finalized: 0n }),
  }
  const methods = engine.rpc?.({ chain } as unknown as RpcHost) ?? {}
  const request = async ({ method, params }: { method: string; params?: unknown }): Promise<unknown> => {
    const answer = await methods[method]?.((params ?? []) as unknown[], undefined as never)
    return JSON.parse(JSON.stringify(answer ?? null)) as unknown
  }
  return { engine, request, client: createWalletClient({ account: alice, transport: custom({ request }) }).extend(publicActions).extend(appActions([counter])) }
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

it('shows blocks, receipts and balances as wallets ask for them', async () => {
  const { client, request } = await testClient()
  const hash = await client.write.counter.add({ by: 2n })
  const receipt = await client.waitForTransactionReceipt({ hash })
  expect(receipt).toMatchObject({ status: 'success', from: alice.address.toLowerCase(), to: moduleAddress('counter'), transactionIndex: 0 })
  expect(receipt.logs.map(({ address }) => address)).toEqual([moduleAddress('counter')])
  expect(parseEventLogs({ abi: [], logs: receipt.logs })).toEqual([])
  const block = await client.getBlock({ includeTransactions: true })
  expect(block.transactions.map((transaction) => transaction.hash)).toEqual([hash])
  expect((await client.getBlock({ blockTag: 'safe' })).number).toBe(1n)
  expect((await client.getBlock({ blockHash: block.hash })).number).toBe(2n)
  expect(await client.getChainId()).toBe(Number(CHAIN))
  expect(await client.getCode({ address: bob.address })).toBe(undefined)
  expect(await client.getGasPrice()).toBe(1_000_000n)
  const failed = await client.write.counter.fail({ how: 'code' })
  expect(await client.getTransactionReceipt({ hash: failed })).toMatchObject({ status: 'reverted' })
  expect(await request({ method: 'app_getReceipt', params: [failed] })).toMatchObject({ code: 'NOT_TODAY', events: [] })
  expect(await request({ method: 'app_modules' })).toMatchObject({ modules: [{ name: 'bank' }, { name: 'counter', state: [['by', 'map(address,u64)'], ['notes', 'map({author:address,index:u64},{pinned:bool,text:text(32)})'], ['total', 'u64']] }] })
})

it.each([
  ['eth_call', [{}], /has no EVM/],
  ['eth_estimateGas', [{}], /has no EVM/],
  ['eth_getBalance', ['0x12'], /20 bytes/],
  ['eth_getBalance', [alice.address, '0x99'], /header not found/],
  ['app_getState', ['counter', 'nothing'], /no state counter.nothing/],
  ['app_getState', ['counter', 'toString'], /no state/],
  ['app_getState', ['counter', 'by'], /is a map/],
  ['app_getState', ['counter', 'total', '0x01'], /is no map/],
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
