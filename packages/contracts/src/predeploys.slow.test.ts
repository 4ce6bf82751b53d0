import { aliasL1Address, messageId, NEVER, type Message } from '@causeway/core'
import {
  concatHex,
  decodeErrorResult,
  decodeFunctionResult,
  encodeAbiParameters,
  encodeFunctionData,
  encodePacked,
  getAddress,
  hexToBytes,
  multicall3Abi,
  parseEther,
  parseEventLogs,
  parseTransaction,
  size,
  toHex,
  zeroAddress,
  type Address,
  type Hex,
} from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { causewayBridgeL2Abi, causewayMessengerAbi, causewayTokenAbi, multicall3Deployment, PREDEPLOYS, predeployGenesis, SYSTEM_SENDER, wrapperAddress } from './index.js'
import { revertOf, startL1, type L1 as L1Fixture } from './l1-fixture.js'
import * as samples from './samples.js'

const L1 = 31337n
const HERE = 901n
const OTHER = 902n
const l1Bridge: Address = '0x00000000000000000000000000000000b41d6e00'
const alice: Address = '0x00000000000000000000000000000000000a11ce'
const refundTo: Address = '0x0000000000000000000000000000000000e4f0d1'
const foreign: Address = '0x00000000000000000000000000000000000f0e16'
const ETH = { chain: L1, address: zeroAddress }

let c: L1Fixture
let send: L1Fixture['send']
let deploy: L1Fixture['deploy']
let token: Address
let greeter: Address
let reverter: Address
let burner: Address
let bombs: Address[]

beforeAll(async () => {
  c = await startL1({ chainId: Number(HERE) })
  ;({ send, deploy } = c)
  for (const { address, code, storage } of predeployGenesis(L1, l1Bridge)) {
    await c.test.setCode({ address, bytecode: code })
    for (const [index, value] of Object.entries(storage) as [Hex, Hex][]) await c.test.setStorageAt({ address, index, value })
  }
  await c.test.impersonateAccount({ address: SYSTEM_SENDER })
  await c.test.setBalance({ address: SYSTEM_SENDER, value: parseEther('1000000') })
  token = await deploy(samples.testTokenAbi, samples.testTokenBytecode, ['Here', 'HERE', 8])
  greeter = await deploy(samples.greeterAbi, samples.greeterBytecode, [PREDEPLOYS.messenger])
  reverter = await deploy(samples.reverterAbi, samples.reverterBytecode)
  burner = await deploy(samples.gasBurnerAbi, samples.gasBurnerBytecode)
  bombs = []
  for (const reverts of [true, false]) bombs.push(await deploy(samples.returnBombAbi, samples.returnBombBytecode, [reverts, 1n << 20n]))
  await send({ address: token, abi: samples.testTokenAbi, functionName: 'mint', args: [c.account.address, 10n ** 12n] })
  await send({ address: token, abi: samples.testTokenAbi, functionName: 'approve', args: [PREDEPLOYS.bridge, 10n ** 12n] })
})
afterAll(() => c.anvil.stop())

const messenger = { address: PREDEPLOYS.messenger, abi: causewayMessengerAbi } as const
const bridge = { address: PREDEPLOYS.bridge, abi: causewayBridgeL2Abi } as const
const exported = (logs: Parameters<typeof parseEventLogs>[0]['logs']) => parseEventLogs({ abi: causewayMessengerAbi, eventName: 'MessageExported', logs }).map(({ args }) => args)
const balance = (address: Address, erc20: Address) => c.client.readContract({ address: erc20, abi: causewayTokenAbi, functionName: 'balanceOf', args: [address] })

