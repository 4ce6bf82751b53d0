import { CausewayError } from '@causeway/core'

const REFUSALS = ['L1_REVERTED', 'L1_INSUFFICIENT_FUNDS', 'L1_REFUSED']

/** Whether an error says that a transaction will not do, rather than that a node does not answer. */
export function isRefusal(error: unknown): boolean {
  return error instanceof CausewayError && REFUSALS.includes(error.code)
}

/** All messages of an error and its causes. */
export function messagesOf(error: unknown): string {
  const parts: string[] = []
  for (let at = error; at instanceof Error; at = at.cause) parts.push(at.message, String((at as { details?: unknown }).details ?? ''))
  return parts.join('\n')
}

/** A CausewayError for a node's refusal, which is final; the error itself when the node merely does not answer or is behind. */
export function refusal(error: unknown): unknown {
  const text = messagesOf(error)
  if (/insufficient funds|insufficient balance/i.test(text))
    return new CausewayError('The sending account has too little ETH on L1.', {
      code: 'L1_INSUFFICIENT_FUNDS',
      fix: 'Fund the account; blob fees and gas are paid from it.',
      cause: error,
    })
  if (/header not found|missing trie node|unknown block|timeout|timed out|rate limit|too many/i.test(text)) return error
  for (let at = error; at instanceof Error; at = at.cause)
    // What nodes give for transactions that they judge invalid; a busy node has other codes.
    if (at.name === 'RpcRequestError' && [-32000, -32003, -32602, -32603].includes(Number((at as { code?: unknown }).code)))
      return new CausewayError(`The L1 node refuses the transaction: ${(at as { details?: string }).details ?? at.message}`, {
        code: 'L1_REFUSED',
        fix: 'Correct what the node names; sending the same again will not help.',
        cause: error,
      })
  return error
}

/** What an error says in one line. */
export function briefly(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { shortMessage = error.message, details } = error as { shortMessage?: string; details?: string }
  return `${shortMessage}${details === undefined || details === shortMessage ? '' : ` ${details}`}`.slice(0, 500)
}
