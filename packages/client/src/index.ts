export * from './rpc.js'
