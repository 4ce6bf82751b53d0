import { bytesToHex, type Hex } from 'viem'
import type { RpcHandler, RpcSession } from '../seams/rpc.js'
import { invalidParams, RPC_CODE, rpcError } from './errors.js'
import { logQuery } from './log-filter.js'
import type { LogContext, ShownBlock } from './log-source.js'
import { logsOfEvent, watchedLogs } from './logs.js'
import { requiredParam } from './params.js'

/** Head events of which a client has not been told the logs yet, before it is cut off. */
const MAX_BEHIND = 1_000

/** What one client has subscribed to. `told`: the end of what is being told to it. */
type Own = { stops: Map<Hex, () => void>; told: Promise<void>; behind: number }

/** `eth_subscribe` (newHeads, logs, newPendingTransactions) for clients that can be told. */
export function subscriptionMethods<B extends ShownBlock>(context: LogContext<B>): Record<string, RpcHandler> {
  const { reader, chain, limits, formatHeader, transactionByHash } = context
  const clients = new WeakMap<object, Own>()
  let total = 0

  function subscriptionsOf(session: RpcSession | undefined): Own {
    if (!session) throw rpcError(RPC_CODE.methodNotFound, 'notifications not supported')
    const known = clients.get(session.connection)
    if (known) return known
    const own: Own = { stops: new Map(), told: Promise.resolve(), behind: 0 }
    clients.set(session.connection, own)
    session.onClose(() => {
      for (const stop of own.stops.values()) stop()
      own.stops.clear()
    })
    return own
  }

  /** Tells a client in the order of events, in turns: a block full of logs for a thousand clients holds up neither blocks nor others. */
  function inOrder(own: Own, session: RpcSession, tell: () => Promise<void> | void): void {
    if (++own.behind > MAX_BEHIND) return session.drop('it is too far behind')
    own.told = own.told
      .then(tell)
      .catch(() => session.drop('what happened could not be read'))
      .finally(() => own.behind--)
  }

  function start(params: readonly unknown[], own: Own, session: RpcSession, push: (result: unknown) => void): () => void {
    const kind = requiredParam(params, 0)
    switch (kind) {
      case 'newHeads':
        return chain.onHead(({ hash }) =>
          inOrder(own, session, () => {
            const block = hash && reader.getBlock(hash)
            if (block) push(formatHeader(block))
          }),
        )
      case 'logs': {
        const query = watchedLogs(context, logQuery(params[1], limits))
        return chain.onHead((event) => inOrder(own, session, async () => (await logsOfEvent(context, event, query, () => context.scheduler.next(session.connection))).forEach(push)))
      }
      case 'newPendingTransactions':
        return chain.onPendingTransaction((hash) => push(params[1] === true ? transactionByHash(hash) : hash))
      case 'syncing':
        return () => undefined // a node shows only blocks that it has executed
      default:
        throw invalidParams(`no "${String(kind)}" subscription in eth namespace`)
    }
  }

  return {
    eth_subscribe(params, { session }) {
      const own = subscriptionsOf(session)
      if (own.stops.size >= limits.subscriptions) throw rpcError(RPC_CODE.limitExceeded, `more than ${limits.subscriptions} subscriptions`)
      if (total >= limits.allSubscriptions) throw rpcError(RPC_CODE.limitExceeded, 'too many subscriptions: this node has no room for more')
      const subscription = bytesToHex(crypto.getRandomValues(new Uint8Array(16)))
      const push = (result: unknown) => own.stops.has(subscription) && session?.notify('eth_subscription', { subscription, result })
      const stop = start(params, own, session as RpcSession, push)
      total++
      own.stops.set(subscription, () => {
        total--
        stop()
      })
      return subscription
    },
    eth_unsubscribe(params, { session }) {
      const { stops } = subscriptionsOf(session)
      const id = requiredParam(params, 0) as Hex
      stops.get(id)?.()
      return stops.delete(id)
    },
  }
}
