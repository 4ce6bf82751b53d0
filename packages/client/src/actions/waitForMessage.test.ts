import { causewayInboxAbi } from '@causeway/contracts'
import { messageId, ZERO_HASH, type Clock, type Rung } from '@causeway/core'
import { encodeAbiParameters, encodeEventTopics, HttpRequestError, zeroAddress, type Address, type Hex, type TransactionReceipt } from 'viem'
import { describe, expect, it } from 'vitest'
import { causewayActions } from '../causewayActions.js'
import { defineCausewayChain } from '../chain.js'
import { createMockProvider, mockClient } from '../mock-provider.test-helper.js'
import { toRpc, type MessageStatus } from '../rpc.js'
import { waitForDeposit } from './waitForDeposit.js'
import { waitForMessage } from './waitForMessage.js'

const id = `0x${'1d'.repeat(32)}` as const
const at = (rung: Rung, sourceRung: Rung = rung, more: Partial<MessageStatus> = {}): MessageStatus => ({ id, source: 101n, destination: 102n, nonce: 3n, rung, sourceRung, ...more })

/** Time that passes only in sleeps. */
function mockClock(): Clock {
  let now = 0n
  return {
    now: () => now,
    async sleep(ms) {
      now += BigInt(ms)
    },
  }
}

/** A node that gives each answer once and repeats the last. */
function node(answers: (MessageStatus | null | Error)[], chain?: ReturnType<typeof defineCausewayChain>) {
  const left = [...answers]
  const provider = createMockProvider({
    causeway_getMessageStatus: () => {
      const answer = left.length > 1 ? left.shift() : left[0]
      if (answer instanceof Error) throw answer
      return toRpc(answer ?? null)
    },
  })
  return { provider, client: mockClient(provider, chain && { chain }) }
}

describe('waitForMessage', () => {
  it('waits for the rung and tells of each on the way', async () => {
    const { client } = node([null, at('included'), at('included'), at('included', 'settled'), at('executed', 'settled'), at('settled')])
    const seen: string[] = []
    const options = { id, clock: mockClock(), onRung: (rung: Rung, { sourceRung }: MessageStatus) => void seen.push(`${rung}/${sourceRung}`) }
    expect(await client.extend(causewayActions()).waitForMessage(options)).toEqual(at('executed', 'settled'))
    expect(seen).toEqual(['included/included', 'included/settled', 'executed/settled'])
    expect(await waitForMessage(client, { ...options, until: 'certified' })).toEqual(at('settled'))
  })

  it('goes on after a rollback, and tells of it', async () => {
    const back = at('included', 'included', { rolledBack: { chainId: 101n, incarnation: 1n, block: 4n } })
    const { client } = node([at('executed'), back, at('certified')])
    const seen: Rung[] = []
    await waitForMessage(client, { id, until: 'certified', clock: mockClock(), onRung: (rung) => void seen.push(rung) })
    expect(seen).toEqual(['executed', 'included', 'certified'])
  })

  it('ends when the message cannot be executed any more', async () => {
    const { client } = node([at('included'), at('included', 'settled', { failure: 'it expired' })])
    await expect(waitForMessage(client, { id, clock: mockClock() })).rejects.toMatchObject({ code: 'MESSAGE_FAILED', message: expect.stringContaining('it expired') as string })
  })

  it('asks on while the node is out of reach, and gives up at the timeout saying where the message is', async () => {
    const lost = new HttpRequestError({ url: 'http://127.0.0.1:1' })
    expect(await waitForMessage(node([lost, lost, at('executed')]).client, { id, clock: mockClock() })).toEqual(at('executed'))
    const waiting = at('included', 'certified', { waitingFor: 'the source to settle' })
    await expect(waitForMessage(node([waiting]).client, { id, timeout: 50, clock: mockClock() })).rejects.toMatchObject({
      code: 'MESSAGE_TIMEOUT',
      message: expect.stringContaining('is not executed after 50 ms: it is included (its sending is certified) and waits: the source to settle') as string,
    })
    await expect(waitForMessage(node([lost]).client, { id, timeout: 50, clock: mockClock() })).rejects.toMatchObject({ code: 'MESSAGE_TIMEOUT', cause: lost })
    await expect(waitForMessage(node([lost]).client, { id, timeout: 50, clock: mockClock() })).rejects.toThrow('the node did not answer')
    await expect(waitForMessage(node([null]).client, { id, timeout: 50, clock: mockClock() })).rejects.toThrow('has not heard of it')
    await expect(waitForMessage(node([at('certified')]).client, { id, until: 'settled', timeout: 50, clock: mockClock() })).rejects.toThrow('check that an aggregator runs')
  })

  it('knows its rungs', async () => {
    await expect(waitForMessage(node([at('final')]).client, { id, until: 'done' as Rung, clock: mockClock() })).rejects.toMatchObject({ code: 'BAD_RUNG' })
  })

  it('does not hide other errors, and can be aborted', async () => {
    await expect(waitForMessage(mockClient(createMockProvider()), { id, clock: mockClock() })).rejects.toMatchObject({ code: 'NOT_CAUSEWAY' })
    const abort = new AbortController()
    const clock: Clock = { now: () => 0n, sleep: async () => abort.abort('enough') }
    await expect(waitForMessage(node([null]).client, { id, clock, signal: abort.signal })).rejects.toMatchObject({ code: 'MESSAGE_WAIT_ABORTED', cause: 'enough' })
  })

  it('puts together what source and destination know', async () => {
    const execution = { block: 9n, transaction: id, ok: true }
    const source = node([at('included', 'included'), at('included', 'certified')])
    const destination = node([null, at('executed', 'included', { execution })])
    const status = await waitForMessage(source.client, { id, destinationClient: destination.client, clock: mockClock() })
    expect(status).toEqual(at('executed', 'certified', { execution }))
  })

  it('uses real time unless told', async () => {
    expect(await waitForMessage(node([null, at('executed')]).client, { id, pollingInterval: 1 })).toEqual(at('executed'))
    await expect(waitForMessage(node([null]).client, { id, pollingInterval: 1, timeout: 20 })).rejects.toMatchObject({ code: 'MESSAGE_TIMEOUT' })
  })
})

