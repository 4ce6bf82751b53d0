import { CausewayError } from '@causeway/core'
import type { Common } from '@ethereumjs/common'
import { createFeeMarket1559Tx, getCalldataFloorGas } from '@ethereumjs/tx'
import { Account, hexToBytes as ethBytes } from '@ethereumjs/util'
import { bytesToHex, hexToBytes, numberToHex, pad, zeroAddress, type Address, type Hex } from 'viem'
import { recoverAuthorizationAddress } from 'viem/utils'
import { openBlock } from './block.js'
import { ethAddress } from './bytes.js'
import type { ChainRows } from './chain.js'
import { machine } from './machine.js'
import { flatState, type FlatState, type StateStore } from './state.js'
import type { EvmBlock } from './types.js'

/** A transaction that is only tried. */
export type CallRequest = {
  from?: Address
  to?: Address | null
  gas?: bigint
  /** wei a gas; without it the call is free and BASEFEE is 0, as in geth. */
  gasPrice?: bigint
  value?: bigint
  data?: Hex
  accessList?: readonly { address: Address; storageKeys: readonly Hex[] }[]
  /** Signed EIP-7702 delegations; those whose chain, nonce or signature is wrong have no effect but cost the same. */
  authorizationList?: readonly Authorization[]
}

/** A signed EIP-7702 authorization. */
export type Authorization = { chainId: bigint; address: Address; nonce: bigint; yParity: number; r: bigint; s: bigint }

/** Changes of the state for one call, by address. */
export type StateOverrides = Readonly<
  Record<Address, { balance?: bigint; nonce?: bigint; code?: Hex; /** Replaces all storage. */ state?: Record<Hex, Hex>; /** Changes single slots. */ stateDiff?: Record<Hex, Hex> }>
>

/** What a call did. `failure` is absent when it succeeded; `data` is then what it returned, else the revert data. */
export type CallResult = {
  data: Hex
  gasUsed: bigint
  /** Most gas the call needed at once: `gasUsed` before refunds. */
  gasBeforeRefund: bigint
  failure?: { kind: 'revert' | 'halt'; reason: string }
  /** What it touched, EIP-2930 shape, without sender, target and precompiles. */
  accessList: { address: Address; storageKeys: Hex[] }[]
}

/** Tries calls on the state after a block. */
export type Simulator = {
  /** @throws `INVALID_CALL` if it could not even start, with geth's wording */
  run(request: CallRequest): Promise<CallResult>
  /** An account's balance, overrides included. */
  balance(address: Address): Promise<bigint>
}

/** Opens the state after `at`; each `run` starts from it anew. */
export async function simulator(
  options: { common: Common; states: StateStore; chain: ChainRows; gasCap: bigint },
  at: EvmBlock,
  overrides: StateOverrides = {},
): Promise<Simulator> {
  const { common, chain } = options
  const state = flatState(options.states, hexToBytes(at.stateRoot))
  await applyOverrides(state, overrides)

  async function run(request: CallRequest): Promise<CallResult> {
    const from = ethAddress(request.from ?? zeroAddress)
    const data = hexToBytes(request.data ?? '0x')
    const { gasPrice = 0n, value = 0n } = request
    const to = request.to ? ethAddress(request.to) : undefined
    const account = (await state.getAccount(from)) ?? new Account()
    const gas = request.gas ?? affordable(account.balance, request, options.gasCap)
    const { intrinsic, floor } = intrinsicGas(common, request)
    const required = intrinsic > floor ? intrinsic : floor
    if (gas < required) throw unstartable(`intrinsic gas too low: have ${gas}, want ${required}`)
    const before = state.snapshot()
    const cost = gas * gasPrice + value
    if (account.balance < cost)
      throw unstartable(`insufficient funds for gas * price + value: address ${request.from ?? zeroAddress} have ${account.balance} want ${cost}`)
    account.balance -= gas * gasPrice
    account.nonce += 1n
    await state.putAccount(from, account)
    const authorizationRefund = await delegate(common, state, request.authorizationList ?? [])
    const baseFeePerGas = gasPrice === 0n ? 0n : at.baseFeePerGas
    const block = openBlock({ ...at, baseFeePerGas }, common)
    const runner = machine({ common, state, block, chain, parent: at.parentHash })
    try {
      const accessList = request.accessList ?? []
      const result = await runner.call({ from, value, data, gas: gas - intrinsic, gasPrice, accessList, ...(to ? { to } : {}) })
      const { executionGasUsed, exceptionError, returnValue } = result.execResult
      const gasRefund = (result.execResult.gasRefund ?? 0n) + authorizationRefund
      const spent = executionGasUsed + intrinsic
      const net = spent - (gasRefund < spent / 5n ? gasRefund : spent / 5n)
      const skip = new Set([from, ...(to ? [to] : [])].map((address) => address.toString()))
      return {
        data: bytesToHex(returnValue),
        gasUsed: net > floor ? net : floor,
        gasBeforeRefund: spent > floor ? spent : floor,
        accessList: [...result.accessed]
          .map(([address, slots]) => ({ address: `0x${address}` as Address, storageKeys: [...slots].map((slot): Hex => `0x${slot}`) }))
          .filter(({ address, storageKeys }) => storageKeys.length > 0 || !(skip.has(address) || BigInt(address) < 0x20n)),
        ...(exceptionError
          ? { failure: { kind: exceptionError.error === 'revert' ? 'revert' : 'halt', reason: exceptionError.error } as const }
          : {}),
      }
    } finally {
      state.restore(before)
    }
  }
  return { run, balance: async (address) => (await state.getAccount(ethAddress(address)))?.balance ?? 0n }
}

