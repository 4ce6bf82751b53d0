import { causewayHubAbi } from '@causeway/contracts'
import { moderatedTokenAbi, moderatedTokenBytecode, testTokenAbi, testTokenBytecode, stubbornTokenAbi, stubbornTokenBytecode } from '@causeway/contracts/samples'
import { NEVER, toBytes32, withdrawalDigest, ZERO_HASH, type Message } from '@causeway/core'
import { erc20Abi, getAddress, parseEther, zeroAddress, type Address, type Hex } from 'viem'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { claimWithdrawal, findWithdrawal, redirectRefund } from './claim.js'
import { depositERC20, depositETH } from './deposit.js'
import type { EpochData } from './events.js'
import { startL1, quickClock as clock, type SteppedL1 } from './l1-fixture.js'
import { createL1Reader } from './read.js'
import { createL1Sender, type L1Sender } from './send.js'
import { settle, type SettlementAttempt } from './settlement.js'

const CHAIN = 1001n
const RECIPIENT = '0x1234567890123456789012345678901234567890'
let l1: SteppedL1
let sender: L1Sender
beforeAll(async () => {
  l1 = await startL1()
  await l1.register(CHAIN)
  // These helpers wait for receipts by themselves.
  await l1.test.setAutomine(true)
  sender = createL1Sender({ client: l1.client, account: l1.account(4), clock })
})
afterAll(async () => {
  await sender.close()
  await l1.stop()
})

