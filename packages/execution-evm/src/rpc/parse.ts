import { invalidParams, RPC_CODE, rpcError } from '@causeway/core'
import { getAddress, zeroAddress, type Address, type Hex } from 'viem'
import type { BlockOverrides, CallRequest, StateOverrides } from '../call.js'
import type { LogFilter } from '../logs.js'
import type { SimulatedCall } from '../simulate.js'

/** Positional parameters of one request. */
export type Params = readonly unknown[]

/** A block as requests name it. */
export type BlockTag = 'latest' | 'pending' | 'safe' | 'finalized' | 'earliest'
export type BlockParam = { tag: BlockTag } | { number: bigint } | { hash: Hex; requireCanonical: boolean }

/** 20 bytes of hex. @throws -32602 */
export function addressParam(params: Params, index: number): Address {
  return address(required(params, index), `invalid argument ${index}`)
}

/** 32 bytes of hex. @throws -32602 */
export function hashParam(params: Params, index: number): Hex {
  const value = required(params, index)
  if (typeof value === 'string' && !/^0x/i.test(value))
    throw invalidParams(`invalid argument ${index}: json: cannot unmarshal hex string without 0x prefix into Go value of type common.Hash`)
  return sized(value, 32, `invalid argument ${index}`)
}

/** Bytes. @throws -32602 */
export function bytesParam(params: Params, index: number): Hex {
  return bytes(required(params, index), `invalid argument ${index}`)
}

/** A quantity. @throws -32602 */
export function quantityParam(params: Params, index: number): bigint {
  return quantity(required(params, index), `invalid argument ${index}`)
}

/** A storage slot; short ones are padded. @throws -32602, in geth's words */
export function slot(value: unknown): Hex {
  const hex = typeof value === 'string' ? value.replace(/^0x/i, '') : undefined
  if (hex === undefined || !/^[0-9a-f]*$/i.test(hex)) throw invalidParams(`invalid hex in storage key: ${JSON.stringify(value)}`)
  if (hex.length > 64) throw invalidParams(`storage key too long (want at most 32 bytes): ${JSON.stringify(value)}`)
  return `0x${hex.toLowerCase().padStart(64, '0')}`
}

/** A block by tag, number, or EIP-1898 object; `latest` if left out. @throws -32602 */
export function blockParam(params: Params, index: number): BlockParam {
  return block(params[index] ?? 'latest', index)
}

/** Is it the block that is not made yet? */
export function isPending(param: BlockParam): boolean {
  return 'tag' in param && param.tag === 'pending'
}

const TAGS: readonly string[] = ['latest', 'pending', 'safe', 'finalized', 'earliest']

