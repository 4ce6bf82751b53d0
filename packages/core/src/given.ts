import { isAddress, type Address } from 'viem'
import type { Issue } from './errors.js'
import { MIN_GAS_LIMIT } from './protocol/limits.js'

/** A value of whoever has no types, in the words of an error. */
export function describeGiven(given: unknown): string {
  if (given === undefined) return 'missing'
  if (typeof given === 'bigint') return `${given}n`
  if (typeof given === 'string') return given
  return `${Array.isArray(given) ? 'a list' : String(given)} (${typeof given})`
}

/** Is it an object with properties? */
export function isRecord(given: unknown): given is Record<string, unknown> {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}

/** Is it an address, whatever its letters' case? */
export function isAddressText(given: unknown): given is Address {
  return typeof given === 'string' && isAddress(given, { strict: false })
}

/** What is wrong with the options that every engine has: what a block takes, and who gets the fees. */
export function engineOptionIssues({ gasLimit, feeRecipient }: { gasLimit: unknown; feeRecipient: unknown }): Issue[] {
  return [
    ...(typeof gasLimit === 'bigint' && gasLimit >= MIN_GAS_LIMIT
      ? []
      : [{ path: 'gasLimit', message: `a gas limit of ${String(gasLimit)} a block is too low: a message may ask for more than a delivery gets of it`, fix: `a bigint of at least ${MIN_GAS_LIMIT}n` }]),
    ...(isAddressText(feeRecipient) ? [] : [{ path: 'feeRecipient', message: `it is ${describeGiven(feeRecipient)}; it has to be an address`, fix: 'name the account that gets the fees of every transaction' }]),
  ]
}
