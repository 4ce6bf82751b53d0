import { CausewayError } from '../errors.js'
import type { BlockInputs } from '../seams/execution.js'
import { reservedWeight, type BlockLimits } from './inputs.js'

/**
 * What an engine checks of the inputs of a block before it executes any. `parent`: the block that they build on, if the engine knows it.
 * @returns the parent
 * @throws CausewayError `UNKNOWN_PARENT`, `INVALID_INPUTS`, `SYSTEM_WEIGHT_EXCEEDED`
 */
export function checkBlockInputs<P extends { number: bigint }>(inputs: BlockInputs, parent: P | undefined, timestampOf: (parent: P) => bigint, limits: Pick<BlockLimits, 'weightLimit' | 'weigh'>): P {
  if (!parent) throw new CausewayError(`Block ${inputs.parentHash} is not known.`, { code: 'UNKNOWN_PARENT', fix: 'Write the changes of its parent first.' })
  if (inputs.number !== parent.number + 1n || inputs.timestamp < timestampOf(parent))
    throw new CausewayError(`Block ${inputs.number} at ${inputs.timestamp} ms cannot follow block ${parent.number} at ${timestampOf(parent)} ms.`, { code: 'INVALID_INPUTS' })
  const [weight, most] = [reservedWeight(inputs, limits), limits.weightLimit / 2n]
  if (weight > most)
    throw new CausewayError(`L1 entries and imports may weigh ${most} in a block, these weigh up to ${weight}.`, { code: 'SYSTEM_WEIGHT_EXCEEDED', fix: 'Take fewer of them: bound the sum of weigh().' })
  return parent
}
