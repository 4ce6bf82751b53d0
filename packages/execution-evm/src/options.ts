import type { Issue } from '@causeway/core'
import { isAddress } from 'viem'
import { allocIssues } from './alloc.js'
import { HARDFORKS } from './common.js'
import type { EvmOptions } from './evm.js'

/** The lowest gas limit of a block with which every message that a bridge lets through gets the gas that it asks for. */
export const MIN_GAS_LIMIT = 21_000_000n

/** What is wrong with the options of `evm()`, whoever wrote them and in whatever language. */
export function optionIssues({ feeRecipient, gasLimit, hardfork, alloc, unbacked, minTip }: EvmOptions & Required<Pick<EvmOptions, 'gasLimit' | 'hardfork' | 'alloc'>>): Issue[] {
  const issues: Issue[] = []
  const report = (path: string, message: string, fix: string) => void issues.push({ path, message, fix })
  if (typeof feeRecipient !== 'string' || !isAddress(feeRecipient, { strict: false })) report('feeRecipient', `it is ${feeRecipient === undefined ? 'missing' : String(feeRecipient)}; it has to be an address`, 'name the account that gets base fee and tip of every transaction')
  if (typeof gasLimit !== 'bigint' || gasLimit < MIN_GAS_LIMIT) report('gasLimit', `a gas limit of ${String(gasLimit)} a block is too low: a message may ask for more than a delivery gets of it`, `a bigint of at least ${MIN_GAS_LIMIT}n`)
  if (!HARDFORKS.includes(hardfork)) report('hardfork', `it is ${String(hardfork)}; it has to be one of ${HARDFORKS.join(', ')}`, 'leave it out for prague')
  if (minTip !== undefined && (typeof minTip !== 'bigint' || minTip < 0n)) report('minTip', `it is ${String(minTip)}; it has to be a bigint`, 'give it in wei a gas')
  if (!unbacked) issues.push(...allocIssues(alloc))
  return issues
}
