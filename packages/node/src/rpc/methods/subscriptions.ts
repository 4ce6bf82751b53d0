import { numberToHex, type Hex } from 'viem'
import { invalidParams, rpcError, RPC_CODE } from '../errors.js'
import { formatHeader } from '../format.js'
import { logQuery, required } from '../parse.js'
import type { Handler, RpcContext, RpcSession } from '../types.js'
import { logsOfEvent } from './logs.js'

/** Subscriptions one client may have. */
const MAX_SUBSCRIPTIONS = 128

/** `eth_subscribe` (newHeads, logs, newPendingTransactions) for clients that can be told. */
export function subscriptionMethods(context: RpcContext): Record<string, Handler> {
  const { reader, chain } = context
  const sessions = new WeakMap<RpcSession, Map<Hex, () => void>>()
  let counter = 0n

  function subscriptionsOf(session: RpcSession | undefined): Map<Hex, () => void> {
    if (!session) throw rpcError(RPC_CODE.methodNotFound, 'notifications not supported')
    const known = sessions.get(session)
    if (known) return known
    const created = new Map<Hex, () => void>()
    sessions.set(session, created)
    session.onClose(() => {
      for (const stop of created.values()) stop()
      created.clear()
    })
    return created
  }

  function start(kind: unknown, filter: unknown, push: (result: unknown) => void): () => void {
    switch (kind) {
      case 'newHeads':
        return chain.onHead(({ hash }) => {
          const block = reader.getBlock(hash)
          if (block) push(formatHeader(block))
        })
      case 'logs': {
        const query = logQuery(filter)
        return chain.onHead((event) => logsOfEvent(context, event, query).forEach(push))
      }
      case 'newPendingTransactions':
        return chain.onPendingTransaction(push)
      case 'syncing':
        return () => undefined // a node shows only blocks that it has executed
      default:
        throw invalidParams(`no "${String(kind)}" subscription in eth namespace`)
    }
  }

  return {
    eth_subscribe(params, session) {
      const own = subscriptionsOf(session)
      if (own.size >= MAX_SUBSCRIPTIONS) throw rpcError(RPC_CODE.limitExceeded, `more than ${MAX_SUBSCRIPTIONS} subscriptions`)
      const subscription = numberToHex(++counter, { size: 16 })
      own.set(subscription, start(required(params, 0), params[1], (result) => session?.notify('eth_subscription', { subscription, result })))
      return subscription
    },
    eth_unsubscribe(params, session) {
      const own = subscriptionsOf(session)
      const id = required(params, 0) as Hex
      own.get(id)?.()
      return own.delete(id)
    },
  }
}
