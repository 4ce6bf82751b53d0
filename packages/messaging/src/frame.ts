import { decodeJson, encodeJson, parseLinkAnswer, parseLinkEvent, parseLinkQuery, parser as p, type LinkAnswer, type LinkEvent, type LinkQuery, type Parser } from '@causeway/core'
import type { Hex } from 'viem'
import { proofs, type KeyProof } from './identity.js'

/** WebSocket subprotocol: a peer that speaks another version is refused at the handshake. */
export const SUBPROTOCOL = 'causeway-link.2'

/** One WebSocket text message, in the JSON of core's `encodeJson`. */
export type Frame =
  | { type: 'event'; event: LinkEvent }
  | { type: 'query'; id: number; query: LinkQuery }
  /** One of the answers to the query of this `id`; null ends them. */
  | { type: 'answer'; id: number; answer: LinkAnswer | null }
  | ControlFrame

/** How a relay and a peer get to know each other. Nothing else is said before the `welcome`. */
export type ControlFrame =
  /** The relay's first word. */
  | { type: 'challenge'; nonce: Hex }
  /** The peer's: under which name (host, and port if it is not the scheme's) it has reached the relay, and its keys. Without any it reads only. */
  | { type: 'hello'; host: string; proofs: KeyProof[] }
  | { type: 'welcome'; may: 'publish' | 'read' }
  /** What the relay does with what the peer sends, in words, said once. */
  | { type: 'notice'; text: string }

const MAX_TEXT = 300
const id = p.number(0, Number.MAX_SAFE_INTEGER)

const frame: Parser<Frame> = p.variants('type', {
  event: p.object({ type: p.oneOf(['event']), event: parseLinkEvent as Parser<LinkEvent> }),
  query: p.object({ type: p.oneOf(['query']), id, query: parseLinkQuery as Parser<LinkQuery> }),
  challenge: p.object({ type: p.oneOf(['challenge']), nonce: p.bytes(32) }),
  hello: p.object({ type: p.oneOf(['hello']), host: p.text(MAX_TEXT), proofs }),
  welcome: p.object({ type: p.oneOf(['welcome']), may: p.oneOf(['publish', 'read']) }),
  notice: p.object({ type: p.oneOf(['notice']), text: p.text(MAX_TEXT) }),
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

/** The text of a frame that is no event. */
export function encodeFrame(content: Exclude<Frame, { type: 'event' }>): string {
  return encodeJson(content)
}
