import { causewayBridgeAbi, causewayHubAbi } from '@causeway/contracts'
import { createPublicClient, custom, encodeFunctionData, http, keccak256, parseEther, zeroAddress, type Hex, type PublicClient } from 'viem'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startL1, stoppedClock as clock, type SteppedL1 } from './l1-fixture.js'
import { solidityErrorOf } from './revert.js'
import { createL1Sender, type L1Sender, type L1SenderOptions } from './send.js'

let l1: SteppedL1
let senders: L1Sender[] = []
beforeEach(async () => void (l1 = await startL1()))
afterEach(async () => {
  for (const sender of senders) await sender.close()
  senders = []
  await l1.stop()
})

function sender(options: Partial<L1SenderOptions> = {}): L1Sender {
  const made = createL1Sender({ client: l1.client, account: l1.account(3), clock, ...options })
  senders.push(made)
  return made
}
const kinds = (of: L1Sender) => of.attempts().map(({ kind }) => kind)
const pay = (wei: bigint) => ({ to: '0x00000000000000000000000000000000000000aa', value: wei }) as const
/** Lets what `send` started reach L1. */
const sent = (of: L1Sender) => of.poll()

describe('createL1Sender', () => {
  it('sends one at a time in order, with one nonce each', async () => {
    const from = sender()
    const results = [1n, 2n, 3n].map((wei) => from.send(pay(wei)))
    for (let i = 0; i < 3; i++) {
      await sent(from)
      await l1.mine()
      await from.poll()
    }
    const receipts = await Promise.all(results)
    expect(receipts.map(({ blockNumber }) => blockNumber - (receipts[0]?.blockNumber ?? 0n))).toEqual([0n, 1n, 2n])
    expect(from.attempts().map(({ kind, nonce }) => [kind, nonce])).toEqual([0, 1, 2].flatMap((nonce) => [['Submitted', nonce], ['Mined', nonce]]))
    expect(await l1.client.getBalance({ address: pay(0n).to })).toBe(6n)
  })

  it('drives itself by its clock', async () => {
    let wake = (): void => {}
    const from = sender({ clock: { ...clock, sleep: () => new Promise((resolve) => (wake = resolve)) } })
    const receipt = from.send(pay(5n))
    await sent(from)
    await l1.mine()
    wake()
    expect((await receipt).status).toBe('success')
    wake()
  })

  it('decodes what a contract refuses, before it spends anything', async () => {
    const from = sender()
    const data = encodeFunctionData({ abi: causewayHubAbi, functionName: 'postBlobs', args: [77n, 1n] })
    const error = await from.send({ to: l1.cluster.hub, data, label: 'post batch' }).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'L1_REVERTED', shortMessage: 'post batch reverts: ChainUnknown(77).' })
    expect(solidityErrorOf(error)).toMatchObject({ name: 'ChainUnknown', args: [77n] })
    expect(kinds(from)).toEqual([])

    const params = { chainId: 77n, recipient: from.address, refundTo: zeroAddress, gasLimit: 0n, payload: '0x' } as const
    const deposit = encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'depositETH', args: [params] })
    await expect(from.send({ to: l1.cluster.bridge, data: deposit, value: 1n, gas: 300_000n })).rejects.toThrow(/ChainUnknown\(77\)/)
    await expect(from.send(pay(parseEther('20000')))).rejects.toMatchObject({ code: 'L1_INSUFFICIENT_FUNDS' })
    expect(await l1.client.getTransactionCount({ address: from.address })).toBe(0)
  })

  it('reports a transaction that reverts only once mined, and goes on with the next nonce', async () => {
    const from = sender()
    const register = (chainId: bigint) =>
      encodeFunctionData({ abi: causewayHubAbi, functionName: 'register', args: [{ chainId, stateRoot: keccak256('0x'), policy: '0x', batcher: from.address, owner: from.address, daKind: 1, daAdapter: from.address, spec: '' }] })
    // A contract that reverts (PUSH0 PUSH0 REVERT) from the moment it is there.
    const result = from.send({ to: pay(0n).to, data: '0x01', gas: 100_000n, label: 'call' }).catch((e: unknown) => e)
    await sent(from)
    await l1.test.setCode({ address: pay(0n).to, bytecode: '0x5f5ffd' })
    await l1.mine()
    await from.poll()
    expect(await result).toMatchObject({ code: 'L1_REVERTED', message: expect.stringContaining('call (mined in L1 block') })
    expect(kinds(from)).toEqual(['Submitted', 'Reverted'])
    await expect(from.send({ to: l1.cluster.hub, data: register(1n) })).rejects.toThrow(/PolicyMalformed/)
    const next = from.send({ to: zeroAddress, value: 1n })
    await sent(from)
    await l1.mine()
    await from.poll()
    expect((await next).status).toBe('success')
  })

  it('replaces a transaction that is not mined, by at least an eighth, after the configured number of blocks', async () => {
    const from = sender({ blocksBeforeBump: 2n })
    const result = from.send(pay(9n))
    await sent(from)
    const first = from.attempts()[0]?.hash as Hex
    // Blocks without it: it is taken out, and comes back only when the sender brings it.
    for (let i = 0; i < 2; i++) {
      await l1.test.dropTransaction({ hash: first })
      await l1.mine()
      await from.poll()
    }
    expect(kinds(from)).toEqual(['Submitted', 'Replaced'])
    const [a, b] = from.attempts()
    for (const fee of ['maxFeePerGas', 'maxPriorityFeePerGas'] as const) expect(b?.fees[fee]).toBeGreaterThanOrEqual(((a?.fees[fee] ?? 0n) * 9n) / 8n)
    await l1.mine()
    await from.poll()
    expect((await result).transactionHash).toBe(b?.hash)
    expect(a?.nonce).toBe(b?.nonce)
    expect(await l1.client.getBalance({ address: pay(0n).to })).toBe(9n)
  })

  it('replaces in the pool itself what an earlier run of the process left there', async () => {
    await l1.wallet(3).sendTransaction({ to: zeroAddress, value: 1n, nonce: 0, maxFeePerGas: 20n * 10n ** 9n, maxPriorityFeePerGas: 10n * 10n ** 9n, chain: null })
    const from = sender()
    const result = from.send(pay(4n))
    await sent(from)
    await l1.mine()
    await from.poll()
    expect((await result).status).toBe('success')
    expect(await l1.client.getBalance({ address: pay(0n).to })).toBe(4n)
    expect(await l1.client.getTransactionCount({ address: from.address })).toBe(1)
  })

  it('stops raising fees at the maximum', async () => {
    const from = sender({ blocksBeforeBump: 1n, maxFee: 1n })
    const result = from.send(pay(1n))
    await sent(from)
    await l1.test.dropTransaction({ hash: from.attempts()[0]?.hash as Hex })
    await l1.mine()
    await from.poll()
    expect(kinds(from)).toEqual(['Submitted'])
    await l1.mine()
    await from.poll()
    expect((await result).status).toBe('success')
  })

  it('sends again what a reorganization took back', async () => {
    const from = sender()
    const results = [from.send(pay(1n)), from.send(pay(2n))]
    for (let i = 0; i < 2; i++) {
      await sent(from)
      await l1.mine()
      await from.poll()
    }
    await Promise.all(results)
    await l1.test.request({ method: 'anvil_reorg', params: [2, []] } as never)
    await l1.test.request({ method: 'anvil_dropAllTransactions' } as never)
    expect(await l1.client.getBalance({ address: pay(0n).to })).toBe(0n)
    await from.poll()
    expect(kinds(from).slice(4)).toEqual(['Dropped', 'Dropped'])
    await l1.mine()
    await from.poll()
    expect(kinds(from).slice(6)).toEqual(['Mined', 'Mined'])
    expect(await l1.client.getBalance({ address: pay(0n).to })).toBe(3n)
  })

  it('sends with a new nonce when somebody else used its nonce', async () => {
    const from = sender()
    const result = from.send(pay(7n))
    await sent(from)
    await l1.test.dropTransaction({ hash: from.attempts()[0]?.hash as Hex })
    await l1.wallet(3).sendTransaction({ to: zeroAddress, value: 1n, nonce: 0, chain: null })
    for (let i = 0; i < 4; i++) {
      await l1.mine()
      await from.poll()
    }
    await l1.mine()
    await from.poll()
    expect((await result).status).toBe('success')
    expect(kinds(from)).toEqual(['Submitted', 'Dropped', 'Submitted', 'Mined'])
    expect(await l1.client.getBalance({ address: pay(0n).to })).toBe(7n)
  })

  it('sends once when the answer to the broadcast is lost, and waits while L1 is away', async () => {
    let away = false
    let loseAnswer = true
    const client: PublicClient = createPublicClient({
      cacheTime: 0,
      transport: custom(
        {
          async request({ method, params }) {
            if (away) throw new Error('connection refused')
            const result: unknown = await l1.client.request({ method, params })
            if (method === 'eth_sendRawTransaction' && loseAnswer) {
              loseAnswer = false
              throw new Error('socket hang up')
            }
            return result
          },
        },
        { retryCount: 0 },
      ),
    })
    const from = sender({ client })
    const result = from.send(pay(3n))
    await expect(from.poll()).resolves.toBeUndefined()
    away = true
    await expect(from.poll()).rejects.toThrow()
    away = false
    await l1.mine()
    await from.poll()
    expect((await result).status).toBe('success')
    expect(await l1.client.getTransactionCount({ address: from.address })).toBe(1)
  })

  it('rejects what is under way when closed', async () => {
    const from = sender()
    const results = [from.send(pay(1n)), from.send(pay(2n))].map((result) => result.catch((e: unknown) => e))
    await sent(from)
    await from.close()
    for (const result of results) expect(await result).toMatchObject({ code: 'L1_SENDER_CLOSED' })
    await expect(from.send(pay(1n))).rejects.toMatchObject({ code: 'L1_SENDER_CLOSED' })
  })

  it('says that it cannot reach L1 by waiting, not by failing', async () => {
    const warnings: string[] = []
    const log = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) }
    const from = sender({ client: createPublicClient({ transport: http('http://127.0.0.1:9', { retryCount: 0 }) }), log })
    const result = from.send(pay(1n)).catch((e: unknown) => e)
    await from.poll().catch(() => undefined)
    expect(warnings).toEqual(['sending to L1 failed, will try again'])
    await from.close()
    expect(await result).toMatchObject({ code: 'L1_SENDER_CLOSED' })
  })
})
