import { CausewayError, isRpcError, rpcError, RPC_CODE, type RpcError } from '@causeway/core'

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
