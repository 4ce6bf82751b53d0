export { createRpc, MAX_BATCH, type Rpc, type RpcOptions } from './rpc.js'
export { serveRpc, type RpcServer, type ServeRpcOptions } from './serve.js'
export { RPC_CODE, rpcError, type RpcError } from './errors.js'
export type { Handler, HeadEvent, RpcChain, RpcSession } from './types.js'
