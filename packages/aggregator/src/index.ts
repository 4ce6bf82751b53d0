/**
 * Compose, prove and settle epochs.
 * @module @causeway/aggregator
 */

export * from './epoch/epoch-data.js'
export * from './settlement/l1-settlement.js'
export * from './registry/rebuild.js'
export * from './service.js'
export * from './settlement/settlement-layer.js'
export * from './certificates/simulate.js'
export type * from './events.js'
export type { CandidateCertificate } from './certificates/candidates.js'
export type { Admission } from './certificates/admission.js'
export type { Verdict } from './certificates/verdicts.js'
export type { EpochState, EpochStateName } from './epoch/epoch-state.js'
export { composeEpoch, type ComposedEpoch, type ComposeParameters, type Dropped } from './epoch/compose.js'
export { cachedValidation, validateCertificate, type FindSlot, type Validation, type Refusal } from './certificates/validation.js'
export { createRegistryStore, type RegistryStore } from './registry/registry-store.js'
export { applySettledEpoch, appendLeaves, emptyRegistry, headerAfter, slotOf, type Registry, type SettledCertificate, type SettledEpoch } from './registry/registry.js'
