/** What one request can make the methods of logs, filters and subscriptions do. docs/rpc.md has these in a table with all other limits. */
export type LogLimits = {
  /** Logs, and characters of them, that a query of several blocks answers; one block is answered whole. Default 10,000 and 20,971,520. */
  logs: number
  logsBytes: number
  /** Blocks of one `eth_getLogs`. Default 100,000. */
  logBlocks: number
  /** Addresses of a log filter, and topics at each of its positions. Default 1000 (geth's). */
  logTopics: number
  /** Polled filters; those polled longest ago make room. Default 10,000. */
  filters: number
  /** ms for which a filter lives without being polled. Default 300,000 (geth's). */
  filterMs: number
  /** Subscriptions of one client. Default 128. */
  subscriptions: number
  /** Subscriptions of all clients. Default 12,000. */
  allSubscriptions: number
}

/** The limits with their defaults. */
export function logLimits(given: Partial<LogLimits> = {}): LogLimits {
  return { logs: 10_000, logsBytes: 20_971_520, logBlocks: 100_000, logTopics: 1_000, filters: 10_000, filterMs: 300_000, subscriptions: 128, allSubscriptions: 12_000, ...given }
}
