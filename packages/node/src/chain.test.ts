import { NEVER, type L1InboxEntry, type Message } from '@causeway/core'
import { causewayMessengerAbi } from '@causeway/contracts'
import { concatHex, encodeFunctionData, numberToHex, parseEther, size, zeroAddress, type Address, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { expect, it } from 'vitest'
import { CHAIN, L1, testChain } from './chain.test-helper.js'

const MESSENGER: Address = '0xca5E000000000000000000000000000000000001'
const REFUND: Address = '0x4ef0000000000000000000000000000000004ef0'
const SENDER: Address = '0x5e4d000000000000000000000000000000005e4d'
const alice = privateKeyToAccount(`0x${'a1'.repeat(32)}`)

/** `send` of the messenger: a message to L1. */
const withdrawal = encodeFunctionData({
  abi: causewayMessengerAbi,
  functionName: 'send',
  args: [{ destination: L1, recipient: alice.address, refundTo: alice.address, gasLimit: 0n, expiry: NEVER, payload: '0x' }],
})

/** Code that, whenever it is called, sends `times` withdrawals with `value` wei each. */
function sending(value: bigint, times: number): Hex {
  const length = numberToHex(size(withdrawal), { size: 2 })
  // CALL(gas, messenger, value, 0, length, 0, 0); POP
  const call = concatHex(['0x5f5f61', length, '0x5f7f', numberToHex(value, { size: 32 }), '0x73', MESSENGER, '0x5af150'])
  const body = concatHex(Array.from({ length: times }, () => call))
  // CODECOPY(0, offset, length), the calls, STOP, and behind it what is copied.
  return concatHex(['0x61', length, '0x61', numberToHex(9 + size(body), { size: 2 }), '0x5f39', body, '0x00', withdrawal])
}

const start = (code: Hex, balance = 0n) => testChain({ [SENDER]: { code, balance }, [alice.address]: { balance: parseEther('1') } })

function deposit(index: bigint, fields: Partial<Message> = {}): L1InboxEntry {
  const message: Message = {
    ...{ source: L1, nonce: index, timestamp: 0n, destination: CHAIN, sender: alice.address, recipient: SENDER, refundTo: REFUND },
    ...{ token: { chain: L1, address: zeroAddress }, amount: 1n, fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x' as const },
    ...fields,
  }
  return { kind: 'deposit', index, message }
}

/** A forced transaction of alice's that sends a withdrawal. */
async function forced(index: bigint, nonce: number): Promise<L1InboxEntry> {
  const transaction = await alice.signTransaction({ chainId: Number(CHAIN), type: 'eip1559', nonce, to: MESSENGER, data: withdrawal, gas: 300_000n, maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 0n })
  return { kind: 'forced', index, transaction }
}

it('a deposit whose receiver sends ETH that the chain does not hold is delivered all the same', async () => {
  // A cluster has no such chain any more: a second line of defence. The receiver sends it with the gas of a plain transfer.
  const { chain, engine, extend } = await start(sending(parseEther('0.5'), 1), parseEther('1'))
  await extend([await forced(0n, 0)])
  const { record } = await extend([deposit(1n)])
  expect(record.entries.map(({ kind }) => kind)).toEqual(['l1'])
  expect(record.delivered).toEqual([false])
  expect(chain.head.accounting).toMatchObject({ l1InboxCursor: 2n, outboxSize: 1n })
  expect(await engine.getBalance(REFUND, record.hash)).toBe(1n)
})

it('no entry makes another fail by taking its room in a block', async () => {
  const { chain, extend } = await start(sending(0n, 2))
  await extend([await forced(0n, 0)])
  // Two deposits fill the four places for withdrawals; the forced transaction that withdraws must not be void for it.
  const entries = [deposit(1n), deposit(2n), await forced(3n, 1)]
  await expect(extend(entries)).rejects.toMatchObject({ code: 'BLOCK_TOO_LARGE' })
  await expect(extend([deposit(1n), deposit(2n), deposit(3n)])).rejects.toMatchObject({ code: 'BLOCK_TOO_LARGE' })
  expect((await extend(entries.slice(0, 2))).record.delivered).toEqual([true, true])
  expect((await extend(entries.slice(2))).record.delivered).toEqual([true])
  expect(chain.head.accounting).toMatchObject({ l1InboxCursor: 4n, outboxSize: 6n })
})
