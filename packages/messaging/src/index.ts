/**
 * Links between chains and message status.
 * @module @causeway/messaging
 */

export * from './head.js'
export * from './proposal.js'
export * from './verdict.js'
export { createLinkHub, type HubEndpoint, type HubPort, type LinkHub } from './hub.js'
export { serveLink, type LinkServer, type ServeLinkParameters } from './serve.js'
export type { LinkMember, LinkMembers } from './admission.js'
export type { LinkKeys } from './identity.js'
export type { PeerAllowance, Allowance } from './budgets.js'
export type { PeerAllowances } from './peer.js'
export type { Places } from './places.js'
export { connectLink, type ConnectLinkParameters, type WebSocketLink } from './connect.js'
export { MAX_MESSAGE_BYTES } from './local.js'
export { SESSION_LIMITS, type SessionLimits } from './session-limits.js'
export { faultyLink, type LinkFaults } from './faulty.js'
export { CAST_KEYS, CAST_RELAY } from './cast.js'
export { linkConformance, type LinkGroup, type TestFramework } from './conformance.js'
export * from './message-pool.js'
export type { Candidate, CandidateParameters, ImportAllowance } from './candidates.js'
export type { MessagePoolState, PoolRecord, PoolRung, PoolStanding } from './pool-state.js'
