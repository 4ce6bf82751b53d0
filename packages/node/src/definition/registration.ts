import { CausewayError, encodePolicy, type Store } from '@causeway/core'
import type { ChainRegistration } from '@causeway/l1'
import { zeroAddress, type Address } from 'viem'
import { issuesOf } from './check.js'
import { report, type RollupDefinition } from './definition.js'
import { executionOf } from './execution.js'
import { specOf } from './spec.js'

/**
 * What a chain is registered with at the hub (`registerChain` of `@causeway/l1` sends it): genesis, policy, batcher, owner, data availability, and the
 * spec that its nodes compare with their own. @throws CausewayError `BAD_ROLLUP`
 */
export async function registrationOf(definition: RollupDefinition, { l1ChainId, bridge, batcher, owner = definition.chain.owner ?? zeroAddress }: { l1ChainId: bigint; bridge: Address; batcher: Address; owner?: Address }): Promise<ChainRegistration> {
  report(issuesOf(definition))
  const { chain, da, policy } = definition
  const { stateRoot } = await executionOf(definition).create({ chainId: chain.id, l1: { chainId: l1ChainId, bridge }, store: nothing }).genesis()
  return { chainId: chain.id, stateRoot, policy: encodePolicy(policy), batcher, owner, daKind: da.kind, ...(da.adapter && { daAdapter: da.adapter }), spec: specOf(definition) }
}

/** A genesis is made of its definition alone. */
const nothing: Store = {
  get: () => undefined,
  range: () => [],
  write: () => Promise.reject(new CausewayError('Genesis writes nothing.', { code: 'READ_ONLY' })),
  close: async () => undefined,
}