describe('sending', () => {
  const params = (overrides = {}) => ({ destination: OTHER, recipient: alice, refundTo, gasLimit: 100_000n, expiry: NEVER, payload: '0x' as Hex, ...overrides })
  const attempt = (overrides: object) => revertOf(send({ ...messenger, functionName: 'send', args: [params(overrides)] }))

  it('counts, emits, and takes ETH out of circulation', async () => {
    const before = await c.client.getBalance({ address: PREDEPLOYS.bridge })
    const nonce = await c.client.readContract({ ...messenger, functionName: 'nonce' })
    const { logs } = await send({ ...messenger, functionName: 'send', args: [params({ payload: '0xbeef' })], value: 7n })
    expect(exported(logs)).toEqual([
      { nonce, destination: OTHER, sender: c.account.address, recipient: getAddress(alice), refundTo: getAddress(refundTo), tokenChain: L1, token: zeroAddress, amount: 7n, fee: 0n, gasLimit: 100_000n, expiry: NEVER, payload: '0xbeef' },
    ])
    expect(await c.client.readContract({ ...messenger, functionName: 'nonce' })).toBe(nonce + 1n)
    expect(await c.client.getBalance({ address: PREDEPLOYS.bridge })).toBe(before + 7n)
    expect(await c.client.getBalance({ address: PREDEPLOYS.messenger })).toBe(0n)
  })

  it('refuses what could not be proven or delivered', async () => {
    expect(await attempt({ destination: HERE })).toBe('DestinationInvalid')
    expect(await attempt({ destination: 0n })).toBe('DestinationInvalid')
    expect(await attempt({ recipient: zeroAddress })).toBe('RecipientZero')
    expect(await attempt({ payload: '0x01', refundTo: zeroAddress })).toBe('RefundToZero')
    expect(await attempt({ payload: toHex(new Uint8Array(4097)) })).toBe('PayloadTooLong')
    expect(await attempt({ gasLimit: 1_000_001n })).toBe('GasLimitTooHigh')
    expect(await attempt({ expiry: 1n })).toBe('Expired')
    const { logs } = await send({ ...messenger, functionName: 'send', args: [params({ refundTo: zeroAddress })] })
    expect(exported(logs)[0]?.refundTo).toBe(getAddress(alice))
  })

  it('takes ERC-7786 messages', async () => {
    const recipient = encodePacked(['bytes4', 'uint8', 'uint16', 'uint8', 'address'], ['0x00010000', 2, Number(OTHER), 20, alice])
    const { logs } = await send({ ...messenger, functionName: 'sendMessage', args: [recipient, '0x1234', []], value: 3n })
    expect(exported(logs)[0]).toMatchObject({ destination: OTHER, recipient: getAddress(alice), refundTo: c.account.address, amount: 3n, gasLimit: 200_000n, payload: '0x1234' })
    const [sent] = parseEventLogs({ abi: causewayMessengerAbi, eventName: 'MessageSent', logs })
    expect(sent?.args).toMatchObject({ recipient, payload: '0x1234', value: 3n, attributes: [] })
    expect(await revertOf(send({ ...messenger, functionName: 'sendMessage', args: [recipient, '0x', ['0x12345678']] }))).toBe('UnsupportedAttribute')
    expect(await revertOf(send({ ...messenger, functionName: 'sendMessage', args: ['0x0001', '0x', []] }))).toBe('RecipientMalformed')
  })

  it('locks local tokens, not to L1, and not ones that move less than they say', async () => {
    const { logs } = await send({ ...bridge, functionName: 'sendToken', args: [token, 500n, params()] })
    expect(exported(logs)[0]).toMatchObject({ sender: c.account.address, tokenChain: HERE, token: getAddress(token), amount: 500n })
    expect(await balance(PREDEPLOYS.bridge, token)).toBe(500n)
    expect(await revertOf(send({ ...bridge, functionName: 'sendToken', args: [token, 1n, params({ destination: L1 })] }))).toBe('NotTokenOfL1')
    expect(await revertOf(send({ ...bridge, functionName: 'sendToken', args: [token, 0n, params()] }))).toBe('AmountZero')
    expect(await revertOf(send({ ...bridge, functionName: 'sendToken', args: [alice, 1n, params()] }))).toBe('TokenNotContract')
    expect(await revertOf(send({ ...bridge, functionName: 'sendToken', args: [PREDEPLOYS.tokenImplementation, 1n, params()] }))).toBe('TokenNotContract')
    const junk = await deploy(samples.junkTokenAbi, samples.junkTokenBytecode)
    await send({ address: junk, abi: samples.junkTokenAbi, functionName: 'set', args: [90n, false, false] })
    expect(await revertOf(send({ ...bridge, functionName: 'sendToken', args: [junk, 100n, params()] }))).toBe('AmountDiffers')
  })

  it('refuses more ETH than a message can carry', async () => {
    const balance = await c.client.getBalance({ address: c.account.address })
    await c.test.setBalance({ address: c.account.address, value: 2n ** 130n })
    const attemptWith = (value: bigint) => revertOf(c.client.simulateContract({ ...messenger, account: c.account, functionName: 'send', args: [params()], value }))
    expect(await attemptWith(2n ** 128n)).toBe('AmountOutOfRange')
    expect(await attemptWith(2n ** 128n - 1n)).toBe('success')
    await c.test.setBalance({ address: c.account.address, value: balance })
  })

  it('sends no ETH that did not leave circulation', async () => {
    const code = (await c.client.getCode({ address: PREDEPLOYS.bridge })) as Hex
    await c.test.setCode({ address: PREDEPLOYS.bridge, bytecode: '0x5f5ffd' })
    expect(await revertOf(send({ ...messenger, functionName: 'send', args: [params()], value: 1n }))).toBe('DeliveryFailed')
    expect(await revertOf(send({ ...messenger, functionName: 'send', args: [params()] }))).toBe('success')
    await c.test.setCode({ address: PREDEPLOYS.bridge, bytecode: code })
  })

  it('lets nobody but their callers into the inner functions', async () => {
    expect(await revertOf(send({ ...messenger, functionName: 'sendFor', args: [alice, L1, zeroAddress, 1n, params()] }))).toBe('NotBridge')
    expect(await revertOf(send({ ...bridge, functionName: 'release', args: [OTHER, foreign, alice, 1n] }))).toBe('NotMessenger')
    expect(await revertOf(send({ ...bridge, functionName: 'recordRefund', args: [L1, zeroAddress, c.account.address, 1n] }))).toBe('NotMessenger')
    expect(await revertOf(send({ ...bridge, functionName: 'receiveMessage', args: [toHex(1, { size: 32 }), '0x', '0x'] }))).toBe('NotMessenger')
    expect(await revertOf(send({ ...messenger, functionName: 'deliver', args: [delivered(message())] }))).toBe('NotSystem')
    expect(await revertOf(send({ ...messenger, functionName: 'payAndCall', args: [delivered(message())] }))).toBe('NotSelf')
    await expect(c.wallet.sendTransaction({ to: PREDEPLOYS.bridge, value: 1n, chain: null })).rejects.toThrow()
  })
})