/** The gas that an account can pay for, at most `cap`. */
function affordable(balance: bigint, { gasPrice = 0n, value = 0n }: CallRequest, cap: bigint): bigint {
  if (gasPrice === 0n || balance < value) return cap
  const gas = (balance - value) / gasPrice
  return gas < cap ? gas : cap
}

/**
 * The least gas limit with which the call succeeds, by bisection to within 1.5 % (as geth does); refunds and the 63/64 rule
 * are why `gasUsed` is not enough. A call that fails with all the gas there is comes back as its failure.
 */
export async function estimate(sim: Simulator, request: CallRequest, cap: bigint): Promise<bigint | CallResult> {
  const wanted = request.gas !== undefined && request.gas < cap ? request.gas : cap
  let high = affordable(await sim.balance(request.from ?? zeroAddress), request, wanted)
  const first = await sim.run({ ...request, gas: high })
  if (first.failure) return first
  // Most calls need just what they use; the rest keep gas back for a call or spend what is refunded later.
  if (await succeeds(sim, request, first.gasUsed)) return first.gasUsed
  let low = first.gasUsed
  const guess = ((first.gasBeforeRefund + 2_300n) * 64n) / 63n
  if (guess < high) {
    if (await succeeds(sim, request, guess)) high = guess
    else low = guess
  }
  while (low + 1n < high && (high - low) * 1000n > high * 15n) {
    // Skewed to the low side: most calls need little more than they use.
    const middle = (high + low) / 2n < low * 2n ? (high + low) / 2n : low * 2n
    if (await succeeds(sim, request, middle)) high = middle
    else low = middle
  }
  return high
}

async function succeeds(sim: Simulator, request: CallRequest, gas: bigint): Promise<boolean> {
  try {
    return (await sim.run({ ...request, gas })).failure === undefined
  } catch (error) {
    if (error instanceof CausewayError && error.code === 'INVALID_CALL') return false
    throw error
  }
}

function intrinsicGas(common: Common, request: CallRequest): { intrinsic: bigint; floor: bigint } {
  const authorizations = BigInt(request.authorizationList?.length ?? 0)
  const tx = createFeeMarket1559Tx(
    {
      gasLimit: 2n ** 63n,
      data: ethBytes(request.data ?? '0x'),
      ...(request.to ? { to: request.to } : {}),
      accessList: (request.accessList ?? []).map(({ address, storageKeys }) => ({ address, storageKeys: [...storageKeys] })),
    },
    { common, allowUnlimitedInitCodeSize: true },
  )
  return { intrinsic: tx.getIntrinsicGas() + authorizations * EMPTY_ACCOUNT_COST, floor: getCalldataFloorGas(tx, ethAddress(request.from ?? zeroAddress)) }
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
    await state.putCode(at, BigInt(address) === 0n ? new Uint8Array() : hexToBytes(`0xef0100${address.slice(2)}`))
  }
  return refund
}

async function applyOverrides(state: FlatState, overrides: StateOverrides): Promise<void> {
  for (const [key, change] of Object.entries(overrides) as [Address, StateOverrides[Address]][]) {
    const address = ethAddress(key)
    const account = (await state.getAccount(address)) ?? new Account()
    if (change.balance !== undefined) account.balance = change.balance
    if (change.nonce !== undefined) account.nonce = change.nonce
    await state.putAccount(address, account)
    if (change.code !== undefined) await state.putCode(address, hexToBytes(change.code))
    if (change.state) await state.clearStorage(address)
    for (const [slot, value] of Object.entries({ ...change.state, ...change.stateDiff }) as [Hex, Hex][])
      await state.putStorage(address, hexToBytes(pad(slot)), hexToBytes(pad(value)))
  }
}

function unstartable(message: string): CausewayError {
  return new CausewayError(message, { code: 'INVALID_CALL' })
}
