import { aliasL1Address, NEVER, nextInboxHash, withdrawalDigest, ZERO_HASH, type Message } from '@causeway/core'
import { encodeFunctionData, getAddress, parseEventLogs, toFunctionSelector, toHex, zeroAddress, type Address, type Hex } from 'viem'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { causewayBridgeAbi, causewayInboxAbi, causewayMessengerL1Abi, PREDEPLOYS } from './index.js'
import { CHAIN_A, revertOf, startCluster, startL1, type Claim, type Cluster, type L1 } from './l1-fixture.js'
import {
  gasBurnerAbi,
  gasBurnerBytecode,
  greeterAbi,
  greeterBytecode,
  junkTokenAbi,
  junkTokenBytecode,
  moderatedTokenAbi,
  moderatedTokenBytecode,
  reentererAbi,
  reentererBytecode,
  returnBombAbi,
  returnBombBytecode,
  reverterAbi,
  reverterBytecode,
  testTokenAbi,
  testTokenBytecode,
} from './samples.js'

let l1: L1
let cluster: Cluster
let token: Address
let greeter: Address
let reverter: Address
const alice = '0x00000000000000000000000000000000000a11ce' as const
const refundTo = '0x0000000000000000000000000000000000e4f0d1' as const
const MAX = 2n ** 128n - 1n

beforeAll(async () => {
  l1 = await startL1()
  cluster = await startCluster(l1)
  token = await l1.deploy(testTokenAbi, testTokenBytecode, ['Test', 'TST', 6])
  greeter = await l1.deploy(greeterAbi, greeterBytecode, [cluster.messenger])
  reverter = await l1.deploy(reverterAbi, reverterBytecode)
  await l1.send({ address: token, abi: testTokenAbi, functionName: 'mint', args: [l1.account.address, 10n ** 24n] })
  await l1.send({ address: token, abi: testTokenAbi, functionName: 'approve', args: [cluster.bridge, MAX] })
  await deposit({ value: 10n ** 18n })
  await deposit({ erc20: token, value: 10n ** 12n })
})
afterAll(() => l1.anvil.stop())

type Params = { chainId: bigint; recipient: Address; refundTo: Address; gasLimit: bigint; payload: Hex }
const params = (overrides: Partial<Params> = {}): Params => ({ chainId: CHAIN_A, recipient: alice, refundTo, gasLimit: 100_000n, payload: '0x', ...overrides })

async function deposit({ erc20, value, account = l1.account, ...overrides }: Partial<Params> & { erc20?: Address; value: bigint; account?: typeof l1.account }) {
  const bridge = { address: cluster.bridge, abi: causewayBridgeAbi, account } as const
  const receipt = erc20
    ? await l1.send({ ...bridge, functionName: 'depositERC20', args: [erc20, value, params(overrides)] })
    : await l1.send({ ...bridge, functionName: 'depositETH', args: [params(overrides)], value })
  const [log] = parseEventLogs({ abi: causewayInboxAbi, eventName: 'Deposited', logs: receipt.logs })
  if (!log) throw new Error('no deposit was logged')
  return { ...log.args, gasUsed: receipt.gasUsed }
}

let nonce = 0n
const message = (overrides: Partial<Message> = {}): Message => ({
  source: CHAIN_A,
  nonce: nonce++,
  timestamp: 1_700_000_000_000n,
  destination: 31337n,
  sender: '0x00000000000000000000000000000000000005e4',
  recipient: alice,
  refundTo,
  token: { chain: 31337n, address: zeroAddress },
  amount: 1_000n,
  fee: 0n,
  gasLimit: 200_000n,
  expiry: NEVER,
  payload: '0x',
  ...overrides,
})
const settleOne = async (overrides: Partial<Message>): Promise<Claim> => (await cluster.settleWithdrawals([message(overrides)]))[0] as Claim
const balance = (address: Address, erc20?: Address) =>
  erc20 ? l1.client.readContract({ address: erc20, abi: testTokenAbi, functionName: 'balanceOf', args: [address] }) : l1.client.getBalance({ address })
const escrowed = (of: Address = zeroAddress) => l1.client.readContract({ address: cluster.bridge, abi: causewayBridgeAbi, functionName: 'escrowed', args: [of] })

/** What `claimed` is asked by. */
const withdrawalDigestOf = ([fields]: Claim): Hex => withdrawalDigest({ ...fields, destination: 31337n, fee: 0n, token: { chain: 31337n, address: fields.token } })

