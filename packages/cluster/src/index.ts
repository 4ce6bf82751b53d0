/**
 * A whole cluster on one machine: embedded L1, chains, attesters and the aggregator.
 * @module @causeway/cluster
 */

export * from './clients.js'
export * from './cluster.js'
export { WELL_KNOWN, readCluster, type ClusterInfo } from './about.js'
export { checkCluster, isDevelopmentChain } from './check-cluster.js'
export { openMembership, type JoinStep, type Membership, type MembershipOptions } from './join.js'
export { runMember, type NodeRole, type RunMemberOptions, type RunningMember } from './run-member.js'
export type { ChainOptions, ClusterOptions } from './options.js'
export { runAggregator, type AggregatorConfig, type RunningAggregator } from './run-aggregator.js'
export { evmRollup, type EvmRollupOptions } from './presets.js'
export { runNode, type NodeChain, type NodeConfig, type NodeSettings, type RunningNode } from './run-node.js'
export { spawnNodes, type ChildExit, type ChildNodes } from './spawn-nodes.js'
export { trustReport, type TrustParameters } from './trust.js'
export { fileLog } from './logging.js'
export { isRunning } from './directory.js'
