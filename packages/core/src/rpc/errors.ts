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
