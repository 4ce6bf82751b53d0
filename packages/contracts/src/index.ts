export * from './generated/contracts.js'
export * from './predeploys.js'
export * from './verifier.js'
export * from './withdrawal-tree.js'
