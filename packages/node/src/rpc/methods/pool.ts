import { getAddress, numberToHex, type Address } from 'viem'
import { formatPendingTransaction, type Json } from '../format.js'
import { addressParam } from '../parse.js'
import type { Handler, RpcContext, WaitingTransaction } from '../types.js'

/** `txpool_*`: what waits. `pending` is what a block can take now; `queued` waits for an earlier nonce, or for room in a certificate. */
export function poolMethods({ chain }: RpcContext): Record<string, Handler> {
  const byNonce = (items: readonly WaitingTransaction[]): Json => Object.fromEntries(items.map(formatPendingTransaction).map((json) => [Number(json.nonce).toString(), json]))
  const bySender = (items: readonly WaitingTransaction[]): Json => {
    const senders = [...new Set(items.map(({ from }) => getAddress(from)))].sort()
    return Object.fromEntries(senders.map((sender) => [sender, byNonce(ownOf(items, sender))]))
  }
  return {
    async txpool_status() {
      const { pending, queued } = await chain.pool()
      return { pending: numberToHex(pending.length), queued: numberToHex(queued.length) }
    },
    async txpool_content() {
      const { pending, queued } = await chain.pool()
      return { pending: bySender(pending), queued: bySender(queued) }
    },
    async txpool_contentFrom(params) {
      const sender = addressParam(params, 0)
      const { pending, queued } = await chain.pool()
      return { pending: byNonce(ownOf(pending, sender)), queued: byNonce(ownOf(queued, sender)) }
    },
  }
}

function ownOf(items: readonly WaitingTransaction[], sender: Address): readonly WaitingTransaction[] {
  return items.filter(({ from }) => from.toLowerCase() === sender.toLowerCase())
}
