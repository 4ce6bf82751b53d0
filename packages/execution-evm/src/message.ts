import { CausewayError } from '@causeway/core'
import type { Common } from '@ethereumjs/common'
import { createFeeMarket1559Tx, getCalldataFloorGas } from '@ethereumjs/tx'
import { Account, hexToBytes as ethBytes } from '@ethereumjs/util'
import { bytesToHex, getAddress, hexToBytes, numberToHex, zeroAddress, type Address, type Hex } from 'viem'
import { recoverAuthorizationAddress } from 'viem/utils'
import { ethAddress } from './bytes.js'
import { MAX_TRANSACTION_GAS } from './common.js'
import type { Machine } from './machine.js'
import type { FlatState } from './state.js'

/** A signed EIP-7702 authorization. */
export type Authorization = { chainId: bigint; address: Address; nonce: bigint; yParity: number; r: bigint; s: bigint }

/** An unsigned transaction with all that decides what it does. */
export type Message = {
  from: Address
  /** Creates a contract if it is missing. */
  to?: Address
  gas: bigint
  /** What it pays, wei a gas. */
  gasPrice: bigint
  /** Most it would pay, wei a gas: its sender must be able to. */
  maxFee: bigint
  value: bigint
  data: Hex
  accessList: readonly { address: Address; storageKeys: readonly Hex[] }[]
  authorizationList: readonly Authorization[]
}

/** What a message did. */
export type Applied = Awaited<ReturnType<Machine['call']>> & {
  gasUsed: bigint
  /** Most gas it needed at once: `gasUsed` before refunds. */
  gasBeforeRefund: bigint
}

/**
 * Applies an unsigned transaction to a state: nonce, gas, delegations, execution, refund. Nonce and sender are not checked, and
 * nobody is paid for the gas. @throws `INVALID_CALL` in geth's words, the state untouched, if it could not even start
 */
export async function applyMessage(on: { common: Common; state: FlatState; machine: Machine }, message: Message): Promise<Applied> {
  const { common, state, machine } = on
  const { gas, gasPrice, maxFee, value } = message
  const from = ethAddress(message.from)
  const account = (await state.getAccount(from)) ?? new Account()
  const cost = gas * maxFee + value
  if (account.balance < cost)
    throw unstartable(`insufficient funds for gas * price + value: address ${getAddress(message.from)} have ${account.balance} want ${cost}`)
  const { intrinsic, floor } = intrinsicGas(common, message)
  if (gas < intrinsic) throw unstartable(`intrinsic gas too low: have ${gas}, want ${intrinsic}`)
  if (gas < floor) throw unstartable(`insufficient gas for floor data gas cost: have ${gas}, want ${floor}`)
  account.balance -= gas * gasPrice
  account.nonce = BigInt.asUintN(64, account.nonce + 1n)
  await state.putAccount(from, account)
  const authorizationRefund = await delegate(common, state, message.authorizationList)
  const result = await machine.call({
    from, value, data: hexToBytes(message.data), gas: gas - intrinsic, gasPrice, accessList: message.accessList, ...(message.to ? { to: ethAddress(message.to) } : {}),
  })
  const { executionGasUsed, gasRefund = 0n } = result.execResult
  const spent = executionGasUsed + intrinsic
  const refund = gasRefund + authorizationRefund
  const net = spent - (refund < spent / 5n ? refund : spent / 5n)
  const gasUsed = net > floor ? net : floor
  const sender = (await state.getAccount(from)) ?? new Account()
  sender.balance += (gas - gasUsed) * gasPrice
  if (gasPrice > 0n) await state.putAccount(from, sender)
  return { ...result, gasUsed, gasBeforeRefund: spent > floor ? spent : floor }
}

function intrinsicGas(common: Common, message: Pick<Message, 'from' | 'to' | 'data' | 'accessList' | 'authorizationList'>): { intrinsic: bigint; floor: bigint } {
  const tx = createFeeMarket1559Tx(
    {
      gasLimit: MAX_TRANSACTION_GAS,
      data: ethBytes(message.data),
      ...(message.to ? { to: message.to } : {}),
      accessList: message.accessList.map(({ address, storageKeys }) => ({ address, storageKeys: [...storageKeys] })),
    },
    { common, allowUnlimitedInitCodeSize: true },
  )
  return { intrinsic: tx.getIntrinsicGas() + BigInt(message.authorizationList.length) * EMPTY_ACCOUNT_COST, floor: getCalldataFloorGas(tx, ethAddress(message.from)) }
}

/** Gas below which a message cannot even start. */
export function leastGas(common: Common, message: Parameters<typeof intrinsicGas>[1]): bigint {
  const { intrinsic, floor } = intrinsicGas(common, message)
  return intrinsic > floor ? intrinsic : floor
}

/** EIP-7702: what an authorization costs, and what of it comes back if its account exists. */
const EMPTY_ACCOUNT_COST = 25_000n
const EXISTING_ACCOUNT_REFUND = 12_500n

/** Applies authorizations as EIP-7702 does; answers the gas that comes back. */
async function delegate(common: Common, state: FlatState, authorizations: readonly Authorization[]): Promise<bigint> {
  let refund = 0n
  for (const { chainId, address, nonce, yParity, r, s } of authorizations) {
    if (chainId !== 0n && chainId !== common.chainId()) continue
    const authority = await recoverAuthorizationAddress({
      authorization: { chainId: Number(chainId), address, nonce: Number(nonce), yParity, r: numberToHex(r, { size: 32 }), s: numberToHex(s, { size: 32 }) },
    }).catch(() => undefined)
    if (!authority) continue
    const at = ethAddress(authority)
    const existing = await state.getAccount(at)
    const account = existing ?? new Account()
    const code = bytesToHex(await state.getCode(at))
    if ((code !== '0x' && !code.startsWith('0xef0100')) || account.nonce !== nonce) continue
    if (existing) refund += EXISTING_ACCOUNT_REFUND
    account.nonce += 1n
    await state.putAccount(at, account)
    await state.putCode(at, address === zeroAddress ? new Uint8Array() : hexToBytes(`0xef0100${address.slice(2)}`))
  }
  return refund
}

/** The error of a call that could not even start. */
export function unstartable(message: string): CausewayError {
  return new CausewayError(message, { code: 'INVALID_CALL' })
}
