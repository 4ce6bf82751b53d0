/**
 * viem extensions.
 * @module @causeway/client
 */

export * from './rpc.js'
export * from './chain.js'
export * from './causewayActions.js'
export * from './actions/getCertificate.js'
export * from './actions/getChainStatus.js'
export * from './actions/getMessageStatus.js'
export * from './actions/sendMessage.js'
export * from './actions/simulateCertificate.js'
export * from './actions/waitForDeposit.js'
export * from './actions/waitForMessage.js'
export type { AnyClient } from './request.js'
