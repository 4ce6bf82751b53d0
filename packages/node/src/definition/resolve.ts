import { policyHash, type ExecutionEngine } from '@causeway/core'
import type { ImportAllowance } from '@causeway/messaging'
import type { CertifyTiming } from '../certificates/certify.js'
import type { ChainDefinition, RollupDefinition, Sequencing } from './definition.js'
import { executionOf } from './execution.js'
import { specDigest, specOf } from './spec.js'

/** A sequencer's choices, all of them made. */
export type ResolvedSequencing = Required<Omit<Sequencing, 'certify'>> & { certify: CertifyTiming }

/** Completes what a definition leaves to us. */
export function resolveSequencing({ certify, ...rest }: Sequencing = {}): ResolvedSequencing {
  return { blockTime: 1_000, batchInterval: 2_000, maxBacklog: 8, l1Tag: 'safe', ...rest, certify: { delay: 2_000, idle: 60_000, lifetime: 10 * 60_000, ...certify } }
}

/** What the chain risks, by source. */
export function allowances({ interop }: ChainDefinition): ReadonlyMap<bigint, ImportAllowance> {
  return new Map((interop?.allow ?? []).map(({ from, rung, cap }) => [from, { rung, cap }]))
}

/**
 * A definition with everything in it that it left out, as plain data to print (`encodeJson` of core writes it): no part of it is a value of a
 * secret, and `spec` is what the chain is registered with.
 */
export function resolveRollup<E extends ExecutionEngine>(definition: RollupDefinition<E>) {
  const { chain, da, policy, keys = {}, interop, plugins = [] } = definition
  const execution = executionOf(definition)
  return {
    chain: { name: `chain ${chain.id}`, ...chain },
    execution: { name: execution.name, ...execution.spec },
    da: { name: da.name, kind: da.kind },
    policy: { ...policy, hash: policyHash(policy) },
    keys: Object.fromEntries(Object.entries(keys).map(([name, reference]) => [name, `secret ${reference.secret}`])),
    sequencing: resolveSequencing(definition.sequencing),
    interop: { allow: (interop?.allow ?? []).map(({ from, rung, cap }) => ({ from, rung, cap: typeof cap === 'function' ? 'by token' : cap })) },
    plugins: plugins.map(({ name }) => name),
    specDigest: specDigest(specOf(definition)),
  }
}