let nonce = 0n
const message = (overrides: Partial<Message> = {}): Message => ({
  source: OTHER,
  nonce: nonce++,
  timestamp: 0n,
  destination: HERE,
  sender: '0x00000000000000000000000000000000000005e4',
  recipient: alice,
  refundTo,
  token: ETH,
  amount: 1_000n,
  fee: 0n,
  gasLimit: 100_000n,
  expiry: NEVER,
  payload: '0x',
  ...overrides,
})

function delivered({ token: home, ...m }: Message) {
  const { source, nonce: index, sender, recipient, refundTo: refund, amount, gasLimit, payload } = m
  return { source, nonce: index, sender, recipient, refundTo: refund, tokenChain: home.chain, token: home.address, amount, gasLimit, payload }
}

/** What a transaction pays before it executes. */
function intrinsicGas(data: Hex): bigint {
  return hexToBytes(data).reduce((sum, byte) => sum + (byte === 0 ? 4n : 16n), 21_000n)
}

/** Gas that the node gives a delivery; see the EVM engine's `systemGas`. */
const deliveryGas = ({ gasLimit, payload }: Message) => gasLimit + gasLimit / 48n + BigInt((payload.length - 2) / 2) * 16n + 200_000n

/** Delivers as the node does, with exactly its gas. Fails the test if the delivery reverts. */
async function deliver(m: Message) {
  const data = encodeFunctionData({ abi: causewayMessengerAbi, functionName: 'deliver', args: [delivered(m)] })
  const isEth = m.token.chain === L1 && m.token.address === zeroAddress
  const intrinsic = intrinsicGas(data)
  const local = m.token.chain === HERE ? m.token.address : wrapperAddress(m.token)
  const of = async (who: Address) => {
    if (isEth) return c.client.getBalance({ address: who })
    return (await c.client.getCode({ address: local })) === undefined ? 0n : balance(who, local).catch(() => 0n)
  }
  const before = [await of(m.recipient), await of(m.refundTo)] as const
  const hash = await c.wallet.sendTransaction({
    account: SYSTEM_SENDER,
    to: PREDEPLOYS.messenger,
    data,
    value: isEth ? m.amount : 0n,
    gas: intrinsic + deliveryGas(m),
    chain: null,
  } as never)
  const { status, logs, gasUsed } = await c.client.waitForTransactionReceipt({ hash })
  expect(status, 'a delivery never reverts').toBe('success')
  const [log] = parseEventLogs({ abi: causewayMessengerAbi, eventName: 'MessageDelivered', logs })
  expect(log?.args).toMatchObject({ id: messageId(m), source: m.source, nonce: m.nonce })
  const recorded = await c.client.readContract({ ...bridge, functionName: 'refundOf', args: [m.token.chain, m.token.address, m.refundTo] })
  return {
    success: log?.args.success,
    recipient: (await of(m.recipient)) - before[0],
    refundTo: (await of(m.refundTo)) - before[1],
    recorded,
    overhead: gasUsed - intrinsic,
    exports: exported(logs),
  }
}
const paid = { success: true, recipient: 1_000n, refundTo: 0n, recorded: 0n }
const refunded = { success: false, recipient: 0n, refundTo: 1_000n, recorded: 0n }
let fresh = 0x10000n
/** A foreign token whose wrapper does not exist yet. */
const newToken = () => ({ chain: OTHER, address: toHex(fresh++, { size: 20 }) })
const localToken = () => ({ chain: HERE, address: token })
const kinds = { ETH: () => ETH, 'a new wrapper': newToken, 'a local token': localToken }

