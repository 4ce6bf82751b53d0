import { plainSize, rpcError, RPC_CODE } from '@causeway/core'

/** What one request or batch can make RPC do, whatever its method. docs/rpc.md has these in a table with all other limits. */
export type RpcLimits = {
  /** Requests of a batch (geth's `--rpc.batch-request-limit`). Default 1000. */
  batch: number
  /** ms after which no further request of a batch is begun. Default 10,000. */
  batchMs: number
  /** Characters of a batch's answers (geth's `--rpc.batch-response-max-size`). Default 26,214,400. */
  batchBytes: number
  /** Characters of the parameters of one request: calldata, code, slots, access lists, certificates. Default 2,097,152. */
  requestBytes: number
}

/** The limits with their defaults. */
export function rpcLimits(given: Partial<RpcLimits> = {}): RpcLimits {
  return { batch: 1_000, batchMs: 10_000, batchBytes: 26_214_400, requestBytes: 2_097_152, ...given }
}

/** Refuses parameters before anybody looks at them. @throws -32005 */
export function checkRequest(params: unknown, { requestBytes }: RpcLimits): void {
  if (plainSize(params, requestBytes) > requestBytes) throw rpcError(RPC_CODE.limitExceeded, `request too large: one takes at most ${requestBytes} characters of parameters`)
}
