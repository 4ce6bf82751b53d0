/**
 * The causeway command: develop a chain, run its nodes, join a cluster, look at both.
 * @module @causeway/cli
 */

export type { Deploy, DeployContext, DeployedChain } from './deploy.js'
