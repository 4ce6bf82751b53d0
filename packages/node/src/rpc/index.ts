export { createRpc, type Rpc, type RpcOptions } from './rpc.js'
export { serveRpc, type RpcServer, type ServeRpcOptions } from './serve/serve.js'
export type { ServeLimits } from './serve/limits.js'
export type { RpcLimits } from './limits.js'
