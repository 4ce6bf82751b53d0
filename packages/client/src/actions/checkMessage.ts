import { CausewayError } from '@causeway/core'
import { isAddress, isHex, size, type Address, type Hex } from 'viem'

/** What {@link checkMessage} looks at: the parameters of `sendMessage` that end up in the message. */
export type CheckedMessage = {
  destination: bigint
  recipient: Address
  refundTo: Address
  payload: Hex
  gasLimit: bigint
  expiry: bigint
  value: bigint | undefined
  token: Address | undefined
  amount: bigint | undefined
}

/** As the contracts have them: `@causeway/contracts/solidity/lib/Limits.sol`. */
const MAX_PAYLOAD = 4096
const MAX_GAS = 1_000_000n
const U64 = 2n ** 64n - 1n
const U128 = 2n ** 128n - 1n

/**
 * Checks what can be checked of a message without a node, so that a wrong parameter is named instead of failing somewhere in an ABI encoder.
 * @throws CausewayError `BAD_MESSAGE` naming the parameter, what it is and what it has to be
 */
export function checkMessage({ destination, recipient, refundTo, payload, gasLimit, expiry, value, token, amount }: CheckedMessage): void {
  integer('destination', destination, { min: 1n, max: U64, hint: 'pass the chain id of the destination, e.g. 42002n; L1’s for a withdrawal' })
  address('recipient', recipient)
  address('refundTo', refundTo)
  if (!isHex(payload) || payload.length % 2 !== 0) fail('payload', payload, 'a hex string of whole bytes', 'encode it: stringToHex or encodeAbiParameters of viem')
  if (size(payload) > MAX_PAYLOAD) fail('payload', `of ${size(payload)} bytes`, `at most ${MAX_PAYLOAD} bytes`, 'send it in parts, or send its hash')
  integer('gasLimit', gasLimit, { max: MAX_GAS, hint: 'do the rest in a transaction on the destination' })
  integer('expiry', expiry, { max: U64, hint: 'it counts ms since 1970; leave it out for a message without end' })
  if (token === undefined) {
    if (amount !== undefined) fail('token', token, 'the address of a token when there is an `amount`', 'use `value` for ETH')
    integer('value', value ?? 0n, { max: U128, hint: 'it is in wei: parseEther of viem' })
    return
  }
  address('token', token)
  if (value !== undefined) fail('value', value, 'left out when there is a `token`', 'a message carries either; send two')
  integer('amount', amount, { max: U128, hint: 'it is in the token’s smallest unit: parseUnits of viem' })
}

function integer(name: string, given: unknown, { min = 0n, max, hint }: { min?: bigint; max: bigint; hint: string }): void {
  if (typeof given !== 'bigint' || given < min || given > max) fail(name, given, `a bigint from ${min} to ${max}`, hint)
}

function address(name: string, given: unknown): void {
  if (typeof given !== 'string' || !isAddress(given)) fail(name, given, 'an address: 0x and 40 hex digits, all lower case or with the right checksum', 'resolve names first; write an address in lower case if its checksum is unknown')
}

function fail(name: string, given: unknown, wanted: string, fix: string): never {
  const shown = typeof given === 'bigint' ? `${given}n` : typeof given === 'string' ? given : `${String(given)} (${typeof given})`
  throw new CausewayError(`The message's \`${name}\` is ${shown.length > 100 ? `${shown.slice(0, 100)}…` : shown}; it has to be ${wanted}.`, { code: 'BAD_MESSAGE', fix })
}
