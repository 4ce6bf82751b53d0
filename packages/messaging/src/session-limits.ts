// Apart from the session, which names types of `ws`: declarations of this package do without them.

/** What a session is allowed. Sizes in bytes, times in ms. */
export type SessionLimits = {
  /** Frames that wait for a slow or absent peer at most, and their bytes; the oldest are lost first. */
  queue: { count: number; size: number }
  /** Bytes handed to the socket but not yet sent, above which frames wait. */
  buffered: number
  /** Frames that do not parse before the peer is cut off. */
  strikes: number
  /** Queries of the peer that are worked on at the same time; further ones are answered with null. */
  inFlight: number
  /** How long a peer may take for an answer. */
  queryTimeout: number
}

/** What a session is allowed unless told. */
export const SESSION_LIMITS: SessionLimits = { queue: { count: 1_024, size: 4 * 1024 * 1024 }, buffered: 1024 * 1024, strikes: 5, inFlight: 16, queryTimeout: 5_000 }
