import { createClient, createPublicClient, createWalletClient, custom, http, publicActions, rpcSchema, webSocket } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { mainnet } from 'viem/chains'
import { expect, expectTypeOf, it } from 'vitest'
import { getChainStatus } from './actions/getChainStatus.js'
import { sendMessage } from './actions/sendMessage.js'
import { causewayActions, type CausewayActions } from './causewayActions.js'
import { defineCausewayChain } from './chain.js'
import { createMockProvider } from './mock-provider.test-helper.js'
import type { CausewayRpcSchema, ChainStatus, ToRpc } from './rpc.js'

const chain = defineCausewayChain({ chainId: 101n, name: 'A', rpcUrl: 'http://127.0.0.1:1' })
const account = privateKeyToAccount(`0x${'21'.repeat(32)}`)

it('extends every kind of client, and its actions take them', () => {
  const clients = [
    createPublicClient({ chain, transport: http() }).extend(causewayActions()),
    createPublicClient({ chain: mainnet, transport: http() }).extend(causewayActions()),
    createWalletClient({ chain, account, transport: http() }).extend(publicActions).extend(causewayActions()),
    createWalletClient({ account: account.address, transport: webSocket('ws://127.0.0.1:1') }).extend(causewayActions()).extend(publicActions),
    createClient({ transport: custom(createMockProvider()) }).extend(causewayActions()),
  ]
  for (const client of clients) expect(typeof client.sendMessage).toBe('function')
  expectTypeOf<(typeof clients)[number]>().toExtend<CausewayActions>()

  const wallet = createWalletClient({ chain, account, transport: http() }).extend(publicActions)
  expectTypeOf(sendMessage).toBeCallableWith(wallet, { destination: 1n, recipient: account.address, value: 1n })
  expectTypeOf(getChainStatus).toBeCallableWith(createPublicClient({ chain, transport: http() }))
  // @ts-expect-error ETH and a token do not go together
  expectTypeOf(sendMessage).toBeCallableWith(wallet, { destination: 1n, recipient: account.address, value: 1n, token: account.address, amount: 1n })
})

it('has an RPC schema that viem understands', async () => {
  const client = createClient({ rpcSchema: rpcSchema<CausewayRpcSchema>(), transport: custom(createMockProvider({ causeway_getChainStatus: () => ({}) })) })
  const request = client.request({ method: 'causeway_getChainStatus' })
  expectTypeOf(request).resolves.toEqualTypeOf<ToRpc<ChainStatus>>()
  expect(await request).toEqual({})
})
