export * from './anvil.js'
export { anvilBinary } from './anvil-binary.js'
export * from './dev-accounts.js'