async function epochData(epoch: bigint, withdrawals: readonly Hex[] = []): Promise<EpochData> {
  const time = (await l1.client.getBlock()).timestamp * 1000n
  const roots = { stateRoot: toBytes32(1n), inboxRoot: ZERO_HASH, balanceRoot: ZERO_HASH, importRoot: ZERO_HASH }
  const certificate = { slot: 0, height: epoch, timestamp: time, l1InboxCursor: 0n, daIndex: 0n, notAfter: NEVER, ...roots, leaves: [], withdrawals }
  return { epoch, time, newRoot: toBytes32(1000n + epoch), queueCursor: 1n, beneficiary: zeroAddress, certificates: [certificate] }
}
const user = (index: number) => ({ client: l1.client, wallet: l1.wallet(index), bridge: l1.cluster.bridge })
const withdrawal = (nonce: bigint, amount: bigint, token: Address): Message => ({
  ...{ source: CHAIN, nonce, timestamp: 5n, destination: 31337n, sender: RECIPIENT, recipient: RECIPIENT, refundTo: RECIPIENT },
  ...{ token: { chain: 31337n, address: token }, amount, fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x' },
})

it('settles an epoch once, and adopts what is there', async () => {
  const attempts: SettlementAttempt[] = []
  const data = await epochData(1n)
  const options = { client: l1.client, hub: l1.cluster.hub, sender, data, proof: '0x02', onAttempt: (attempt: SettlementAttempt) => attempts.push(attempt) } as const
  const first = await settle(options)
  expect(first).toMatchObject({ status: 'settled', gasUsed: expect.any(BigInt) })
  expect(await settle(options)).toEqual({ status: 'adopted', transaction: (first as { transaction: Hex }).transaction })
  expect(attempts.map(({ kind }) => kind)).toEqual(['Sent', 'Settled', 'Adopted'])
  expect(await l1.client.readContract({ address: l1.cluster.hub, abi: causewayHubAbi, functionName: 'root' })).toBe(data.newRoot)
})

it('adopts an epoch that lands while it is sending, and is not silent about a different one', async () => {
  const data = await epochData(2n)
  const options = { client: l1.client, hub: l1.cluster.hub, data, proof: '0x02' } as const
  // Somebody else's transaction comes first, after our check and before our simulation.
  const racing: L1Sender = {
    ...sender,
    send: async (request) => {
      await l1.wallet(5).sendTransaction({ chain: null, to: l1.cluster.hub, data: request.data as Hex })
      return sender.send(request)
    },
  }
  expect(await settle({ ...options, sender: racing })).toMatchObject({ status: 'adopted', transaction: expect.stringMatching(/^0x/) })
  const other = { ...data, newRoot: toBytes32(9n) }
  await expect(settle({ ...options, data: other, sender })).rejects.toMatchObject({ code: 'EPOCH_SUPERSEDED' })
})

it('reports what the hub refuses', async () => {
  const attempts: SettlementAttempt[] = []
  const data = await epochData(3n)
  const options = { client: l1.client, hub: l1.cluster.hub, sender, onAttempt: (attempt: SettlementAttempt) => attempts.push(attempt) } as const
  await expect(settle({ ...options, data, proof: '0x00' })).rejects.toThrow(/settle epoch 3 reverts: ProofInvalid\(\)/)
  await expect(settle({ ...options, data: { ...data, epoch: 4n }, proof: '0x02' })).rejects.toThrow(/EpochNumberWrong\(4, 3\)/)
  expect(attempts.at(-1)).toMatchObject({ kind: 'Refused', reason: 'EpochNumberWrong' })
})

it('deposits ETH and tokens, and claims what an epoch has settled', async () => {
  const deposit = await depositETH({ ...user(6), chainId: CHAIN, recipient: RECIPIENT, amount: parseEther('2') })
  expect(deposit).toMatchObject({ index: 0n, message: { amount: parseEther('2'), recipient: RECIPIENT, refundTo: RECIPIENT, sender: l1.account(6).address } })
  await expect(depositETH({ ...user(6), chainId: 5n, recipient: RECIPIENT, amount: 1n })).rejects.toThrow(/ChainUnknown\(5\)/)

  const deployed = await l1.client.waitForTransactionReceipt({
    hash: await l1.wallet(6).deployContract({ chain: null, abi: testTokenAbi, bytecode: testTokenBytecode, args: ['Test', 'TEST', 18] }),
  })
  const token = getAddress(deployed.contractAddress as Address)
  await l1.wallet(6).writeContract({ chain: null, address: token, abi: testTokenAbi, functionName: 'mint', args: [l1.account(6).address, 100n] })
  expect(await depositERC20({ ...user(6), chainId: CHAIN, recipient: RECIPIENT, amount: 60n, token })).toMatchObject({ index: 1n, message: { token: { address: token }, amount: 60n } })
  await expect(depositERC20({ ...user(6), chainId: CHAIN, recipient: RECIPIENT, amount: 60n, token })).rejects.toThrow(/ERC20InsufficientBalance\(.*, 40, 60\)/)

  const messages = [withdrawal(0n, parseEther('1'), zeroAddress), withdrawal(1n, 50n, token), withdrawal(2n, parseEther('1'), zeroAddress)]
  const data = await epochData(3n, messages.map(withdrawalDigest))
  await settle({ client: l1.client, hub: l1.cluster.hub, sender, data, proof: '0x02' })
  const reader = createL1Reader({ client: l1.client, addresses: l1.cluster, clock })
  await reader.poll()
  expect(reader.epochs().map(({ epoch }) => epoch)).toEqual([1n, 2n, 3n])
  expect(findWithdrawal(reader.epochs(), withdrawal(7n, 1n, zeroAddress))).toBeUndefined()
  for (const message of messages) {
    const proof = findWithdrawal(reader.epochs(), message)
    if (!proof) throw new Error('not found')
    expect(await claimWithdrawal({ ...user(7), ...proof, message })).toMatchObject({ status: 'claimed', success: true })
    expect(await claimWithdrawal({ ...user(7), ...proof, message })).toEqual({ status: 'already-claimed' })
  }
  expect(await l1.client.getBalance({ address: RECIPIENT })).toBe(parseEther('2'))
  expect(await l1.client.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [RECIPIENT] })).toBe(50n)
  await expect(claimWithdrawal({ ...user(7), epoch: 3n, path: [], message: withdrawal(9n, 1n, zeroAddress) })).rejects.toThrow(/NotSettled/)
})