/** Claims and says what happened to the value. */
async function claimAndWatch(claim: Claim) {
  const [{ recipient, refundTo: refund, token: of }] = claim
  const erc20 = of === zeroAddress ? undefined : of
  const before = [await balance(recipient, erc20), await balance(refund, erc20), await escrowed(of)] as const
  const { logs, gasUsed } = await cluster.claim(claim)
  const [log] = parseEventLogs({ abi: causewayBridgeAbi, eventName: 'WithdrawalClaimed', logs })
  return {
    success: log?.args.success,
    recipient: (await balance(recipient, erc20)) - before[0],
    refundTo: (await balance(refund, erc20)) - before[1],
    escrow: (await escrowed(of)) - before[2],
    gasUsed,
  }
}
const paid = { success: true, recipient: 1_000n, refundTo: 0n, escrow: -1_000n }
const refunded = { success: false, recipient: 0n, refundTo: 1_000n, escrow: -1_000n }

describe('deposits', () => {
  it('append the hash of section 8', async () => {
    const before = await l1.client.readContract({ address: cluster.inbox, abi: causewayInboxAbi, functionName: 'length', args: [CHAIN_A] })
    const hashAt = (index: bigint) => l1.client.readContract({ address: cluster.inbox, abi: causewayInboxAbi, functionName: 'hashAt', args: [CHAIN_A, index] })
    const log = await deposit({ erc20: token, value: 77n, payload: '0x1234' })
    const entry = message({ source: 31337n, nonce: log.index, timestamp: log.timestamp, sender: l1.account.address, recipient: alice, token: { chain: 31337n, address: token }, amount: 77n, gasLimit: 100_000n, payload: '0x1234' })
    expect(log).toMatchObject({ index: before, timestamp: await l1.now(), sender: l1.account.address, amount: 77n })
    expect(log.hash).toBe(nextInboxHash(await hashAt(before), { kind: 'deposit', index: before, message: entry }))
    expect(await hashAt(before + 1n)).toBe(log.hash)
    expect(await hashAt(before + 2n)).toBe(ZERO_HASH)
  })

  it('alias contracts, not accounts', async () => {
    expect((await deposit({ value: 1n })).sender).toBe(l1.account.address)
    const data = encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'depositETH', args: [params()] })
    const { logs } = await l1.send({ address: reverter, abi: reverterAbi, functionName: 'forward', args: [cluster.bridge, 5n, data], value: 5n })
    const [log] = parseEventLogs({ abi: causewayInboxAbi, eventName: 'Deposited', logs })
    expect(log?.args.sender).toBe(getAddress(aliasL1Address(reverter)))
  })

  it('are refused to unknown chains, to nobody, or beyond the limits', async () => {
    const attempt = (overrides: Partial<Params>) => revertOf(deposit({ value: 1n, ...overrides }))
    expect(await attempt({ chainId: 12_345n })).toBe('ChainUnknown')
    expect(await attempt({ recipient: zeroAddress })).toBe('RecipientZero')
    expect(await attempt({ payload: toHex(new Uint8Array(4097)) })).toBe('PayloadTooLong')
    expect(await attempt({ payload: toHex(new Uint8Array(4096)) })).toBe('success')
    expect(await attempt({ gasLimit: 1_000_001n })).toBe('GasLimitTooHigh')
    expect(await attempt({ gasLimit: 1_000_000n })).toBe('success')
    expect(await attempt({ payload: '0x01', refundTo: zeroAddress })).toBe('RefundToZero')
    expect((await deposit({ value: 1n, refundTo: zeroAddress })).refundTo).toBe(getAddress(alice))
    expect(await revertOf(deposit({ erc20: alice, value: 1n }))).toBe('TokenNotContract')
    expect(await revertOf(deposit({ erc20: token, value: 0n }))).toBe('AmountOutOfRange')
    const call = { address: cluster.bridge, abi: causewayBridgeAbi, functionName: 'depositERC20', args: [token, 1n, params()], value: 1n } as const
    expect(await revertOf(l1.send(call))).toBe('UnexpectedValue')
  })

  it('of a token that lies credit what its balance says and never more than 2^128 - 1 in all', async () => {
    const junk = await l1.deploy(junkTokenAbi, junkTokenBytecode)
    const set = (delta: bigint) => l1.send({ address: junk, abi: junkTokenAbi, functionName: 'set', args: [delta, false, false] })
    await set(90n)
    expect((await deposit({ erc20: junk, value: 100n })).amount).toBe(90n)
    await set(MAX + 1n)
    expect(await revertOf(deposit({ erc20: junk, value: 1n }))).toBe('AmountOutOfRange')
    await set(MAX - 90n)
    expect((await deposit({ erc20: junk, value: 1n })).amount).toBe(MAX - 90n)
    await set(1n)
    expect(await revertOf(deposit({ erc20: junk, value: 1n }))).toBe('EscrowFull')
    await set(2n ** 256n - 1n) // a balance that falls
    expect(await revertOf(deposit({ erc20: junk, value: 1n }))).toBe('AmountOutOfRange')
    expect(await escrowed(junk)).toBe(MAX)
  })

  it('cannot be nested by a token that calls back', async () => {
    const [junk, other] = [await l1.deploy(junkTokenAbi, junkTokenBytecode), await l1.deploy(junkTokenAbi, junkTokenBytecode)]
    for (const address of [junk, other]) await l1.send({ address, abi: junkTokenAbi, functionName: 'set', args: [10n, false, false] })
    for (const [i, inner] of [
      encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'depositERC20', args: [other, 10n, params()] }),
      encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'depositETH', args: [params()] }),
      encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'announceToken', args: [other, CHAIN_A] }),
    ].entries()) {
      await l1.send({ address: junk, abi: junkTokenAbi, functionName: 'setHook', args: [cluster.bridge, inner] })
      expect((await deposit({ erc20: junk, value: 10n })).amount).toBe(10n)
      expect(await l1.client.readContract({ address: junk, abi: junkTokenAbi, functionName: 'hookSucceeded' }), `call ${i}`).toBe(false)
    }
    expect([await escrowed(junk), await escrowed(other)]).toEqual([30n, 0n])
  })

  it('announce a token from the bridge, under its alias, to the other bridge', async () => {
    const { logs } = await l1.send({ address: cluster.bridge, abi: causewayBridgeAbi, functionName: 'announceToken', args: [token, CHAIN_A] })
    const [log] = parseEventLogs({ abi: causewayInboxAbi, eventName: 'Deposited', logs })
    expect(log?.args).toMatchObject({ sender: getAddress(aliasL1Address(cluster.bridge)), recipient: getAddress(PREDEPLOYS.bridge), amount: 0n })
    for (const [abi, bytecode, args] of [
      [junkTokenAbi, junkTokenBytecode, []],
      [gasBurnerAbi, gasBurnerBytecode, []],
      [returnBombAbi, returnBombBytecode, [false, 1n << 20n]],
      [returnBombAbi, returnBombBytecode, [false, 4096n]],
    ] as const) {
      const odd = await l1.deploy(abi, bytecode, args)
      expect(await revertOf(l1.send({ address: cluster.bridge, abi: causewayBridgeAbi, functionName: 'announceToken', args: [odd, CHAIN_A] }))).toBe('success')
    }
    expect(await revertOf(l1.send({ address: cluster.bridge, abi: causewayBridgeAbi, functionName: 'announceToken', args: [alice, CHAIN_A] }))).toBe('TokenNotContract')
  })
})

