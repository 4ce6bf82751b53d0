import { numberToHex, type Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { alice, bob, CHAIN_ID, rpcHarness } from './harness.test-helper.js'

/** Logs `times` times with no topic when it is called. */
const logs = (times: number) => {
  const runtime = `61${times.toString(16).padStart(4, '0')}5b5f5fa0600190038060035700`
  return `0x61${(runtime.length / 2).toString(16).padStart(4, '0')}80600a5f395ff3${runtime}` as Hex
}

async function harness() {
  const made = await rpcHarness({ auto: true })
  let nonce = 0
  const send = async (transaction: { to?: Hex; data?: Hex; gas?: bigint }) => {
    const raw = await alice.signTransaction({ chainId: CHAIN_ID, type: 'eip1559', gas: 1_000_000n, maxFeePerGas: 5_000_000_000n, maxPriorityFeePerGas: 1_000_000n, nonce: nonce++, ...transaction })
    const hash = await made.chain.sendRawTransaction(raw)
    return made.engine.getReceipt(hash) as NonNullable<ReturnType<typeof made.engine.getReceipt>>
  }
  const rpc = (method: string, ...params: unknown[]) => made.rpc.request({ method, params }).catch(({ code, message }: { code: number; message: string }) => ({ code, message }))
  return { ...made, send, rpc }
}

describe('filters', () => {
  it('hold to their range, and have ids that nobody guesses', async () => {
    const { send, rpc } = await harness()
    const { contractAddress: address } = await send({ data: logs(1) })
    const filter = (range: object) => rpc('eth_newFilter', { address, ...range }) as Promise<Hex>
    const [past, soon, future, next] = await Promise.all([filter({ fromBlock: '0x0', toBlock: '0x1' }), filter({ fromBlock: '0x3', toBlock: '0x3' }), filter({ fromBlock: '0xffffff' }), filter({})])
    expect(await filter({ fromBlock: '0x5', toBlock: '0x2' })).toEqual({ code: -32602, message: 'invalid block range params' })
    expect(new Set([past, soon, future, next].map((id) => id.length))).toEqual(new Set([34]))
    for (let i = 0; i < 3; i++) await send({ to: address as Hex })
    const blocks = async (id: Hex) => ((await rpc('eth_getFilterChanges', id)) as { blockNumber: Hex }[]).map(({ blockNumber }) => Number(blockNumber))
    expect(await Promise.all([past, soon, future, next].map(blocks))).toEqual([[], [3], [], [2, 3, 4]])
    expect(await blocks(next)).toEqual([])
  })

  it('live for a while without being polled, and are bounded', async () => {
    const { rpc } = await harness()
    const first = await rpc('eth_newBlockFilter')
    for (let i = 0; i < 10_000; i++) await rpc('eth_newBlockFilter')
    expect(await rpc('eth_getFilterChanges', first)).toEqual({ code: -32000, message: 'filter not found' })
  })

  it('a null among topics matches all; lists of addresses and topics are bounded', async () => {
    const { send, rpc } = await harness()
    const { contractAddress: address } = await send({ data: logs(1) })
    await send({ to: address as Hex })
    expect(await rpc('eth_getLogs', { fromBlock: '0x0', address, topics: [] })).toHaveLength(1)
    expect(await rpc('eth_getLogs', { fromBlock: '0x0', topics: [[null]] })).toEqual(await rpc('eth_getLogs', { fromBlock: '0x0', topics: [null] }))
    expect(await rpc('eth_getLogs', { address: Array.from({ length: 1_001 }, () => address) })).toEqual({ code: -32602, message: 'exceed max addresses' })
    expect(await rpc('eth_getLogs', { topics: [Array.from({ length: 1_001 }, () => numberToHex(1, { size: 32 }))] })).toEqual({ code: -32602, message: 'exceed max topics' })
  })

  it('full pending transactions', async () => {
    const { send, rpc } = await harness()
    const [hashes, full] = [await rpc('eth_newPendingTransactionFilter'), await rpc('eth_newPendingTransactionFilter', true)]
    const { transactionHash } = await send({ to: bob.address })
    expect(await rpc('eth_getFilterChanges', hashes)).toEqual([transactionHash])
    expect(await rpc('eth_getFilterChanges', full)).toMatchObject([{ hash: transactionHash, from: alice.address.toLowerCase() }])
  })
})

it('a block with more logs than a query may have is answered whole, by number and by hash', async () => {
  const { send, rpc } = await harness()
  const { contractAddress: to } = await send({ data: logs(12_000) })
  const { blockHash, blockNumber } = await send({ to: to as Hex, gas: 12_000_000n })
  const number = numberToHex(blockNumber)
  expect(await rpc('eth_getLogs', { fromBlock: number, toBlock: number })).toHaveLength(12_000)
  expect(await rpc('eth_getLogs', { blockHash })).toHaveLength(12_000)
  expect(await rpc('eth_getLogs', { fromBlock: '0x1', toBlock: number })).toMatchObject({ code: -32005 })
})

it('`pending` is the block after the head: no hash, nonce and miner, and what waits', async () => {
  const { rpc, chain, engine } = await rpcHarness()
  const ask = (method: string, ...params: unknown[]) => rpc.request({ method, params })
  const raw = await alice.signTransaction({ chainId: CHAIN_ID, type: 'eip1559', gas: 21_000n, nonce: 0, to: bob.address, maxFeePerGas: 5_000_000_000n, maxPriorityFeePerGas: 1_000_000n })
  const hash = await chain.sendRawTransaction(raw)
  expect(await ask('eth_getBlockByNumber', 'pending', false)).toMatchObject({ number: '0x1', parentHash: engine.head().hash, hash: null, nonce: null, miner: null, transactions: [hash] })
  expect(await ask('eth_getBlockByNumber', 'pending', true)).toMatchObject({ transactions: [{ hash, blockHash: null, from: alice.address.toLowerCase() }] })
  expect(await ask('eth_getBlockTransactionCountByNumber', 'pending')).toBe('0x1')
  expect(await ask('eth_getTransactionByBlockNumberAndIndex', 'pending', '0x0')).toMatchObject({ hash, blockNumber: null })
  expect(await ask('eth_getTransactionByBlockNumberAndIndex', 'pending', '0x1')).toBeNull()
  expect(await ask('eth_getTransactionCount', alice.address, 'pending')).toBe('0x1')
  expect(await ask('eth_getBlockReceipts', 'pending')).toBeNull()
  expect(await ask('eth_getBlockByNumber', 'latest', false)).toMatchObject({ number: '0x0', transactions: [] })
})
