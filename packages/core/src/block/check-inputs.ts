import { CausewayError } from '../errors.js'
import type { BlockInputs } from '../seams/execution.js'
import { reservedGas, type BlockLimits } from './inputs.js'

/**
 * What an engine checks of the inputs of a block before it executes any. `parent`: the block that they build on, if the engine knows it.
 * @returns the parent
 * @throws CausewayError `UNKNOWN_PARENT`, `INVALID_INPUTS`, `SYSTEM_GAS_EXCEEDED`
 */
export function checkBlockInputs<P extends { number: bigint }>(inputs: BlockInputs, parent: P | undefined, timestampOf: (parent: P) => bigint, limits: Pick<BlockLimits, 'gasLimit' | 'inputGas'>): P {
  if (!parent) throw new CausewayError(`Block ${inputs.parentHash} is not known.`, { code: 'UNKNOWN_PARENT', fix: 'Write the changes of its parent first.' })
  if (inputs.number !== parent.number + 1n || inputs.timestamp < timestampOf(parent))
    throw new CausewayError(`Block ${inputs.number} at ${inputs.timestamp} ms cannot follow block ${parent.number} at ${timestampOf(parent)} ms.`, { code: 'INVALID_INPUTS' })
  const [gas, most] = [reservedGas(inputs, limits), limits.gasLimit / 2n]
  if (gas > most)
    throw new CausewayError(`L1 entries and imports may use ${most} gas of a block, these need up to ${gas}.`, { code: 'SYSTEM_GAS_EXCEEDED', fix: 'Take fewer of them: bound the sum of inputGas().' })
  return parent
}
