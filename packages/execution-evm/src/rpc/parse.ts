import { invalidParams, jsonList, jsonObject, parseAddress, parseBytes, parseQuantity, parseSized, requiredParam, RPC_CODE, rpcError, type Params } from '@causeway/core'
import { getAddress, zeroAddress, type Hex } from 'viem'
import type { CallRequest } from '../call.js'
import type { BlockOverrides, StateOverrides } from '../overrides.js'
import type { SimulatedCall } from '../simulate.js'

/** A storage slot; short ones are padded. @throws -32602, in geth's words */
export function slot(value: unknown): Hex {
  const hex = typeof value === 'string' ? value.replace(/^0x/i, '') : undefined
  if (hex === undefined || !/^[0-9a-f]*$/i.test(hex)) throw invalidParams(`invalid hex in storage key: ${JSON.stringify(value)}`)
  if (hex.length > 64) throw invalidParams(`storage key too long (want at most 32 bytes): ${JSON.stringify(value)}`)
  return `0x${hex.toLowerCase().padStart(64, '0')}`
}

/** A transaction to try. */
export type ParsedCall = {
  /** As it was given. */
  simulated: SimulatedCall
  /** With what it pays at a base fee. @throws -32000 if it offers less */
  priced(baseFee: bigint): CallRequest
}

/**
 * Parses the object of `eth_call`, `eth_estimateGas`, `eth_createAccessList` and a simulated call.
 * @param own the chain's id @throws -32602, and -32000 for another chain's call
 */
export function callParam(params: Params, index: number, own: bigint): ParsedCall {
  const at = `invalid argument ${index}`
  const o = jsonObject(requiredParam(params, index), at)
  const data = o.data === undefined || o.data === null ? undefined : parseBytes(o.data, at)
  const input = o.input === undefined || o.input === null ? undefined : parseBytes(o.input, at)
  if (data !== undefined && input !== undefined && data !== input)
    throw invalidParams('both "data" and "input" are set and not equal. Please use "input" to pass transaction call data')
  const number = (key: string) => (o[key] === undefined || o[key] === null ? undefined : parseQuantity(o[key], at))
  const [gasPrice, maxFee, tip, gas, value, nonce, chainId] = ['gasPrice', 'maxFeePerGas', 'maxPriorityFeePerGas', 'gas', 'value', 'nonce', 'chainId'].map(number)
  if (gasPrice !== undefined && (maxFee !== undefined || tip !== undefined))
    throw invalidParams('both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified')
  const call = input ?? data
  const request: CallRequest = {
    ...(o.from === undefined || o.from === null ? {} : { from: parseAddress(o.from, at) }),
    ...(o.to === undefined || o.to === null ? {} : { to: parseAddress(o.to, at) }),
    ...(call === undefined ? {} : { data: call }),
    ...(gas === undefined ? {} : { gas }),
    ...(value === undefined ? {} : { value }),
    ...(o.accessList === undefined || o.accessList === null ? {} : { accessList: accessList(o.accessList, at) }),
    ...(o.authorizationList === undefined || o.authorizationList === null ? {} : { authorizationList: authorizationList(o.authorizationList, at) }),
  }
  if (chainId !== undefined && chainId !== own) throw rpcError(RPC_CODE.server, `chainId does not match node's (have=${chainId}, want=${own})`)
  return {
    simulated: {
      ...request,
      ...(nonce === undefined ? {} : { nonce }),
      ...(gasPrice === undefined ? {} : { gasPrice, isLegacy: true }),
      ...(maxFee === undefined ? {} : { maxFee }),
      ...(tip === undefined ? {} : { maxPriorityFee: tip }),
    },
    priced(baseFee) {
      const most = gasPrice ?? maxFee ?? (tip === undefined ? 0n : baseFee + tip)
      if (most === 0n) return request
      const from = getAddress(request.from ?? zeroAddress)
      if (tip !== undefined && tip > most)
        throw rpcError(RPC_CODE.server, `max priority fee per gas higher than max fee per gas: address ${from}, maxPriorityFeePerGas: ${tip}, maxFeePerGas: ${most}`)
      if (most < baseFee) throw rpcError(RPC_CODE.server, `max fee per gas less than block base fee: address ${from}, maxFeePerGas: ${most}, baseFee: ${baseFee}`)
      const effective = baseFee + (tip ?? 0n)
      return { ...request, maxFee: most, gasPrice: gasPrice ?? (effective < most ? effective : most) }
    },
  }
}

