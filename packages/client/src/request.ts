import { CausewayError } from '@causeway/core'
import { MethodNotFoundRpcError, MethodNotSupportedRpcError, type Account, type Chain, type Client, type Transport } from 'viem'
import type { CausewayRpcSchema } from './rpc.js'

/** Any viem client; whether its node is one of Causeway shows at the first request. */
export type AnyClient = Client<Transport, Chain | undefined, Account | undefined>

type Method = CausewayRpcSchema[number]['Method']
type Request<M extends Method> = Extract<CausewayRpcSchema[number], { Method: M }>

/**
 * Calls a method of a Causeway node. The answer is untyped data: parse it before believing it.
 * @throws CausewayError `NOT_CAUSEWAY` if the node does not know the method; viem's errors for the rest
 */
export async function causewayRequest<M extends Method>(client: AnyClient, method: M, ...[params]: undefined extends Request<M>['Parameters'] ? [] : [Request<M>['Parameters']]): Promise<unknown> {
  const request = client.request as (call: { method: Method; params?: unknown }) => Promise<unknown>
  try {
    return await request(params === undefined ? { method } : { method, params })
  } catch (cause) {
    if (cause instanceof MethodNotFoundRpcError || cause instanceof MethodNotSupportedRpcError)
      throw new CausewayError(`The node behind this client does not answer ${method}.`, { code: 'NOT_CAUSEWAY', fix: 'give the client the RPC URL of a Causeway chain', cause })
    throw cause
  }
}
