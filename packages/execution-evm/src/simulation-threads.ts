import type { StoreLocation } from '@causeway/core'
import type { Hardfork } from './common.js'
import type { SimulationLimits } from './limits.js'
import type { Precompile } from './precompile.js'
import type { Simulations } from './simulations.js'
import { createThreads } from './threads.js'

/** What a simulation thread is started with. Modules of precompiles by URL, as text. */
export type SimulationThreadData = { location: StoreLocation; chainId: bigint; hardfork: Hardfork; precompiles: readonly (Omit<Precompile, 'module'> & { module: string })[]; limits: SimulationLimits }

/** Simulations in threads that read a store of their own. Rules are functions, which stay in `local`. */
export function threadedSimulations(data: SimulationThreadData, local: Simulations): Simulations & { warm(): void; dispose(): Promise<void> } {
  const { run, warm, dispose } = createThreads({ entry: 'simulation-thread', data, limits: data.limits })
  const remote = <K extends keyof Simulations>(method: K) => ((...args: readonly unknown[]) => run(method, args)) as Simulations[K]
  return {
    call: remote('call'),
    estimateGas: remote('estimateGas'),
    createAccessList: remote('createAccessList'),
    getProof: remote('getProof'),
    feeHistory: remote('feeHistory'),
    simulate: (simulation, at, rules) => (rules ? local.simulate(simulation, at, rules) : remote('simulate')(simulation, at)),
    warm,
    dispose,
  }
}