describe('delivery', () => {
  beforeAll(async () => {
    await send({ address: token, abi: samples.testTokenAbi, functionName: 'mint', args: [PREDEPLOYS.bridge, 10n ** 9n] })
  })

  it.each(Object.entries(kinds))('pays %s without a call', async (_, kind) => {
    expect(await deliver(message({ token: kind() }))).toMatchObject(paid)
  })

  it.each(Object.entries(kinds))('delivers %s with a call that gets its whole gas limit', async (_, kind) => {
    expect(await deliver(message({ token: kind(), recipient: greeter, payload: '0xc0ffee', gasLimit: 250_000n }))).toMatchObject(paid)
    const read = (functionName: 'lastSource' | 'lastSender' | 'lastPayload') => c.client.readContract({ address: greeter, abi: samples.greeterAbi, functionName })
    expect(await Promise.all([read('lastSource'), read('lastSender'), read('lastPayload')])).toEqual([OTHER, getAddress('0x00000000000000000000000000000000000005e4'), '0xc0ffee'])
    expect(await deliver(message({ token: kind(), recipient: greeter, payload: toHex(new Uint8Array(4096).fill(1)), gasLimit: 1_000_000n }))).toMatchObject({ ...paid, success: false, recipient: 0n, refundTo: 1_000n })
    expect(await deliver(message({ token: kind(), recipient: greeter, payload: toHex(new Uint8Array(1024).fill(1)), gasLimit: 1_000_000n }))).toMatchObject(paid)
  })

  it.each(Object.entries(kinds))('refunds %s when the call reverts, burns all gas or returns a megabyte', async (_, kind) => {
    for (const gasLimit of [0n, 100_000n, 1_000_000n])
      for (const recipient of [reverter, burner, ...bombs, alice, token])
        expect(await deliver(message({ token: kind(), recipient, payload: '0x01', gasLimit })), `${recipient} with ${gasLimit}`).toMatchObject(refunded)
  })

  it.each(Object.entries(kinds))('never gives %s to a predeploy, a token or nobody', async (_, kind) => {
    const wrapper = (await deliver(message({ token: { chain: OTHER, address: foreign }, amount: 1n })), wrapperAddress({ chain: OTHER, address: foreign }))
    for (const payload of ['0x', '0x01'] as const)
      for (const recipient of [PREDEPLOYS.messenger, PREDEPLOYS.bridge, PREDEPLOYS.tokenImplementation, SYSTEM_SENDER, wrapper, '0x0000000000000000000000000000000000000002'] as const)
        expect(await deliver(message({ token: kind(), recipient, payload })), recipient).toMatchObject({ success: false, refundTo: 1_000n })
    expect(await deliver(message({ token: localToken(), recipient: token }))).toMatchObject(refunded)
    expect(await deliver(message({ token: kind(), recipient: zeroAddress }))).toMatchObject({ success: false, refundTo: 1_000n })
  })

  it('records what refundTo does not take, for refundTo to withdraw', async () => {
    for (const recipient of [burner, reverter, PREDEPLOYS.bridge])
      for (const payload of ['0x', '0x01'] as const) {
        const before = await c.client.readContract({ ...bridge, functionName: 'refundOf', args: [L1, zeroAddress, reverter] })
        expect(await deliver(message({ recipient, payload, refundTo: reverter }))).toMatchObject({ success: false, recorded: before + 1_000n })
      }
    // The dearest case: the call, and then refundTo, burn all that they are given.
    expect(await deliver(message({ recipient: burner, payload: '0x01', refundTo: burner, gasLimit: 1_000_000n }))).toMatchObject({ success: false, recorded: 1_000n })
    const total = await c.client.readContract({ ...bridge, functionName: 'refundOf', args: [L1, zeroAddress, reverter] })
    expect(total).toBe(6_000n)
    const withdraw = encodeFunctionData({ abi: causewayBridgeL2Abi, functionName: 'withdrawRefund', args: [L1, zeroAddress, alice] })
    const before = await c.client.getBalance({ address: alice })
    // A refund that is refused is still there.
    for (const to of [reverter, burner]) {
      const refused = encodeFunctionData({ abi: causewayBridgeL2Abi, functionName: 'withdrawRefund', args: [L1, zeroAddress, to] })
      expect(await revertOf(send({ address: reverter, abi: samples.reverterAbi, functionName: 'forward', args: [PREDEPLOYS.bridge, 0n, refused] }))).toBe('ReleaseFailed')
    }
    await send({ address: reverter, abi: samples.reverterAbi, functionName: 'forward', args: [PREDEPLOYS.bridge, 0n, withdraw] })
    expect(await c.client.getBalance({ address: alice })).toBe(before + 6_000n)
    expect(await revertOf(send({ address: reverter, abi: samples.reverterAbi, functionName: 'forward', args: [PREDEPLOYS.bridge, 0n, withdraw] }))).toBe('NothingToWithdraw')
    for (const to of [PREDEPLOYS.bridge, PREDEPLOYS.messenger, SYSTEM_SENDER, zeroAddress])
      expect(await revertOf(send({ ...bridge, functionName: 'withdrawRefund', args: [L1, zeroAddress, to] }))).toBe('RecipientInvalid')
    expect(await deliver(message({ recipient: PREDEPLOYS.bridge, refundTo: PREDEPLOYS.messenger }))).toMatchObject({ success: false, recorded: 1_000n })
    expect(await deliver(message({ recipient: PREDEPLOYS.bridge, refundTo: zeroAddress, token: newToken() }))).toMatchObject({ success: false, recorded: 1_000n })
    expect(await deliver(message({ token: { chain: 0n, address: foreign } }))).toMatchObject({ success: false, recorded: 1_000n })
  })

  it('survives local tokens that fail or burn all gas', async () => {
    const junk = await deploy(samples.junkTokenAbi, samples.junkTokenBytecode)
    for (const [failing, burning] of [[true, false], [false, true]] as const) {
      await send({ address: junk, abi: samples.junkTokenAbi, functionName: 'set', args: [0n, failing, burning] })
      for (const m of [{}, { recipient: greeter, payload: '0x01', gasLimit: 1_000_000n }] as Partial<Message>[]) {
        const owner = toHex(fresh++, { size: 20 })
        expect(await deliver(message({ token: { chain: HERE, address: junk }, refundTo: owner, ...m }))).toMatchObject({ success: false, recorded: 1_000n })
      }
    }
    for (const address of [...bombs, burner, alice]) expect(await deliver(message({ token: { chain: HERE, address }, refundTo: toHex(fresh++, { size: 20 }) }))).toMatchObject({ success: false, recorded: 1_000n })
  })

  it('counts a call as failed if it could not get its gas limit', async () => {
    expect(await deliver(message({ recipient: greeter, payload: '0x01', gasLimit: 20_000n }))).toMatchObject(refunded)
    const m = message({ recipient: greeter, payload: '0x01', gasLimit: 2n ** 64n - 1n })
    const data = encodeFunctionData({ abi: causewayMessengerAbi, functionName: 'deliver', args: [delivered(m)] })
    const hash = await c.wallet.sendTransaction({ account: SYSTEM_SENDER, to: PREDEPLOYS.messenger, data, value: 1_000n, gas: 5_000_000n, chain: null } as never)
    const { status, logs } = await c.client.waitForTransactionReceipt({ hash })
    expect([status, parseEventLogs({ abi: causewayMessengerAbi, eventName: 'MessageDelivered', logs })[0]?.args.success]).toEqual(['success', false])
  })

  it('makes no call that would take the gas of the refund', async () => {
    const accepting = await deploy(samples.reverterAbi, samples.reverterBytecode)
    await send({ address: accepting, abi: samples.reverterAbi, functionName: 'accept', args: [true] })
    const outcome = async (gas: bigint) => {
      const data = encodeFunctionData({ abi: causewayMessengerAbi, functionName: 'deliver', args: [delivered(message({ recipient: accepting, payload: '0x01', gasLimit: 10_000n }))] })
      const hash = await c.wallet.sendTransaction({ account: SYSTEM_SENDER, to: PREDEPLOYS.messenger, data, value: 1_000n, gas: intrinsicGas(data) + gas, chain: null } as never)
      const { status, logs } = await c.client.waitForTransactionReceipt({ hash })
      return [status, parseEventLogs({ abi: causewayMessengerAbi, eventName: 'MessageDelivered', logs })[0]?.args.success]
    }
    expect(await outcome(200_000n)).toEqual(['success', true])
    expect(await outcome(105_000n)).toEqual(['success', false])
  })

  it('refuses payloads beyond the limit without copying them', async () => {
    expect(await deliver(message({ recipient: greeter, payload: toHex(new Uint8Array(40_000)) }))).toMatchObject(refunded)
    const accepting = await deploy(samples.reverterAbi, samples.reverterBytecode)
    await send({ address: accepting, abi: samples.reverterAbi, functionName: 'accept', args: [true] })
    expect(await deliver(message({ recipient: accepting, payload: toHex(new Uint8Array(4096)) }))).toMatchObject(paid)
    expect(await deliver(message({ recipient: accepting, payload: toHex(new Uint8Array(4097)) }))).toMatchObject(refunded)
  })

  it('takes just the ETH of the message from the node', async () => {
    const attempt = (m: Message, value: bigint) => revertOf(send({ ...messenger, functionName: 'deliver', args: [delivered(m)], value, account: SYSTEM_SENDER, gas: 1_000_000n }))
    for (const value of [0n, 999n, 1_001n]) expect(await attempt(message(), value)).toBe('WrongValue')
    expect(await attempt(message({ token: newToken() }), 1_000n)).toBe('WrongValue')
    expect(await attempt(message({ amount: 0n }), 1n)).toBe('WrongValue')
    expect(await attempt(message(), 1_000n)).toBe('success')
  })

  it('lets a receiver send two messages, and no more', async () => {
    const reenterer = await deploy(samples.reentererAbi, samples.reentererBytecode)
    const multicall3 = await deploy(multicall3Abi, parseTransaction(multicall3Deployment).data as Hex)
    const callData = encodeFunctionData({ abi: causewayMessengerAbi, functionName: 'send', args: [{ destination: OTHER, recipient: alice, refundTo, gasLimit: 0n, expiry: NEVER, payload: '0x99' }] })
    const calls = [1, 2, 3].map(() => ({ target: PREDEPLOYS.messenger, allowFailure: true, callData }))
    const data = encodeFunctionData({ abi: multicall3Abi, functionName: 'aggregate3', args: [calls] })
    await send({ address: reenterer, abi: samples.reentererAbi, functionName: 'arm', args: [multicall3, data] })
    const { exports, success } = await deliver(message({ recipient: reenterer, payload: '0x01', gasLimit: 900_000n }))
    expect([success, exports.length]).toEqual([true, 2])
    const result = await c.client.readContract({ address: reenterer, abi: samples.reentererAbi, functionName: 'result' })
    const refusal = decodeFunctionResult({ abi: multicall3Abi, functionName: 'aggregate3', data: result })[2]
    expect(decodeErrorResult({ abi: causewayMessengerAbi, data: refusal?.returnData as Hex }).errorName).toBe('TooManySends')
    // Outside of a delivery there is no limit.
    const { logs } = await send({ address: multicall3, abi: multicall3Abi, functionName: 'aggregate3', args: [calls] })
    expect(exported(logs)).toHaveLength(3)
  })

  it('lets a receiver send, but not deliver again', async () => {
    const reenterer = await deploy(samples.reentererAbi, samples.reentererBytecode)
    const arm = (target: Address, data: Hex) => send({ address: reenterer, abi: samples.reentererAbi, functionName: 'arm', args: [target, data] })
    const succeeded = () => c.client.readContract({ address: reenterer, abi: samples.reentererAbi, functionName: 'succeeded' })
    await arm(PREDEPLOYS.messenger, encodeFunctionData({ abi: causewayMessengerAbi, functionName: 'send', args: [{ destination: OTHER, recipient: alice, refundTo, gasLimit: 0n, expiry: NEVER, payload: '0x99' }] }))
    const reply = await deliver(message({ recipient: reenterer, payload: '0x01', gasLimit: 500_000n }))
    expect(reply).toMatchObject(paid)
    expect(reply.exports).toMatchObject([{ sender: getAddress(reenterer), payload: '0x99', amount: 0n }])
    for (const call of [
      encodeFunctionData({ abi: causewayMessengerAbi, functionName: 'deliver', args: [delivered(message())] }),
      encodeFunctionData({ abi: causewayMessengerAbi, functionName: 'payAndCall', args: [delivered(message())] }),
    ]) {
      await arm(PREDEPLOYS.messenger, call)
      expect(await deliver(message({ recipient: reenterer, payload: '0x01', gasLimit: 500_000n }))).toMatchObject(paid)
      expect(await succeeded()).toBe(false)
    }
  })
})