describe('claims', () => {
  it('pay ETH and tokens once, to whom and as much as was settled', async () => {
    const [claim, other] = (await cluster.settleWithdrawals([message(), message({ token: { chain: 31337n, address: token } }), message()])) as [Claim, Claim, Claim]
    const [fields, epoch, path] = claim
    const forged: [string, Claim][] = [
      ['another recipient', [{ ...fields, recipient: refundTo }, epoch, path]],
      ['another amount', [{ ...fields, amount: 1_001n }, epoch, path]],
      ['another token', [{ ...fields, token }, epoch, path]],
      ['another refundTo', [{ ...fields, refundTo: alice }, epoch, path]],
      ['another nonce', [{ ...fields, nonce: fields.nonce + 100n }, epoch, path]],
      ['another gas limit', [{ ...fields, gasLimit: 1n }, epoch, path]],
      ['another payload', [{ ...fields, payload: '0x00' }, epoch, path]],
      ['another epoch', [fields, epoch + 1n, path]],
      ['an epoch without withdrawals', [fields, 10_000n, []]],
      ['another path', [fields, epoch, other[2]]],
      ['no path', [fields, epoch, []]],
    ]
    for (const [what, args] of forged) expect(await revertOf(cluster.claim(args)), what).toBe('NotSettled')
    expect(await claimAndWatch(claim)).toMatchObject(paid)
    expect(await revertOf(cluster.claim(claim))).toBe('AlreadyClaimed')
    expect(await claimAndWatch(other)).toMatchObject(paid)
    expect(await revertOf(cluster.claim(other))).toBe('AlreadyClaimed')
  })

  it('never pay more of a token than was deposited, whatever was settled', async () => {
    expect(await revertOf(cluster.claim(await settleOne({ amount: (await escrowed()) + 1n })))).toBe('EscrowExceeded')
    const unknown = await l1.deploy(testTokenAbi, testTokenBytecode, ['X', 'X', 18])
    await l1.send({ address: unknown, abi: testTokenAbi, functionName: 'mint', args: [cluster.bridge, 1_000n] })
    expect(await revertOf(cluster.claim(await settleOne({ token: { chain: 31337n, address: unknown } })))).toBe('EscrowExceeded')
  })

  it('send ETH that the recipient does not take to refundTo, else wait', async () => {
    const burner = await l1.deploy(gasBurnerAbi, gasBurnerBytecode)
    const bomb = await l1.deploy(returnBombAbi, returnBombBytecode, [true, 1n << 20n])
    for (const recipient of [reverter, burner, bomb]) {
      const result = await claimAndWatch(await settleOne({ recipient }))
      expect(result).toMatchObject(refunded)
      expect(result.gasUsed).toBeLessThan(200_000n)
    }
    const waiting = await settleOne({ recipient: burner, refundTo: reverter })
    expect(await revertOf(cluster.claim(waiting))).toBe('Undeliverable')
    await l1.send({ address: reverter, abi: reverterAbi, functionName: 'accept', args: [true] })
    expect(await claimAndWatch(waiting)).toMatchObject(refunded)
    await l1.send({ address: reverter, abi: reverterAbi, functionName: 'accept', args: [false] })
  })

  it('deliver value and call together, from the messenger', async () => {
    const claim = await settleOne({ recipient: greeter, payload: '0xbeef' })
    expect(await claimAndWatch(claim)).toMatchObject(paid)
    const read = (functionName: 'lastSource' | 'lastSender' | 'lastPayload' | 'lastValue') => l1.client.readContract({ address: greeter, abi: greeterAbi, functionName })
    expect(await Promise.all([read('lastSource'), read('lastSender'), read('lastPayload'), read('lastValue')])).toEqual([CHAIN_A, getAddress(claim[0].sender), '0xbeef', 1_000n])
    expect(await claimAndWatch(await settleOne({ recipient: greeter, payload: '0xbeef', token: { chain: 31337n, address: token } }))).toMatchObject(paid)
    // A message without value, whose token does not matter.
    const { logs } = await cluster.claim(await settleOne({ recipient: greeter, payload: '0x01', amount: 0n, token: { chain: CHAIN_A, address: alice } }))
    expect(parseEventLogs({ abi: causewayBridgeAbi, eventName: 'WithdrawalClaimed', logs })[0]?.args.success).toBe(true)
    expect(await balance(cluster.messenger)).toBe(0n)
  })

  it('give the value to refundTo when the call fails', async () => {
    const bombs: Address[] = []
    for (const reverts of [true, false]) bombs.push(await l1.deploy(returnBombAbi, returnBombBytecode, [reverts, 1n << 20n]))
    const burner = await l1.deploy(gasBurnerAbi, gasBurnerBytecode)
    for (const address of [zeroAddress, token]) {
      for (const recipient of [reverter, burner, alice, ...bombs]) {
        expect(await claimAndWatch(await settleOne({ recipient, payload: '0x01', token: { chain: 31337n, address }, gasLimit: 900_000n }))).toMatchObject(refunded)
      }
    }
    // A call that was too dear for its own gas limit.
    expect(await claimAndWatch(await settleOne({ recipient: greeter, payload: '0x01', gasLimit: 20_000n }))).toMatchObject(refunded)
    // Where there is nothing to call, no gas limit is too high to find that out.
    expect(await claimAndWatch(await settleOne({ recipient: alice, payload: '0x01', gasLimit: 2n ** 64n - 1n }))).toMatchObject(refunded)
    // Value stays claimable while refundTo does not take it either.
    expect(await revertOf(cluster.claim(await settleOne({ recipient: greeter, refundTo: reverter, payload: '0x01', gasLimit: 1n })))).toBe('Undeliverable')
  })

  it('call nothing of the protocol and no token', async () => {
    const steal = encodeFunctionData({ abi: testTokenAbi, functionName: 'transfer', args: [alice, 1_000n] })
    const held = await balance(cluster.bridge, token)
    for (const recipient of [cluster.bridge, cluster.hub, cluster.inbox, cluster.messenger, PREDEPLOYS.bridge, '0x0000000000000000000000000000000000000004'] as const)
      for (const payload of [steal, '0x'] as const) expect(await claimAndWatch(await settleOne({ recipient, payload })), recipient).toMatchObject({ ...refunded, recipient: recipient === cluster.bridge ? -1_000n : 0n })
    // Where anvil's fees go, so that its balance says nothing.
    expect(await claimAndWatch(await settleOne({ recipient: zeroAddress }))).toMatchObject({ success: false, refundTo: 1_000n })
    // The token of the message, as its recipient, or of another message: `receiveMessage` is all it would be asked.
    expect(await claimAndWatch(await settleOne({ recipient: token, payload: steal, token: { chain: 31337n, address: token } }))).toMatchObject(refunded)
    expect(await claimAndWatch(await settleOne({ recipient: token, payload: steal }))).toMatchObject(refunded)
    expect(await balance(cluster.bridge, token)).toBe(held - 1_000n)
  })

  it('do not call after the expiry', async () => {
    const expiry = (await l1.now()) - 1_000n
    expect(await claimAndWatch(await settleOne({ recipient: greeter, payload: '0x01', expiry }))).toMatchObject(refunded)
    expect(await claimAndWatch(await settleOne({ expiry }))).toMatchObject(paid)
  })

  it('cannot be entered again', async () => {
    const reenterer = await l1.deploy(reentererAbi, reentererBytecode)
    const [first, second] = (await cluster.settleWithdrawals([
      message({ recipient: reenterer, payload: '0x01' }),
      message({ recipient: reenterer, token: { chain: 31337n, address: token } }),
    ])) as [Claim, Claim]
    const read = (functionName: 'called' | 'succeeded') => l1.client.readContract({ address: reenterer, abi: reentererAbi, functionName })
    for (const data of [
      encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'claim', args: second }),
      encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'claim', args: first }),
      encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'payAndCall', args: [second[0]] }),
      encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'depositETH', args: [params()] }),
    ]) {
      await l1.send({ address: reenterer, abi: reentererAbi, functionName: 'arm', args: [cluster.bridge, data] })
      expect(await claimAndWatch(await settleOne({ recipient: reenterer, payload: '0x02', gasLimit: 1_000_000n }))).toMatchObject(paid)
      expect([await read('called'), await read('succeeded')]).toEqual([true, false])
    }
    expect(await claimAndWatch(second)).toMatchObject(paid)
  })

  it('cannot be made to fail by a claimer who is sparing with gas', async () => {
    // It takes ETH if it has 25,000 gas, and reverts at once if it has less, so that enough would be left for a refund.
    const dear = await l1.deploy([], '0x6c6161a85a10600957005b5f5ffd5f52600d6013f3')
    for (const overrides of [{ recipient: greeter, payload: '0x1234', gasLimit: 300_000n }, {}, { recipient: dear }, { recipient: greeter, payload: '0x1234', gasLimit: 300_000n, token: { chain: 31337n, address: token } }] as Partial<Message>[]) {
      const claim = await settleOne(overrides)
      for (let gas = 50_000n; ; gas += 5_000n) {
        const call = { address: cluster.bridge, abi: causewayBridgeAbi, functionName: 'claim', args: claim, gas, account: l1.account } as const
        const outcome = await l1.client.simulateContract(call).then(() => 'success', () => 'failed')
        if (outcome === 'failed') continue
        const { logs } = await cluster.claim(claim, { gas })
        expect(parseEventLogs({ abi: causewayBridgeAbi, eventName: 'WithdrawalClaimed', logs })[0]?.args.success, `with ${gas} gas`).toBe(true)
        break
      }
    }
  })

  it('revert, and can be tried again, while a token does not pay', async () => {
    const junk = await l1.deploy(junkTokenAbi, junkTokenBytecode)
    const set = (failing: boolean) => l1.send({ address: junk, abi: junkTokenAbi, functionName: 'set', args: [5_000n, failing, false] })
    await set(true)
    await deposit({ erc20: junk, value: 1n })
    for (const overrides of [{}, { recipient: greeter, payload: '0x01' }] as Partial<Message>[]) {
      await set(true)
      const claim = await settleOne({ token: { chain: 31337n, address: junk }, ...overrides })
      expect(await revertOf(cluster.claim(claim))).toBe('Undeliverable')
      await set(false)
      expect((await claimAndWatch(claim)).success).toBe(true)
    }
  })

  it('reach the messenger only from the bridge', async () => {
    const call = { address: cluster.messenger, abi: causewayMessengerL1Abi, functionName: 'deliver', args: [CHAIN_A, 0n, alice, greeter, 100_000n, '0x01'] } as const
    expect(await revertOf(l1.send(call))).toBe('NotBridge')
    const self = { address: cluster.bridge, abi: causewayBridgeAbi, functionName: 'payAndCall', args: [(await settleOne({}))[0]] } as const
    expect(await revertOf(l1.send(self))).toBe('NotSelf')
  })
})

