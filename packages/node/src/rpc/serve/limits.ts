/** How much one server holds for its clients. docs/rpc.md has these in a table with all other limits. */
export type ServeLimits = {
  /** Largest request, bytes. Default 5,242,880. */
  messageBytes: number
  /** JSON values in a request, a batch included. Default 100,000. */
  messageValues: number
  /** Open connections, HTTP and WebSocket together. Default 12,000. */
  connections: number
  /** Of them, from one address (an IPv6 /64 is one). Default 512; more for a server behind a proxy, which has one. */
  addressConnections: number
  /** Bytes of requests that are being received or answered, over all connections; one address has a quarter. Default 33,554,432. */
  requestsBytes: number
  /** Characters of answers that wait for the rest of their batch, over all connections; one address has half. Default 67,108,864. */
  answersBytes: number
  /** Bytes of answers and notifications that clients have not read, over all connections; who waits longest is cut off. Default 67,108,864. */
  unreadBytes: number
  /** The same for one WebSocket, which is cut off when it is told more. Default 16,777,216. */
  socketUnreadBytes: number
  /** Requests of one connection that are answered side by side; a WebSocket is not read while it has so many. Default 64. */
  connectionRequests: number
  /** ms that a client may take for a request's headers. Default 10,000. */
  headersMs: number
  /** ms that a client may take for a whole request. Default 30,000. */
  requestMs: number
  /** ms without progress after which a client that does not read its answer is cut off. Default 30,000. */
  unreadMs: number
  /** ms that an HTTP connection is kept for the next request. Default 15,000. */
  idleMs: number
}

/** The limits with their defaults. */
export function serveLimits(given: Partial<ServeLimits> = {}): ServeLimits {
  return {
    messageBytes: 5_242_880,
    messageValues: 100_000,
    connections: 12_000,
    addressConnections: 512,
    requestsBytes: 33_554_432,
    answersBytes: 67_108_864,
    unreadBytes: 67_108_864,
    socketUnreadBytes: 16_777_216,
    connectionRequests: 64,
    headersMs: 10_000,
    requestMs: 30_000,
    unreadMs: 30_000,
    idleMs: 15_000,
    ...given,
  }
}