/** {@link blockParam} of a value. */
export function block(value: unknown, index: number): BlockParam {
  if (typeof value === 'string') {
    if (TAGS.includes(value)) return { tag: value as BlockTag }
    if (/^0x[0-9a-f]{64}$/i.test(value)) return { hash: value.toLowerCase() as Hex, requireCanonical: false }
    return { number: quantity(value, `invalid argument ${index}`) }
  }
  const named = record(value, `invalid argument ${index}`)
  if (named.blockHash !== undefined && named.blockNumber !== undefined)
    throw invalidParams(`invalid argument ${index}: cannot specify both BlockHash and BlockNumber, choose one or the other`)
  if (named.blockHash !== undefined)
    return { hash: sized(named.blockHash, 32, `invalid argument ${index}`), requireCanonical: named.requireCanonical === true }
  return block(named.blockNumber ?? 'latest', index)
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
  const o = record(required(params, index), at)
  const data = o.data === undefined || o.data === null ? undefined : bytes(o.data, at)
  const input = o.input === undefined || o.input === null ? undefined : bytes(o.input, at)
  if (data !== undefined && input !== undefined && data !== input)
    throw invalidParams('both "data" and "input" are set and not equal. Please use "input" to pass transaction call data')
  const number = (key: string) => (o[key] === undefined || o[key] === null ? undefined : quantity(o[key], at))
  const [gasPrice, maxFee, tip, gas, value, nonce, chainId] = ['gasPrice', 'maxFeePerGas', 'maxPriorityFeePerGas', 'gas', 'value', 'nonce', 'chainId'].map(number)
  if (gasPrice !== undefined && (maxFee !== undefined || tip !== undefined))
    throw invalidParams('both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified')
  const call = input ?? data
  const request: CallRequest = {
    ...(o.from === undefined || o.from === null ? {} : { from: address(o.from, at) }),
    ...(o.to === undefined || o.to === null ? {} : { to: address(o.to, at) }),
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
  return list(value, at).map((item) => {
    const entry = record(item, at)
    return { address: address(entry.address, at), storageKeys: list(entry.storageKeys ?? [], at).map((key) => sized(key, 32, at)) }
  })
}

function authorizationList(value: unknown, at: string): NonNullable<CallRequest['authorizationList']> {
  return list(value, at).map((item) => {
    const o = record(item, at)
    return {
      chainId: quantity(o.chainId, at),
      address: address(o.address, at),
      nonce: quantity(o.nonce, at),
      yParity: Number(quantity(o.yParity, at) & 1n),
      r: quantity(o.r, at),
      s: quantity(o.s, at),
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
    Object.entries(record(value, at)).map(([key, change]) => {
      const o = record(change, at)
      const slots = (named: unknown) => Object.fromEntries(Object.entries(record(named, at)).map(([k, v]) => [slot(k), slot(v)]))
      if (given(o.state) && given(o.stateDiff)) throw invalidParams(`account ${getAddress(address(key, at))} has both 'state' and 'stateDiff'`)
      return [
        address(key, at),
        {
          ...(given(o.balance) && { balance: quantity(o.balance, at) }),
          ...(given(o.nonce) && { nonce: quantity(o.nonce, at) }),
          ...(given(o.code) && { code: bytes(o.code, at) }),
          ...(given(o.state) && { state: slots(o.state) }),
          ...(given(o.stateDiff) && { stateDiff: slots(o.stateDiff) }),
          ...(given(o.movePrecompileToAddress) && { movePrecompileTo: address(o.movePrecompileToAddress, at) }),
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
  const o = record(value, at)
  for (const key of ['blobBaseFee', 'beaconRoot', 'withdrawals'])
    if (given(o[key]) && !(Array.isArray(o[key]) && o[key].length === 0)) throw invalidParams(`${at}: block override ${key} is not supported`)
  return {
    ...(given(o.number) && { number: quantity(o.number, at) }),
    ...(given(o.time) && { timestamp: quantity(o.time, at) }),
    ...(given(o.gasLimit) && { gasLimit: quantity(o.gasLimit, at) }),
    ...(given(o.feeRecipient) && { feeRecipient: address(o.feeRecipient, at) }),
    ...(given(o.prevRandao) && { prevRandao: sized(o.prevRandao, 32, at) }),
    ...(given(o.baseFeePerGas) && { baseFeePerGas: quantity(o.baseFeePerGas, at) }),
  }
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** What `eth_getLogs` and log filters ask for. */
export type LogQuery = LogFilter & ({ blockHash: Hex } | { fromBlock: BlockParam; toBlock: BlockParam })

/** Parses a log filter of at most so many addresses, and topics at a position. @throws -32602 */
export function logQuery(value: unknown, { logTopics: most }: { logTopics: number }): LogQuery {
  const at = 'invalid argument 0'
  const o = record(value ?? {}, at)
  const hasRange = (o.fromBlock ?? o.toBlock ?? undefined) !== undefined
  if (o.blockHash !== undefined && o.blockHash !== null && hasRange)
    throw invalidParams(`${at}: cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other`)
  const topics = o.topics === undefined || o.topics === null ? [] : list(o.topics, at)
  if (topics.length > 4 || topics.some((any) => Array.isArray(any) && any.length > most)) throw invalidParams('exceed max topics')
  if (Array.isArray(o.address) && o.address.length > most) throw invalidParams('exceed max addresses')
  const filter: LogFilter = {
    ...(o.address === undefined || o.address === null ? {} : { address: [o.address].flat().map((a) => address(a, at)) }),
    // A null among alternatives matches everything, as it does in place of them.
    topics: topics.map((topic) => (topic === null || (Array.isArray(topic) && topic.includes(null)) ? null : Array.isArray(topic) ? topic.map((t) => sized(t, 32, at)) : sized(topic, 32, at))),
  }
  if (o.blockHash !== undefined && o.blockHash !== null) return { ...filter, blockHash: sized(o.blockHash, 32, at) }
  return { ...filter, fromBlock: block(o.fromBlock ?? 'latest', 0), toBlock: block(o.toBlock ?? 'latest', 0) }
}

/** Any JSON array. @throws -32602 */
export function list(value: unknown, at: string): unknown[] {
  if (!Array.isArray(value)) throw invalidParams(`${at}: json: expected an array`)
  return value
}

/** The parameter at a position. @throws -32602 */
export function required(params: Params, index: number): unknown {
  const value = params[index]
  if (value === undefined || value === null) throw invalidParams(`missing value for required argument ${index}`)
  return value
}

/** A quantity: hex with 0x, or a JSON number. @throws -32602 */
export function quantity(value: unknown, at: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  if (typeof value !== 'string') throw invalidParams(`${at}: json: cannot unmarshal non-string into a hex number`)
  if (!/^0x/i.test(value)) throw invalidParams(`${at}: hex string without 0x prefix`)
  if (value.length === 2) throw invalidParams(`${at}: hex string "0x"`)
  if (!/^0x[0-9a-f]{1,64}$/i.test(value)) throw invalidParams(`${at}: invalid hex number`)
  return BigInt(value)
}

function bytes(value: unknown, at: string): Hex {
  if (typeof value !== 'string' || !/^0x/i.test(value)) throw invalidParams(`${at}: hex string without 0x prefix`)
  if (value.length % 2 !== 0) throw invalidParams(`${at}: hex string of odd length`)
  if (!/^0x[0-9a-f]*$/i.test(value)) throw invalidParams(`${at}: invalid hex string`)
  return value.toLowerCase() as Hex
}

function sized(value: unknown, size: number, at: string): Hex {
  const hex = bytes(value, at)
  if (hex.length !== 2 + size * 2) throw invalidParams(`${at}: hex string has length ${hex.length - 2}, want ${size * 2}`)
  return hex
}

function address(value: unknown, at: string): Address {
  return sized(value, 20, at)
}

/** Any JSON object. @throws -32602 */
export function record(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidParams(`${at}: json: expected an object`)
  return value as Record<string, unknown>
}