/** A value has one way at a time (docs/protocol.md, section 10): the table of outcomes, line by line, against hostile tokens and claimers. */
describe('a value that is refused', () => {
  let moderated: Address
  const tell = (functionName: 'freeze' | 'pause' | 'refuseBy' | 'setGas', ...args: readonly unknown[]) => l1.send({ address: moderated, abi: moderatedTokenAbi, functionName, args } as never)
  const withdraw = (overrides: Partial<Message> = {}) => settleOne({ token: { chain: 31337n, address: moderated }, ...overrides })
  const REFUSALS = { reverts: [0, '0x'], 'returns false': [1, '0x'], 'burns all gas': [2, '0x'], 'says nothing': [3, '0x'], 'says CallFailed': [3, toFunctionSelector('CallFailed()')], 'says InsufficientGas': [3, toFunctionSelector('InsufficientGas()')], 'says a kilobyte': [3, toHex(new Uint8Array(1024).fill(1))] } as const
  const ways: Partial<Message>[] = [{}, { payload: '0x01' }]
  let ready: Address

  beforeAll(async () => {
    moderated = await l1.deploy(moderatedTokenAbi, moderatedTokenBytecode)
    ready = await l1.deploy(greeterAbi, greeterBytecode, [cluster.messenger])
    await l1.send({ address: moderated, abi: moderatedTokenAbi, functionName: 'mint', args: [l1.account.address, 10n ** 24n] })
    await l1.send({ address: moderated, abi: moderatedTokenAbi, functionName: 'approve', args: [cluster.bridge, MAX] })
    await deposit({ erc20: moderated, value: 10n ** 12n })
  })
  beforeEach(async () => {
    for (const account of [ready, refundTo]) await tell('freeze', account, false)
    await tell('pause', false)
    await tell('refuseBy', 0, '0x')
    await tell('setGas', ready, 0n)
  })

  it('by the token for the recipient goes to refundTo, however the token refuses, once', async () => {
    await tell('freeze', ready, true)
    for (const [how, [refusal, reason]] of Object.entries(REFUSALS)) {
      await tell('refuseBy', refusal, reason)
      for (const way of ways) {
        const claim = await withdraw({ recipient: ready, ...way })
        expect(await claimAndWatch(claim), how).toMatchObject(refunded)
        expect(await revertOf(cluster.claim(claim))).toBe('AlreadyClaimed')
      }
    }
  })

  it('by the token for both stays claimable, and goes to whom it takes first', async () => {
    for (const way of ways) {
      for (const free of [ready, refundTo]) {
        for (const account of [ready, refundTo]) await tell('freeze', account, true)
        const claim = await withdraw({ recipient: ready, ...way })
        for (const [how, [refusal, reason]] of Object.entries(REFUSALS)) {
          await tell('refuseBy', refusal, reason)
          // One that burns all gas leaves too little to be sure; either way nothing has moved.
          expect(['Undeliverable', 'InsufficientGas'], how).toContain(await revertOf(cluster.claim(claim)))
        }
        await tell('refuseBy', 0, '0x')
        const held = await escrowed(moderated)
        expect(await l1.client.readContract({ address: cluster.bridge, abi: causewayBridgeAbi, functionName: 'claimed', args: [withdrawalDigestOf(claim)] })).toBe(false)
        await tell('freeze', free, false)
        expect(await claimAndWatch(claim)).toMatchObject(free === ready ? paid : refunded)
        expect(await escrowed(moderated)).toBe(held - 1_000n)
      }
    }
  })

  it('by a paused token waits for its recipient: a pause is nobody’s chance to send it to refundTo', async () => {
    for (const way of ways) {
      await tell('pause', true)
      const claim = await withdraw({ recipient: ready, ...way })
      for (const gas of [undefined, 400_000n, 2_000_000n, 12_000_000n]) expect(['Undeliverable', 'InsufficientGas']).toContain(await revertOf(cluster.claim(claim, gas === undefined ? {} : { gas })))
      await tell('pause', false)
      expect(await claimAndWatch(claim)).toMatchObject(paid)
    }
  })

  it('goes where refundTo says, if refundTo cannot take it itself, and never past a recipient that takes it', async () => {
    const elsewhere = '0x000000000000000000000000000000000e15e34e' as const
    const owner = l1.accounts[1] as (typeof l1.accounts)[0]
    const redirect = ([fields]: Claim, account = owner, to: Address = elsewhere) => l1.send({ address: cluster.bridge, abi: causewayBridgeAbi, functionName: 'redirect', args: [fields, to], account })
    for (const account of [ready, owner.address]) await tell('freeze', account, true)
    for (const way of ways) {
      const claim = await withdraw({ recipient: ready, refundTo: owner.address, ...way })
      expect(await revertOf(cluster.claim(claim))).toBe('Undeliverable')
      expect(await revertOf(redirect(claim, l1.account))).toBe('NotRefundTo')
      for (const to of [cluster.bridge, moderated, zeroAddress]) {
        await redirect(claim, owner, to)
        expect(await revertOf(cluster.claim(claim))).toBe('Undeliverable')
      }
      await redirect(claim)
      const before = await balance(elsewhere, moderated)
      expect(await claimAndWatch(claim)).toMatchObject({ ...refunded, refundTo: 0n })
      expect(await balance(elsewhere, moderated)).toBe(before + 1_000n)
    }
    // ETH for a contract without a way to take it, whose owner is a contract like that too.
    const eth = await settleOne({ recipient: reverter, refundTo: reverter })
    expect(await revertOf(cluster.claim(eth))).toBe('Undeliverable')
    const data = encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'redirect', args: [eth[0], elsewhere] })
    await l1.send({ address: reverter, abi: reverterAbi, functionName: 'forward', args: [cluster.bridge, 0n, data] })
    await cluster.claim(eth)
    expect(await balance(elsewhere)).toBe(1_000n)
    // The recipient comes first, whatever refundTo would like better.
    await tell('freeze', ready, false)
    for (const way of ways) {
      const claim = await withdraw({ recipient: ready, refundTo: owner.address, ...way })
      await redirect(claim)
      expect(await claimAndWatch(claim)).toMatchObject(paid)
    }
  })

  it('is never refused for want of gas: no claimer can push a value to refundTo', async () => {
    // The recipient's transfer is dear and refundTo's is cheap, which is what a claimer would play on.
    await tell('setGas', ready, 800_000n)
    for (const overrides of [{ recipient: ready }, { recipient: ready, payload: '0x1234', gasLimit: 300_000n }] as Partial<Message>[]) {
      const claim = await withdraw(overrides)
      const outcomes = new Set<string>()
      for (let gas = 60_000n; gas < 3_000_000n; gas += 70_000n) {
        const snapshot = await l1.test.snapshot()
        const outcome = await cluster.claim(claim, { gas }).then(
          ({ logs }) => (parseEventLogs({ abi: causewayBridgeAbi, eventName: 'WithdrawalClaimed', logs })[0]?.args.success ? 'paid' : 'refunded'),
          () => 'reverted',
        )
        expect(outcome, `with ${gas} gas`).not.toBe('refunded')
        outcomes.add(outcome)
        await l1.test.revert({ id: snapshot })
      }
      expect(outcomes).toEqual(new Set(['paid', 'reverted']))
      expect(await claimAndWatch(claim)).toMatchObject(paid)
    }
  })
})