describe('a token that calls back', () => {
  const params = { destination: OTHER, recipient: alice, refundTo, gasLimit: 0n, expiry: NEVER, payload: '0x' as Hex }

  it('cannot enter the bridge again', async () => {
    const junk = await deploy(samples.junkTokenAbi, samples.junkTokenBytecode)
    const call = { address: junk, abi: samples.junkTokenAbi } as const
    await send({ ...call, functionName: 'set', args: [10n, false, false] })
    // The token has a refund of its own to withdraw.
    expect(await deliver(message({ recipient: PREDEPLOYS.bridge, refundTo: junk }))).toMatchObject({ success: false, recorded: 1_000n })
    const other = await deploy(samples.testTokenAbi, samples.testTokenBytecode, ['Other', 'OTH', 18])
    for (const data of [
      encodeFunctionData({ abi: causewayBridgeL2Abi, functionName: 'sendToken', args: [other, 1n, params] }),
      encodeFunctionData({ abi: causewayBridgeL2Abi, functionName: 'withdrawRefund', args: [L1, zeroAddress, alice] }),
      encodeFunctionData({ abi: causewayBridgeL2Abi, functionName: 'announceToken', args: [other, OTHER] }),
    ]) {
      await send({ address: other, abi: samples.testTokenAbi, functionName: 'mint', args: [junk, 1n] })
      await c.test.impersonateAccount({ address: junk })
      await c.test.setBalance({ address: junk, value: parseEther('1') })
      await send({ address: other, abi: samples.testTokenAbi, functionName: 'approve', args: [PREDEPLOYS.bridge, 1n], account: junk })
      await c.test.stopImpersonatingAccount({ address: junk })
      await send({ ...call, functionName: 'setHook', args: [PREDEPLOYS.bridge, data] })
      await send({ ...bridge, functionName: 'sendToken', args: [junk, 10n, params] })
      expect(await c.client.readContract({ ...call, functionName: 'hookSucceeded' }), data.slice(0, 10)).toBe(false)
    }
  })
})

