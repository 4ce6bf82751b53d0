import { decodeJson, parseLinkEvent, silentLog, type Clock, type ClusterLink, type LinkEvent, type Log } from '@causeway/core'
import { eventText, guard } from './local.js'

/** What goes wrong, each a probability from 0 to 1. Everything follows from the seed and the order of calls. */
export type LinkFaults = {
  seed: number
  /** An event is lost, or a query gets no answer. */
  drop?: number
  /** An event arrives twice. */
  duplicate?: number
  /** Holds each event back for a random time up to `longest` ms, so that events overtake one another. */
  delay?: { clock: Clock; longest: number }
  /** Hears of subscribers that throw. */
  log?: Log
}

/**
 * A link that is as bad as a link may be: events are lost, doubled, late and out of order, going out and coming in; answers are
 * lost. Nothing is forged. For tests of what must work over it anyway; print the seed when one fails.
 */
export function faultyLink(link: ClusterLink, { seed, drop = 0, duplicate = 0, delay, log = silentLog }: LinkFaults): ClusterLink {
  const random = seeded(seed)
  let closed = false
  const failed = (error: unknown) => log.error('a link subscriber failed', { error })

  const pass = (event: LinkEvent, to: (event: LinkEvent) => void) => {
    // Read at once: what the caller changes later must not travel, and what nobody would accept must throw here.
    const text = eventText(event)
    if (random() < drop) return
    const copies = random() < duplicate ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const own = parseLinkEvent(decodeJson(text))
      if (!delay) to(own)
      else
        void delay.clock.sleep(Math.floor(random() * (delay.longest + 1))).then(() => {
          if (!closed) guard(() => to(own), failed)
        })
    }
  }

  return {
    publish: (event) => pass(event, (late) => link.publish(late)),
    subscribe(handler) {
      let subscribed = true
      const unsubscribe = link.subscribe((event) => pass(event, (late) => (subscribed ? guard(() => handler(late), failed) : undefined)))
      return () => {
        subscribed = false
        unsubscribe()
      }
    },
    async *query(query) {
      for await (const answer of link.query(query)) if (random() >= drop) yield answer
    },
    serve: (handler) => link.serve(handler),
    async close() {
      closed = true
      await link.close()
    },
  }
}

/** Numbers in [0, 1) that follow from a seed: a 32-bit linear congruential generator (Numerical Recipes), upper bits used. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state >>> 8) / 2 ** 24
  }
}
