export * from './random.js'
export * from './twin-chain.js'
export * from './twin-cluster.js'
