import { addressParam, inSlices, type Json, type RpcHandler, type WaitingTransaction } from '@causeway/core'
import { getAddress, numberToHex, type Address } from 'viem'
import { formatPendingTransaction } from '../format.js'
import type { RpcContext } from '../context.js'

/** `txpool_*`: what waits. `pending` is what a block can take now; `queued` waits for an earlier nonce, or for room in a certificate. */
export function poolMethods({ chain, scheduler }: RpcContext): Record<string, RpcHandler> {
  const formatted = (items: readonly WaitingTransaction[]) => inSlices(items, scheduler, formatPendingTransaction)
  const nonce = (json: Json) => Number(json.nonce).toString()
  async function bySender(items: readonly WaitingTransaction[]): Promise<Json> {
    const senders = new Map<unknown, Json>()
    for (const json of await formatted(items)) {
      const own = senders.get(json.from) ?? {}
      senders.set(json.from, own)
      own[nonce(json)] = json
    }
    return Object.fromEntries([...senders].map(([sender, own]) => [getAddress(sender as Address), own] as const).sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  return {
    async txpool_status() {
      const { pending, queued } = await chain.pool()
      return { pending: numberToHex(pending.length), queued: numberToHex(queued.length) }
    },
    async txpool_content() {
      const { pending, queued } = await chain.pool()
      return { pending: await bySender(pending), queued: await bySender(queued) }
    },
    async txpool_contentFrom(params) {
      const sender = addressParam(params, 0)
      const { pending, queued } = await chain.pool()
      const own = async (items: readonly WaitingTransaction[]) => Object.fromEntries((await formatted(items.filter(({ from }) => from.toLowerCase() === sender))).map((json) => [nonce(json), json]))
      return { pending: await own(pending), queued: await own(queued) }
    },
  }
}