describe('wrappers', () => {
  const params = (overrides = {}) => ({ destination: L1, recipient: alice, refundTo, gasLimit: 0n, expiry: NEVER, payload: '0x' as Hex, ...overrides })

  it('are where the bridge and TypeScript say, carry their home, and travel under it', async () => {
    const home = { chain: L1, address: foreign }
    const wrapper = wrapperAddress(home)
    expect(await c.client.readContract({ ...bridge, functionName: 'wrapperOf', args: [home.chain, home.address] })).toBe(wrapper)
    expect(await c.client.readContract({ ...bridge, functionName: 'homeOf', args: [wrapper] })).toEqual([0n, zeroAddress])
    expect(await deliver(message({ source: L1, token: home, recipient: c.account.address }))).toMatchObject({ success: true, recipient: 1_000n })
    expect(await c.client.readContract({ ...bridge, functionName: 'homeOf', args: [wrapper] })).toEqual([L1, getAddress(foreign)])
    const read = <name extends 'name' | 'symbol' | 'decimals' | 'totalSupply' | 'home'>(functionName: name) => c.client.readContract({ address: wrapper, abi: causewayTokenAbi, functionName })
    expect(await Promise.all([read('name'), read('symbol'), read('decimals'), read('totalSupply'), read('home')])).toEqual(['Bridged token', 'BRG', 18, 1_000n, [L1, getAddress(foreign)]])

    const { logs } = await send({ ...bridge, functionName: 'sendToken', args: [wrapper, 400n, params()] })
    expect(exported(logs)[0]).toMatchObject({ tokenChain: L1, token: getAddress(foreign), amount: 400n, destination: L1 })
    expect(await read('totalSupply')).toBe(600n)
    expect(await revertOf(send({ ...bridge, functionName: 'sendToken', args: [wrapper, 601n, params()] }))).toBe('ERC20InsufficientBalance')
    expect(await revertOf(send({ address: wrapper, abi: causewayTokenAbi, functionName: 'crosschainMint', args: [alice, 1n] }))).toBe('NotBridge')
    expect(await revertOf(send({ address: wrapper, abi: causewayTokenAbi, functionName: 'crosschainBurn', args: [alice, 1n] }))).toBe('NotBridge')
  })

  it('are none that another made, whatever home they carry', async () => {
    const { chain, address: home } = newToken()
    // One byte of code, STOP, takes any `crosschainBurn`.
    const stop = await deploy([], '0x6001600c60003960016000f300')
    const clone = concatHex(['0x363d3d373d3d3d363d73', stop, '0x5af43d82803e903d91602b57fd5bf3', encodePacked(['uint64', 'address'], [chain, home])])
    const fake = await deploy([], concatHex(['0x61', toHex(size(clone), { size: 2 }), '0x3d81600a3d39f3', clone]))
    expect(await c.client.getCode({ address: fake })).toBe(clone)
    expect(await c.client.readContract({ ...bridge, functionName: 'homeOf', args: [fake] })).toEqual([0n, zeroAddress])
    expect(await revertOf(send({ ...bridge, functionName: 'sendToken', args: [fake, 500n, params({ destination: OTHER })] }))).not.toBe('success')
  })

  it('are not made for ETH or for tokens of this chain', async () => {
    for (const [chain, address] of [[L1, zeroAddress], [HERE, token], [0n, foreign]] as const)
      expect(await revertOf(send({ ...bridge, functionName: 'deployWrapper', args: [chain, address] }))).toBe('NotForeign')
  })

  it('learn their name only from the bridge of their home', async () => {
    const home = newToken()
    const payload = (name: string) => encodeAbiParameters([{ type: 'address' }, { type: 'string' }, { type: 'string' }, { type: 'uint8' }], [home.address, name, 'SYM', 6])
    const announce = (overrides: Partial<Message>) => deliver(message({ recipient: PREDEPLOYS.bridge, refundTo: PREDEPLOYS.bridge, amount: 0n, gasLimit: 400_000n, ...overrides }))
    const metadata = (chain = home.chain) => c.client.readContract({ ...bridge, functionName: 'metadataOf', args: [chain, home.address] })
    expect(await announce({ sender: alice, payload: payload('Fake') })).toMatchObject({ success: false })
    expect(await announce({ source: L1, sender: PREDEPLOYS.bridge, payload: payload('Fake') })).toMatchObject({ success: false })
    expect(await announce({ source: L1, sender: l1Bridge, payload: payload('Fake') })).toMatchObject({ success: false })
    expect(await announce({ sender: PREDEPLOYS.bridge, payload: '0x1234' })).toMatchObject({ success: false })
    expect(await announce({ sender: PREDEPLOYS.bridge, payload: payload('x'.repeat(65)) })).toMatchObject({ success: false })
    expect(await metadata()).toEqual(['Bridged token', 'BRG', 18])
    expect(await announce({ sender: PREDEPLOYS.bridge, payload: payload('y'.repeat(64)) })).toMatchObject({ success: true })
    expect(await announce({ sender: PREDEPLOYS.bridge, payload: payload('True') })).toMatchObject({ success: true })
    expect(await metadata()).toEqual(['True', 'SYM', 6])
    expect(await announce({ source: L1, sender: aliasL1Address(l1Bridge), payload: payload('From L1') })).toMatchObject({ success: true })
    expect(await metadata(L1)).toEqual(['From L1', 'SYM', 6])
    await deliver(message({ token: home }))
    const wrapper = wrapperAddress(home)
    expect(await c.client.readContract({ address: wrapper, abi: causewayTokenAbi, functionName: 'name' })).toBe('True')
    expect(await revertOf(send({ ...bridge, functionName: 'announceToken', args: [wrapper, OTHER] }))).toBe('WrapperNotAnnounced')
  })

  it('are announced by the bridge of their home', async () => {
    const { logs } = await send({ ...bridge, functionName: 'announceToken', args: [token, OTHER] })
    const payload = encodeAbiParameters([{ type: 'address' }, { type: 'string' }, { type: 'string' }, { type: 'uint8' }], [token, 'Here', 'HERE', 8])
    expect(exported(logs)[0]).toMatchObject({ destination: OTHER, sender: PREDEPLOYS.bridge, recipient: PREDEPLOYS.bridge, amount: 0n, payload })
    for (const none of [alice, PREDEPLOYS.messenger] as const)
      expect(await revertOf(send({ ...bridge, functionName: 'announceToken', args: [none, OTHER] }))).toBe('TokenNotContract')
  })
})
