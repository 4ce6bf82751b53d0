import { getAddress, numberToHex, type Address } from 'viem'
import { formatPendingTransaction, type Json } from '../format.js'
import { addressParam } from '../parse.js'
import type { Handler, RpcContext } from '../types.js'

/** `txpool_*`: what waits. Transactions behind a gap are not told apart, they stand under `pending`. */
export function poolMethods({ chain }: RpcContext): Record<string, Handler> {
  const of = (address?: Address) =>
    (chain.pendingTransactions?.() ?? [])
      .filter(({ from }) => address === undefined || from.toLowerCase() === address.toLowerCase())
      .map((transaction) => ({ from: getAddress(transaction.from), json: formatPendingTransaction(transaction) }))
  const byNonce = (items: readonly { json: Json }[]) => Object.fromEntries(items.map(({ json }) => [Number(json.nonce).toString(), json]))
  return {
    txpool_status() {
      const { pending, queued } = chain.poolStatus()
      return { pending: numberToHex(pending), queued: numberToHex(queued) }
    },
    txpool_content() {
      const items = of()
      const senders = [...new Set(items.map(({ from }) => from))].sort()
      return { pending: Object.fromEntries(senders.map((sender) => [sender, byNonce(items.filter(({ from }) => from === sender))])), queued: {} }
    },
    txpool_contentFrom: (params) => ({ pending: byNonce(of(addressParam(params, 0))), queued: {} }),
  }
}
