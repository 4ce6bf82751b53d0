import { errorCode, maxInputWeight, type L1InboxEntry, type Message } from '@causeway/core'
import type { Common } from '@ethereumjs/common'
import type { Hex } from 'viem'
import { systemGas } from './system-transaction.js'
import { decodeTransaction } from './transactions.js'

/** Gas that a block sets aside for an L1 entry or an import; their sum may be half of the block's gas. */
export function inputGas(input: L1InboxEntry | { message: Message }, rules: { common: Common; gasLimit: bigint }): bigint {
  return 'message' in input ? systemGas(input.message, rules.gasLimit) : forcedGas(input.transaction, rules)
}

/**
 * Gas limit of a forced transaction; 0 if it is void whatever the state: not decodable, or wanting more than
 * {@link maxInputWeight}, or it would keep the block's other inputs waiting.
 */
export function forcedGas(raw: Hex, rules: { common: Common; gasLimit: bigint }): bigint {
  try {
    const { gas } = decodeTransaction(raw, rules.common)
    return gas <= maxInputWeight(rules.gasLimit) ? gas : 0n
  } catch (error) {
    if (errorCode(error) === 'INVALID_TRANSACTION') return 0n
    throw error
  }
}
