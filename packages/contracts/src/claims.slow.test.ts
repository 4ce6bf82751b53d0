/**
 * Whoever claims a withdrawal chooses when, never the outcome (docs/protocol.md, section 10): claims from inside a callback of the
 * recipient, after a call to it in the same transaction, through a delegated account, a multicall and a constructor.
 */
import { NEVER, type Message } from '@causeway/core'
import { decodeRevert, revertData } from '@causeway/l1'
import { concatHex, encodeFunctionData, multicall3Abi, numberToHex, parseEventLogs, parseTransaction, size, zeroAddress, type Address, type Hex } from 'viem'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { causewayBridgeAbi, multicall3Deployment } from './index.js'
import { CHAIN_A, startCluster, startL1, type Claim, type Cluster, type L1 } from './l1-fixture.js'
import { lockedRecipientAbi, lockedRecipientBytecode, reverterAbi, reverterBytecode, testTokenAbi, testTokenBytecode } from './samples.js'

let l1: L1
let cluster: Cluster
let recipient: Address
let forwarder: Address
let token: Address
let multicall3: Address
const refundTo = '0x0000000000000000000000000000000000e4f0d1' as const

beforeAll(async () => {
  l1 = await startL1({ hardfork: 'prague' })
  cluster = await startCluster(l1)
  recipient = await l1.deploy(lockedRecipientAbi, lockedRecipientBytecode)
  forwarder = await l1.deploy(reverterAbi, reverterBytecode)
  multicall3 = await l1.deploy(multicall3Abi, parseTransaction(multicall3Deployment).data as Hex)
  token = await l1.deploy(testTokenAbi, testTokenBytecode, ['Test', 'TST', 6])
  const params = { chainId: CHAIN_A, recipient: refundTo, refundTo, gasLimit: 0n, payload: '0x' } as const
  await l1.send({ address: token, abi: testTokenAbi, functionName: 'mint', args: [l1.account.address, 10n ** 9n] })
  await l1.send({ address: token, abi: testTokenAbi, functionName: 'approve', args: [cluster.bridge, 10n ** 9n] })
  await l1.send({ address: cluster.bridge, abi: causewayBridgeAbi, functionName: 'depositETH', args: [params], value: 10n ** 9n })
  await l1.send({ address: cluster.bridge, abi: causewayBridgeAbi, functionName: 'depositERC20', args: [token, 10n ** 9n, params] })
})
afterAll(() => l1.anvil.stop())

let nonce = 0n
async function settleOne(overrides: Partial<Message>): Promise<Claim> {
  const base: Message = { source: CHAIN_A, nonce: nonce++, timestamp: 1n, destination: 31337n, sender: forwarder, recipient, refundTo, token: { chain: 31337n, address: zeroAddress }, amount: 1_000n, fee: 0n, gasLimit: 200_000n, expiry: NEVER, payload: '0x' }
  return (await cluster.settleWithdrawals([{ ...base, ...overrides }]))[0] as Claim
}
const during = (to: Address, data: Hex) => encodeFunctionData({ abi: lockedRecipientAbi, functionName: 'during', args: [to, data] })
const forward = (to: Address, data: Hex) => encodeFunctionData({ abi: reverterAbi, functionName: 'forward', args: [to, 0n, data] })
const lock = encodeFunctionData({ abi: lockedRecipientAbi, functionName: 'lock' })

/** Sends a transaction and says what became of the withdrawal in it: paid, refunded, or the error it reverted with. */
async function outcome(call: { to?: Address; data: Hex; account?: (typeof l1.accounts)[0]; value?: bigint }): Promise<string> {
  const request = { account: l1.account, gas: 3_000_000n, ...call }
  const refused = await l1.client.call(request as never).then(
    () => '0x' as const,
    (error: unknown) => revertData(error) ?? '0x',
  )
  const hash = await l1.wallet.sendTransaction({ ...request, chain: null } as never)
  const { logs, status } = await l1.client.waitForTransactionReceipt({ hash })
  if (status === 'reverted') return decodeRevert(refused).name
  const [log] = parseEventLogs({ abi: causewayBridgeAbi, eventName: 'WithdrawalClaimed', logs })
  return log === undefined ? 'not claimed' : log.args.success ? 'paid' : 'refunded'
}

