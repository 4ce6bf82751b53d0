import type { Common } from '@ethereumjs/common'
import type { PrecompileFunc, PrecompileInput } from '@ethereumjs/evm'
import { loadPrecompile, type Precompile, type PrecompileModule } from '../precompile.js'
import { failed } from './failed.js'
import { meterOf } from './meter.js'
import { addPrecompiles } from './precompiles.js'
import { WORK_PER_GAS, type Cost } from './work.js'

/** Work of any call, ns: what it takes to get there. */
const LEAST_WORK = 2_000

/** Gives a chain precompiles of its own, metered. Their modules are loaded by `load`, or when they are first called. */
export function installPrecompiles(common: Common, precompiles: readonly Precompile[]): { load(): Promise<void> } {
  const own = precompiles.map((precompile) => ({ address: precompile.address, ...custom(precompile) }))
  addPrecompiles(common, own.map(({ address, run }) => [address, run]))
  return {
    async load() {
      for (const { load } of own) await load()
    },
  }
}

function custom(precompile: Precompile): { load(): Promise<PrecompileModule>; run: PrecompileFunc } {
  let loaded: PrecompileModule | undefined
  const load = async (): Promise<PrecompileModule> => (loaded ??= await loadPrecompile(precompile))
  return {
    load,
    run(input) {
      // Before anything else can write to the EVM's memory, where it is.
      const data = input.data.slice()
      return loaded ? run(loaded, data, input) : load().then((module) => run(module, data, input))
    },
  }
}

function run(module: PrecompileModule, data: Uint8Array, { gasLimit, _EVM }: PrecompileInput): ReturnType<typeof failed> {
  const cost = pure(() => costOf(module, data))
  if (!cost || BigInt(cost.gas) > gasLimit) return failed(gasLimit)
  const meter = meterOf(_EVM)
  if (meter && !meter.spend(cost.work)) return failed(gasLimit)
  const returnValue = pure(() => module.run(data))
  return returnValue instanceof Uint8Array ? { executionGasUsed: BigInt(cost.gas), returnValue: Uint8Array.from(returnValue) } : failed(gasLimit)
}

function costOf(module: PrecompileModule, data: Uint8Array): Cost | undefined {
  const gas = module.gas(data.slice())
  const work = module.work ? module.work(data.slice()) : gas * WORK_PER_GAS
  return Number.isSafeInteger(gas) && gas >= 0 && Number.isFinite(work) ? { gas, work: Math.max(work, LEAST_WORK) } : undefined
}

/** What somebody else's function answers, or undefined: whatever it throws is the same on every node, and only fails the call. */
function pure<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch {
    return undefined
  }
}
