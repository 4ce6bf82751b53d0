import { decodeJson, encodeJson, parseLinkAnswer, parseLinkEvent, type ClusterLink, type LinkAnswer, type LinkEvent, type LinkQuery, type Log } from '@causeway/core'
import { createBoundedQueue } from './bounded-queue.js'

/** Largest message in bytes: the largest certificate that the parsers take fits. */
export const MAX_MESSAGE_BYTES = 2 * 1024 * 1024
/** Events that wait for the handlers of one link at most. */
const WAITING = { count: 4_096, size: 64 * 1024 * 1024 }

/** The side of a link that faces its own node: handlers, and what others get from them. */
export type LocalSide = Pick<ClusterLink, 'subscribe' | 'serve'> & {
  /** Hands an event (canonical text) to the subscribers, later but in order. */
  deliver(text: string): void
  /** Asks the handlers of `serve`; null if none has an answer. Never rejects. */
  answer(query: LinkQuery): Promise<LinkAnswer | null>
  clear(): void
}

/** The canonical text of an event. @throws `MALFORMED`, `OUT_OF_RANGE` for what no other node would accept */
export function eventText(event: LinkEvent): string {
  return encodeJson(parseLinkEvent(decodeJson(encodeJson(event))))
}

/** Makes the {@link LocalSide} of a link. */
export function createLocalSide({ name, log }: { name: string; log: Log }): LocalSide {
  const subscribers = new Set<{ handler: (event: LinkEvent) => void }>()
  const servers = new Set<{ handler: (query: LinkQuery) => Promise<LinkAnswer | null> }>()
  const waiting = createBoundedQueue(WAITING)
  let scheduled = false

  const flush = () => {
    scheduled = false
    for (const text of waiting.drain()) {
      for (const subscriber of [...subscribers]) {
        // A handler may have unsubscribed another one just now.
        if (!subscribers.has(subscriber)) continue
        // Each handler gets objects of its own: none can change what another sees.
        guard(() => subscriber.handler(parseLinkEvent(decodeJson(text))), (error) => log.error('a link subscriber failed', { link: name, error }))
      }
    }
  }

  return {
    subscribe: (handler) => add(subscribers, { handler }),
    serve: (handler) => add(servers, { handler }),
    deliver(text) {
      if (subscribers.size === 0) return
      waiting.push(text)
      if (waiting.takeLost() > 0) log.warn('more events than a link holds; the oldest was lost', { link: name })
      if (!scheduled) queueMicrotask(flush)
      scheduled = true
    },
    async answer(query) {
      for (const { handler } of [...servers]) {
        try {
          const given = await handler({ ...query })
          if (given) return trim(given)
        } catch (error) {
          log.error('a link query handler failed', { link: name, query: query.kind, error })
        }
      }
      return null
    },
    clear() {
      subscribers.clear()
      servers.clear()
      waiting.drain()
    },
  }
}

/** Copies an answer, leaving out the last heads if it would be too large: whoever asks goes on from the last it got. */
function trim(answer: LinkAnswer): LinkAnswer {
  for (let kept = answer; ; ) {
    const text = encodeJson(kept)
    if (kept.kind !== 'heads' || kept.heads.length <= 1 || text.length < MAX_MESSAGE_BYTES - 1_024) return parseLinkAnswer(decodeJson(text))
    kept = { ...kept, heads: kept.heads.slice(0, Math.ceil(kept.heads.length / 2)) }
  }
}

function add<T>(set: Set<T>, item: T): () => void {
  set.add(item)
  return () => void set.delete(item)
}

/** Runs a handler of somebody else, which may be async although its type says void. */
export function guard(handler: () => unknown, failed: (error: unknown) => void): void {
  try {
    const result = handler()
    if (result instanceof Promise) result.catch(failed)
  } catch (error) {
    failed(error)
  }
}