/** Creation code that makes calls one after the other, whatever they return, and leaves no code. */
function initCode(calls: readonly [Address, Hex][]): Hex {
  const word = (n: number): Hex => concatHex(['0x61', numberToHex(n, { size: 2 })])
  // PUSH2 size, PUSH2 offset, PUSH0, CODECOPY; then CALL(gas, to, 0, 0, size, 0, 0), POP.
  const STEP = 39
  let offset = calls.length * STEP + 1
  const steps = calls.map(([to, data]) => {
    const step = concatHex([word(size(data)), word(offset), '0x5f39', '0x5f5f', word(size(data)), '0x5f5f73', to, '0x5af150'])
    offset += size(data)
    return step
  })
  if (size(concatHex(steps)) !== calls.length * STEP) throw new Error(`a step has ${size(concatHex(steps)) / calls.length} bytes`)
  return concatHex([...steps, '0x00', ...calls.map(([, data]) => data)])
}

const KINDS: Record<string, () => Partial<Message>> = {
  ETH: () => ({}),
  'ETH with a call': () => ({ payload: '0x01' }),
  'a token with a call': () => ({ payload: '0x01', token: { chain: 31337n, address: token } }),
  'a call without value': () => ({ payload: '0x01', amount: 0n }),
}

describe.each(Object.entries(KINDS))('%s', (_, overrides) => {
  let claim: Claim
  let data: Hex
  beforeEach(async () => {
    claim = await settleOne(overrides())
    data = encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'claim', args: claim })
  })
  /** Nothing was lost by the attack: the recipient is paid as promised. */
  const stillPaid = async () => expect(await outcome({ to: cluster.bridge, data })).toBe('paid')

  it('claimed from a callback of the recipient', async () => {
    expect(await outcome({ to: recipient, data: during(cluster.bridge, data) })).toBe('ClaimInTransactionOfItsOwn')
    await stillPaid()
  })

  it('claimed by a multicall, after a call that leaves the lock to the rest of the transaction', async () => {
    const multicall = (calls: readonly { target: Address; callData: Hex }[]) => encodeFunctionData({ abi: multicall3Abi, functionName: 'aggregate3', args: [calls.map((call) => ({ ...call, allowFailure: false }))] })
    const calls = [{ target: recipient, callData: lock }, { target: cluster.bridge, callData: data }]
    expect(await outcome({ to: multicall3, data: multicall(calls) })).toBe('Error')
    expect(await outcome({ to: multicall3, data: multicall(calls.slice(1)) })).toBe('paid')
  })

  it('claimed by an account that has delegated itself, from within a callback', async () => {
    const eoa = l1.accounts[3] as (typeof l1.accounts)[0]
    const authorization = await l1.wallet.signAuthorization({ account: eoa, contractAddress: forwarder })
    await l1.client.waitForTransactionReceipt({ hash: await l1.wallet.sendTransaction({ authorizationList: [authorization], to: zeroAddress, chain: null } as never) })
    expect(await l1.client.getCode({ address: eoa.address })).toMatch(/^0xef0100/)
    const nested = forward(recipient, during(eoa.address, forward(cluster.bridge, data)))
    expect(await outcome({ account: eoa, to: eoa.address, data: nested })).toBe('ClaimInTransactionOfItsOwn')
    expect(await outcome({ account: eoa, to: cluster.bridge, data })).toBe('paid')
  })

  it('claimed in a constructor', async () => {
    expect(await outcome({ data: initCode([[recipient, lock], [cluster.bridge, data]]) })).toBe('not claimed')
    expect(await outcome({ data: initCode([[cluster.bridge, data]]) })).toBe('paid')
  })

  it('that the recipient really refuses, concluded by a transaction of its own only', async () => {
    const refusing = await settleOne({ ...overrides(), recipient: forwarder })
    const conclude = encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'claim', args: refusing })
    for (const attempt of [{ to: forwarder, data: forward(cluster.bridge, conclude) }, { account: l1.accounts[3], to: cluster.bridge, data: conclude }])
      expect(await outcome(attempt as never)).toBe('ClaimInTransactionOfItsOwn')
    expect(await outcome({ to: cluster.bridge, data: conclude })).toBe('refunded')
  })
})
