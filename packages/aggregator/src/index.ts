export * from './compose.js'
export * from './registry.js'
