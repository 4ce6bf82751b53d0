import type { DaDefinition } from '@causeway/core'
import { blobs } from '@causeway/da-ethereum'
import { evm, type EvmEngine, type EvmOptions } from '@causeway/execution-evm'
import { defineRollup, type ChainDefinition } from '@causeway/node'

/** What {@link evmRollup} needs to know. */
export type EvmRollupOptions = EvmOptions & { id: bigint; name?: string; /** Default: `blobs()`. */ da?: DaDefinition }

/**
 * An EVM chain over Ethereum's blobs: what a local cluster runs if nothing else is said. The result is a definition like any other:
 * `{ ...evmRollup({ … }), sequencing: { blockTime: 500 } }` changes it.
 */
export function evmRollup({ id, name, da = blobs(), ...options }: EvmRollupOptions): ChainDefinition<EvmEngine> {
  return defineRollup({ chain: { id, ...(name !== undefined && { name }) }, execution: evm(options), da })
}