it('deposits a token that changes an allowance to nothing but zero, and approves twice only where it must', async () => {
  const issuer = l1.wallet(6)
  const tokens = [
    { abi: stubbornTokenAbi, bytecode: stubbornTokenBytecode, args: [] as const, transactions: 3 },
    { abi: testTokenAbi, bytecode: testTokenBytecode, args: ['Test', 'TEST', 18] as const, transactions: 2 },
  ]
  for (const { transactions, ...contract } of tokens) {
    const { contractAddress } = await l1.client.waitForTransactionReceipt({ hash: await issuer.deployContract({ chain: null, ...contract } as never) })
    const token = getAddress(contractAddress as Address)
    const tell = async (functionName: 'mint' | 'approve', args: readonly [Address, bigint]) =>
      l1.client.waitForTransactionReceipt({ hash: await issuer.writeContract({ chain: null, address: token, abi: stubbornTokenAbi, functionName, args }) })
    await tell('mint', [issuer.account.address, 300n])
    await tell('approve', [l1.cluster.bridge, 5n])
    const sent = () => l1.client.getTransactionCount({ address: issuer.account.address })
    const before = await sent()
    const deposit = (amount: bigint) => depositERC20({ ...user(6), chainId: CHAIN, recipient: RECIPIENT, amount, token })
    expect(await deposit(100n)).toMatchObject({ message: { amount: 100n, token: { address: token } } })
    expect((await sent()) - before).toBe(transactions)
    // The allowance is used up: one approval is enough for either.
    expect(await deposit(100n)).toMatchObject({ message: { amount: 100n } })
    expect((await sent()) - before).toBe(transactions + 2)
    expect(await l1.client.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [l1.cluster.bridge] })).toBe(200n)
  }
})

it('claims what a token refuses to pay its recipient for refundTo, with the gas that takes, or for whom refundTo names', async () => {
  const issuer = l1.wallet(6)
  const deployed = await l1.client.waitForTransactionReceipt({ hash: await issuer.deployContract({ chain: null, abi: moderatedTokenAbi, bytecode: moderatedTokenBytecode }) })
  const token = getAddress(deployed.contractAddress as Address)
  const tell = (functionName: 'mint' | 'freeze', ...args: [Address, bigint | boolean]) => issuer.writeContract({ chain: null, address: token, abi: moderatedTokenAbi, functionName, args } as never)
  await tell('mint', issuer.account.address, 100n)
  await depositERC20({ ...user(6), chainId: CHAIN, recipient: RECIPIENT, amount: 100n, token })
  const refundTo = l1.account(8).address
  const messages = [20n, 21n].map((nonce): Message => ({ ...withdrawal(nonce, 30n, token), refundTo }))
  const data = await epochData(4n, messages.map(withdrawalDigest))
  await settle({ client: l1.client, hub: l1.cluster.hub, sender, data, proof: '0x02' })
  const [first, second] = messages.map((message) => ({ ...findWithdrawal([{ data }], message), message })) as [Parameters<typeof claimWithdrawal>[0], Parameters<typeof claimWithdrawal>[0]]
  const held = (owner: Address) => l1.client.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [owner] })

  await tell('freeze', RECIPIENT, true)
  expect(await claimWithdrawal({ ...first, ...user(7) })).toMatchObject({ status: 'claimed', success: false })
  expect(await held(refundTo)).toBe(30n)

  await tell('freeze', refundTo, true)
  await expect(claimWithdrawal({ ...second, ...user(7) })).rejects.toThrow(/Undeliverable.*\n.*stays claimable/s)
  const { message } = second
  await expect(redirectRefund({ ...user(7), message, to: l1.account(7).address })).rejects.toThrow(/NotRefundTo/)
  await redirectRefund({ ...user(8), message, to: l1.account(9).address })
  expect(await claimWithdrawal({ ...second, ...user(7) })).toMatchObject({ status: 'claimed', success: false })
  expect(await held(l1.account(9).address)).toBe(30n)
})