describe('waitForDeposit', () => {
  const chain = defineCausewayChain({ chainId: 102n, name: 'B', rpcUrl: 'http://127.0.0.1:1', l1ChainId: 31337n })
  const inbox: Address = '0x00000000000000000000000000000000000000b2'
  type Log = TransactionReceipt['logs'][number]
  const depositLog = (chainId: bigint, index: bigint, address = inbox): Log => ({
    address,
    topics: encodeEventTopics({ abi: causewayInboxAbi, eventName: 'Deposited', args: { chainId, index } }) as [Hex, ...Hex[]],
    data: encodeAbiParameters(
      ['bytes32', 'uint64', 'address', 'address', 'address', 'address', 'uint128', 'uint64', 'bytes'].map((type) => ({ type })),
      [ZERO_HASH, 1n, zeroAddress, zeroAddress, zeroAddress, zeroAddress, 1n, 0n, '0x'],
    ),
    blockNumber: 1n,
    blockHash: ZERO_HASH,
    transactionHash: id,
    transactionIndex: 0,
    logIndex: 0,
    removed: false,
  })
  const receipt = (...logs: Log[]) => ({ logs, status: 'success' as const, transactionHash: id })
  const expected = messageId({ source: 31337n, destination: 102n, nonce: 4n })

  it('finds the deposit in the receipt', async () => {
    const { client, provider } = node([at('executed')], chain)
    await waitForDeposit(client, { receipt: receipt(depositLog(101n, 9n), depositLog(102n, 4n)), clock: mockClock() })
    expect(provider.calls.at(-1)?.params).toEqual([expected])
    await waitForDeposit(client, { receipt: receipt(depositLog(102n, 7n, zeroAddress), depositLog(102n, 4n)), inbox, clock: mockClock() })
    expect(provider.calls.at(-1)?.params).toEqual([expected])
    await client.extend(causewayActions()).waitForDeposit({ index: 4n, clock: mockClock() })
    expect(provider.calls.at(-1)?.params).toEqual([expected])
  })

  it('asks for one deposit, no more and no less', async () => {
    const { client } = node([at('executed')], chain)
    await expect(waitForDeposit(client, { receipt: receipt(depositLog(101n, 9n)) })).rejects.toMatchObject({ code: 'DEPOSIT_NOT_FOUND' })
    await expect(waitForDeposit(client, { receipt: receipt(depositLog(102n, 1n), depositLog(102n, 2n)) })).rejects.toMatchObject({ code: 'DEPOSIT_AMBIGUOUS' })
  })
})
