import { CausewayError } from '@causeway/core'
import { decodeErrorResult, parseAbi, type Hex } from 'viem'

/** What `request` throws: an error as EIP-1193 and JSON-RPC have it. `code` is a number. */
export type RpcError = Error & { code: number; data?: unknown }

/** JSON-RPC and Ethereum error codes. */
export const RPC_CODE = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** Everything the chain refuses: geth's server error. */
  server: -32000,
  limitExceeded: -32005,
  /** geth's, for what is left of a batch whose time is up. */
  timedOut: -32002,
  /** geth's, for what is left of a batch whose answers are too large. */
  responseTooLarge: -32003,
  /** A revert with data. */
  reverted: 3,
} as const

/** Makes an {@link RpcError}. */
export function rpcError(code: number, message: string, data?: unknown): RpcError {
  return Object.assign(new Error(message), { name: 'RpcError', code }, data === undefined ? {} : { data })
}

/** `-32602`, as geth words it. */
export function invalidParams(message: string): RpcError {
  return rpcError(RPC_CODE.invalidParams, message)
}

/** Is this already an error in RPC's form? */
export function isRpcError(error: unknown): error is RpcError {
  return error instanceof Error && error.name === 'RpcError'
}

/** The RPC form of whatever a handler threw; undefined if it is none of the callers' business. */
export function toRpcError(error: unknown): RpcError | undefined {
  if (isRpcError(error)) return error
  if (!(error instanceof CausewayError)) return undefined
  if (IN_GETHS_WORDS.includes(error.code)) return rpcError(RPC_CODE.server, error.shortMessage)
  const code = AT_A_LIMIT.includes(error.code) ? RPC_CODE.limitExceeded : RPC_CODE.server
  return rpcError(code, error.shortMessage, { code: error.code, ...(error.fix === undefined ? {} : { fix: error.fix }) })
}

/** These carry geth's own words, which clients match to say what is wrong. */
const IN_GETHS_WORDS: readonly string[] = ['INVALID_TRANSACTION', 'INVALID_CALL', 'UNKNOWN_BLOCK', 'SIMULATION_TIMEOUT']
const AT_A_LIMIT: readonly string[] = ['RESULT_TOO_LARGE', 'L1_BUSY']

/** The error of a call that reverted: code 3 with the data, as geth; empty data too, or clients cannot tell a revert. */
export function revertError(data: Hex): RpcError {
  const reason = revertReason(data)
  return rpcError(RPC_CODE.reverted, reason === undefined ? 'execution reverted' : `execution reverted: ${reason}`, data)
}

const builtin = parseAbi(['error Error(string)', 'error Panic(uint256)'])

function revertReason(data: Hex): string | undefined {
  try {
    const { errorName, args } = decodeErrorResult({ abi: builtin, data })
    return errorName === 'Error' ? args[0] : (PANIC[Number(args[0])] ?? `unknown panic code: 0x${args[0].toString(16)}`)
  } catch {
    return undefined // a custom error, or no ABI at all: the caller has the data
  }
}

const PANIC: Record<number, string> = {
  0x00: 'generic panic',
  0x01: 'assert(false)',
  0x11: 'arithmetic underflow or overflow',
  0x12: 'division or modulo by zero',
  0x21: 'enum overflow',
  0x22: 'invalid encoded storage byte array accessed',
  0x31: 'out-of-bounds array access; popping on an empty array',
  0x32: 'out-of-bounds access of an array or bytesN',
  0x41: 'out of memory',
  0x51: 'uninitialized function',
}