function accessList(value: unknown, at: string): NonNullable<CallRequest['accessList']> {
  return jsonList(value, at).map((item) => {
    const entry = jsonObject(item, at)
    return { address: parseAddress(entry.address, at), storageKeys: jsonList(entry.storageKeys ?? [], at).map((key) => parseSized(key, 32, at)) }
  })
}

function authorizationList(value: unknown, at: string): NonNullable<CallRequest['authorizationList']> {
  return jsonList(value, at).map((item) => {
    const o = jsonObject(item, at)
    return {
      chainId: parseQuantity(o.chainId, at),
      address: parseAddress(o.address, at),
      nonce: parseQuantity(o.nonce, at),
      yParity: Number(parseQuantity(o.yParity, at) & 1n),
      r: parseQuantity(o.r, at),
      s: parseQuantity(o.s, at),
    }
  })
}

/** State overrides, if there are any. @throws -32602 */
export function overridesParam(params: Params, index: number): StateOverrides | undefined {
  const value = params[index]
  return value === undefined || value === null ? undefined : stateOverrides(value, `invalid argument ${index}`)
}

/** State overrides: of the accounts by address. @throws -32602 */
export function stateOverrides(value: unknown, at: string): StateOverrides {
  return Object.fromEntries(
    Object.entries(jsonObject(value, at)).map(([key, change]) => {
      const o = jsonObject(change, at)
      const slots = (named: unknown) => Object.fromEntries(Object.entries(jsonObject(named, at)).map(([k, v]) => [slot(k), slot(v)]))
      if (given(o.state) && given(o.stateDiff)) throw invalidParams(`account ${getAddress(parseAddress(key, at))} has both 'state' and 'stateDiff'`)
      return [
        parseAddress(key, at),
        {
          ...(given(o.balance) && { balance: parseQuantity(o.balance, at) }),
          ...(given(o.nonce) && { nonce: parseQuantity(o.nonce, at) }),
          ...(given(o.code) && { code: parseBytes(o.code, at) }),
          ...(given(o.state) && { state: slots(o.state) }),
          ...(given(o.stateDiff) && { stateDiff: slots(o.stateDiff) }),
          ...(given(o.movePrecompileToAddress) && { movePrecompileTo: parseAddress(o.movePrecompileToAddress, at) }),
        },
      ]
    }),
  )
}

/** Block overrides, if there are any. @throws -32602 */
export function blockOverridesParam(params: Params, index: number): BlockOverrides | undefined {
  const value = params[index]
  return value === undefined || value === null ? undefined : blockOverrides(value, `invalid argument ${index}`)
}

/** Block overrides. @throws -32602, also for what a chain without blobs, beacon chain and withdrawals cannot have */
export function blockOverrides(value: unknown, at: string): BlockOverrides {
  const o = jsonObject(value, at)
  for (const key of ['blobBaseFee', 'beaconRoot', 'withdrawals'])
    if (given(o[key]) && !(Array.isArray(o[key]) && o[key].length === 0)) throw invalidParams(`${at}: block override ${key} is not supported`)
  return {
    ...(given(o.number) && { number: parseQuantity(o.number, at) }),
    ...(given(o.time) && { timestamp: parseQuantity(o.time, at) }),
    ...(given(o.gasLimit) && { gasLimit: parseQuantity(o.gasLimit, at) }),
    ...(given(o.feeRecipient) && { feeRecipient: parseAddress(o.feeRecipient, at) }),
    ...(given(o.prevRandao) && { prevRandao: parseSized(o.prevRandao, 32, at) }),
    ...(given(o.baseFeePerGas) && { baseFeePerGas: parseQuantity(o.baseFeePerGas, at) }),
  }
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null
}

