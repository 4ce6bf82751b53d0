import { decodeJson, encodeJson, parseLinkAnswer, parseLinkEvent, parseLinkQuery, parser as p, type LinkAnswer, type LinkEvent, type LinkQuery, type Parser } from '@causeway/core'

/** WebSocket subprotocol: a peer that speaks another version is refused at the handshake. */
export const SUBPROTOCOL = 'causeway-link.2'

/** One WebSocket text message, in the JSON of core's `encodeJson`. */
export type Frame =
  | { type: 'event'; event: LinkEvent }
  | { type: 'query'; id: number; query: LinkQuery }
  /** One of the answers to the query of this `id`; null ends them. */
  | { type: 'answer'; id: number; answer: LinkAnswer | null }

const id = p.number(0, Number.MAX_SAFE_INTEGER)

const frame: Parser<Frame> = p.variants('type', {
  event: p.object({ type: p.oneOf(['event']), event: parseLinkEvent as Parser<LinkEvent> }),
  query: p.object({ type: p.oneOf(['query']), id, query: parseLinkQuery as Parser<LinkQuery> }),
  answer: p.object({ type: p.oneOf(['answer']), id, answer: p.nullable(parseLinkAnswer as Parser<LinkAnswer>) }),
})

/** Reads a frame. @throws `BAD_JSON`, `MALFORMED`, `OUT_OF_RANGE` */
export function parseFrame(text: string): Frame {
  return frame(decodeJson(text), { path: 'frame', integers: 'bigint' })
}

/** A frame around the canonical text of an event, which is not encoded again for each peer. */
export function eventFrame(text: string): string {
  return `{"type":"event","event":${text}}`
}

/** The text of a query or an answer. */
export function encodeFrame(content: Exclude<Frame, { type: 'event' }>): string {
  return encodeJson(content)
}
