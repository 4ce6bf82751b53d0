import { causewayBridgeL2Abi, causewayMessengerAbi, PREDEPLOYS } from '@causeway/contracts'
import { messageId, NEVER } from '@causeway/core'
import { decodeFunctionData, encodeErrorResult, RpcRequestError, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { causewayActions } from '../causewayActions.js'
import { defineCausewayChain } from '../chain.js'
import { createMockProvider, mockChain, mockClient, mockExportedLog } from '../mock-provider.test-helper.js'
import { sendMessage } from './sendMessage.js'

const account = privateKeyToAccount(`0x${'21'.repeat(32)}`)
const recipient = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045'
const chain = defineCausewayChain({ chainId: 101n, name: 'A', rpcUrl: 'http://127.0.0.1:1', l1ChainId: 31337n })
const log = { nonce: 5n, destination: 102n, sender: account.address, recipient, payload: '0x' as Hex } as const

function setUp(logs = [mockExportedLog(log)], status: Hex = '0x1') {
  const { sent, handlers } = mockChain({ chainId: 101n, logs, status })
  const provider = createMockProvider(handlers)
  return { sent, provider, client: mockClient(provider, { chain, account }) }
}

describe('sendMessage', () => {
  it('sends ETH through the messenger and finds the message', async () => {
    const { sent, client, provider } = setUp()
    const result = await client.extend(causewayActions()).sendMessage({ destination: 102n, recipient, value: 7n })
    expect(result).toMatchObject({ hash: sent[0]?.hash, id: messageId({ source: 101n, destination: 102n, nonce: 5n }), source: 101n, destination: 102n, nonce: 5n })
    expect(sent).toMatchObject([{ from: account.address, value: 7n }])
    expect(sent[0]?.to?.toLowerCase()).toBe(PREDEPLOYS.messenger.toLowerCase())
    expect(decodeFunctionData({ abi: causewayMessengerAbi, data: sent[0]?.data as Hex })).toEqual({
      functionName: 'send',
      args: [{ destination: 102n, recipient, refundTo: account.address, gasLimit: 0n, expiry: NEVER, payload: '0x' }],
    })
    const methods = provider.calls.map(({ method }) => method)
    expect(methods.indexOf('eth_call')).toBeLessThan(methods.indexOf('eth_sendRawTransaction'))
  })

  it('sends a token with a call through the bridge', async () => {
    const { sent, client } = setUp([mockExportedLog({ ...log, payload: '0x1234' })])
    const token = '0x00000000000000000000000000000000000000C0'
    await sendMessage(client, { destination: 102n, recipient, token, amount: 9n, payload: '0x1234', expiry: 99n, refundTo: token, gas: 500_000n })
    expect(sent[0]?.to?.toLowerCase()).toBe(PREDEPLOYS.bridge.toLowerCase())
    expect(sent[0]).toMatchObject({ value: 0n, gas: 500_000n })
    expect(decodeFunctionData({ abi: causewayBridgeL2Abi, data: sent[0]?.data as Hex })).toEqual({
      functionName: 'sendToken',
      args: [token, 9n, { destination: 102n, recipient, refundTo: token, gasLimit: 200_000n, expiry: 99n, payload: '0x1234' }],
    })
  })

  it('is not misled by other logs of the transaction', async () => {
    const { client } = setUp([
      mockExportedLog({ ...log, nonce: 4n, payload: '0xff' }),
      mockExportedLog({ ...log, nonce: 5n }),
      mockExportedLog({ ...log, nonce: 6n, destination: 103n }),
      mockExportedLog({ ...log, nonce: 7n }, '0x00000000000000000000000000000000000000ee'),
    ])
    expect((await sendMessage(client, { destination: 102n, recipient })).nonce).toBe(5n)
  })

  it('fails before anything is sent, with the error of the contract', async () => {
    const { sent, client, provider } = setUp()
    provider.handlers['eth_call'] = () => {
      const data = encodeErrorResult({ abi: causewayMessengerAbi, errorName: 'DestinationInvalid', args: [101n] })
      throw new RpcRequestError({ body: {}, error: { code: 3, message: 'execution reverted', data }, url: 'mock' })
    }
    await expect(sendMessage(client, { destination: 101n, recipient, value: 1n })).rejects.toThrow(/DestinationInvalid\(uint64 destination\)\s+\(101\)/)
    expect(sent).toEqual([])
  })

  it('says that the sender has no money there', async () => {
    const { sent, client, provider } = setUp()
    provider.handlers['eth_call'] = () => {
      throw new RpcRequestError({ body: {}, error: { code: -32000, message: 'insufficient funds for gas * price + value' }, url: 'mock' })
    }
    await expect(sendMessage(client, { destination: 102n, recipient, value: 1n })).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS', message: expect.stringContaining(account.address) as string })
    expect(sent).toEqual([])
  })

  it('says when the transaction reverted, when nothing was sent, and when there is no account', async () => {
    await expect(sendMessage(setUp([], '0x0').client, { destination: 102n, recipient })).rejects.toMatchObject({ code: 'MESSAGE_REVERTED' })
    await expect(sendMessage(setUp([]).client, { destination: 102n, recipient })).rejects.toMatchObject({ code: 'MESSAGE_NOT_FOUND' })
    await expect(sendMessage(mockClient(createMockProvider(), { chain }), { destination: 102n, recipient })).rejects.toMatchObject({ code: 'NO_ACCOUNT' })
  })

  it('asks the node for its chain id if the client has no chain', async () => {
    const { handlers } = mockChain({ chainId: 101n, logs: [mockExportedLog(log)] })
    const client = mockClient(createMockProvider(handlers), { account })
    expect((await sendMessage(client, { destination: 102n, recipient })).source).toBe(101n)
  })
})

it('defineCausewayChain makes a viem chain', () => {
  expect(chain).toMatchObject({ id: 101, name: 'A', sourceId: 31337, rpcUrls: { default: { http: ['http://127.0.0.1:1'] } }, contracts: { causewayMessenger: { address: PREDEPLOYS.messenger } } })
  expect(() => defineCausewayChain({ chainId: 2n ** 60n, name: 'A', rpcUrl: '' })).toThrow(expect.objectContaining({ code: 'CHAIN_ID_UNSAFE' }))
  expect(() => defineCausewayChain({ chainId: 0n, name: 'A', rpcUrl: '' })).toThrow(expect.objectContaining({ code: 'CHAIN_ID_UNSAFE' }))
})
