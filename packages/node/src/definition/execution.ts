import { withPlugins, type ExecutionDefinition, type ExecutionEngine } from '@causeway/core'
import type { ChainDefinition } from './definition.js'

/** The engine of a chain with what its plugins add to it. @throws CausewayError of `withPlugins` */
export function executionOf<E extends ExecutionEngine>({ execution, plugins = [] }: Pick<ChainDefinition<E>, 'execution' | 'plugins'>): ExecutionDefinition<E> {
  return withPlugins(execution, plugins)
}
