import { CausewayError } from '@causeway/core'
import type { Common } from '@ethereumjs/common'
import { hexToBytes, zeroAddress, type Address, type Hex } from 'viem'
import { nextBaseFee, openBlock, type OpenHeader } from './block.js'
import { bytesToHex, ethAddress } from './bytes.js'
import type { ChainRows } from './chain.js'
import type { Deadline } from './deadline.js'
import { machine } from './machine.js'
import { applyMessage, leastGas, unstartable, type Authorization } from './message.js'
import { applyOverrides, overrideHeader, type BlockOverrides, type StateOverrides } from './overrides.js'
import { flatState, type StateStore } from './state.js'
import type { EvmBlock } from './types.js'

/** A transaction that is only tried. */
export type CallRequest = {
  from?: Address
  to?: Address | null
  /** At most the cap on simulations' gas counts. */
  gas?: bigint
  /** What it pays, wei a gas; without it the call is free and BASEFEE is 0, as in geth. */
  gasPrice?: bigint
  /** Most it would pay, wei a gas: its sender must be able to. Default: `gasPrice`. */
  maxFee?: bigint
  value?: bigint
  data?: Hex
  accessList?: readonly { address: Address; storageKeys: readonly Hex[] }[]
  /** Signed EIP-7702 delegations; those whose chain, nonce or signature is wrong have no effect but cost the same. */
  authorizationList?: readonly Authorization[]
}

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
  /** Gas below which a call cannot even start. */
  leastGas(request: CallRequest): bigint
}

/** Opens the state after `at`; each `run` starts from it anew. @throws `INVALID_CALL` for overrides that contradict each other */
export async function simulator(
  options: { common: Common; states: StateStore; chain: ChainRows; gasCap: bigint; deadline?: Deadline },
  at: EvmBlock,
  overrides: StateOverrides = {},
  blockOverrides: BlockOverrides = {},
): Promise<Simulator> {
  const { common, chain } = options
  const state = flatState(options.states, hexToBytes(at.stateRoot))
  const precompiles = await applyOverrides(state, common, overrides)
  const header = overrideHeader(blockOverrides.next ? headerAfter(at) : at, blockOverrides)

  async function run(request: CallRequest): Promise<CallResult> {
    const { from = zeroAddress, to, gasPrice = 0n, maxFee = gasPrice, value = 0n, data = '0x', accessList = [], authorizationList = [] } = request
    const balance = (await state.getAccount(ethAddress(from)))?.balance ?? 0n
    const gas = request.gas === undefined ? affordable(balance, request, options.gasCap) : least(request.gas, options.gasCap)
    const before = state.snapshot()
    const free = gasPrice === 0n && blockOverrides.baseFeePerGas === undefined
    const block = openBlock({ ...header, ...(free && { baseFeePerGas: 0n }) }, common)
    const runner = machine({ common, state, block, chain, parent: header.parentHash, precompiles, deadline: options.deadline })
    try {
      const done = await applyMessage({ common, state, machine: runner }, { from, gas, gasPrice, maxFee, value, data, accessList, authorizationList, ...(to ? { to } : {}) })
      const { exceptionError, returnValue } = done.execResult
      const skip = new Set([from, to].map((address) => address?.toLowerCase()))
      return {
        data: bytesToHex(returnValue),
        gasUsed: done.gasUsed,
        gasBeforeRefund: done.gasBeforeRefund,
        accessList: [...done.accessed]
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
  return {
    run,
    balance: async (address) => (await state.getAccount(ethAddress(address)))?.balance ?? 0n,
    leastGas: ({ from = zeroAddress, to, data = '0x', accessList = [], authorizationList = [] }) => leastGas(common, { from, data, accessList, authorizationList, ...(to ? { to } : {}) }),
  }
}

/** The block that comes next, as far as its parent says. */
function headerAfter(parent: EvmBlock): OpenHeader {
  const { number, hash, timestampMs, gasLimit, feeRecipient } = parent
  return { number: number + 1n, parentHash: hash, timestampMs: timestampMs + 1000n, gasLimit, feeRecipient, baseFeePerGas: nextBaseFee(parent) }
}

/** The gas that an account can pay for, at most `cap`. */
function affordable(balance: bigint, { gasPrice = 0n, maxFee = gasPrice, value = 0n }: CallRequest, cap: bigint): bigint {
  if (maxFee === 0n || balance < value) return cap
  return least((balance - value) / maxFee, cap)
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

/**
 * The least gas limit with which the call succeeds, by bisection to within 1.5 % (as geth does); refunds and the 63/64 rule
 * are why `gasUsed` is not enough. A call that fails with all the gas there is comes back as its failure.
 * @param most `cap` whatever is asked, and `blockGas` unless more is asked
 * @throws `INVALID_CALL` in geth's words: an account without money is told so, not that its gas is too little
 */
export async function estimate(sim: Simulator, request: CallRequest, { cap, blockGas }: { cap: bigint; blockGas: bigint }): Promise<bigint | CallResult> {
  const wanted = request.gas !== undefined && request.gas >= TRANSACTION_GAS ? request.gas : blockGas
  const balance = await sim.balance(request.from ?? zeroAddress)
  if ((request.maxFee ?? request.gasPrice ?? 0n) > 0n && request.value !== undefined && request.value >= balance) throw unstartable('insufficient funds for transfer')
  let high = affordable(balance, request, least(wanted, cap))
  if (high < sim.leastGas(request)) throw unstartable(`gas required exceeds allowance (${high})`)
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

/** What every transaction costs. */
const TRANSACTION_GAS = 21_000n

async function succeeds(sim: Simulator, request: CallRequest, gas: bigint): Promise<boolean> {
  try {
    return (await sim.run({ ...request, gas })).failure === undefined
  } catch (error) {
    if (error instanceof CausewayError && error.code === 'INVALID_CALL') return false
    throw error
  }
}
