/**
 * One chain.
 * @module @causeway/node
 */

export * from './rollup.js'
export * from './definition/definition.js'
export { allowances, resolveRollup, type ResolvedSequencing } from './definition/resolve.js'
export * from './definition/spec.js'
export { registrationOf } from './definition/registration.js'
export { environment, type HostL1, type RollupHost } from './host.js'
export * from './rpc/index.js'
export * from './store/lmdb.js'
export { MAX_CERTIFICATE_LIFETIME, type Attestation } from './certificates/attest.js'
export type { CertifyTiming } from './certificates/certify.js'
export type { BlockRecord, CertificateRecord } from './store/records.js'
export { createMembers, type Member, type Members } from './l1/members.js'
export { registrationConflict } from './l1/own-registration.js'
