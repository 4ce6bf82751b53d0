export { linkConformance, type LinkGroup, type TestFramework } from '@causeway/messaging'
export * from './store.js'
export * from './da.js'
export * from './engine.js'
