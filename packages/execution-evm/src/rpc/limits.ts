import { logLimits, type LogLimits } from '@causeway/core'

/** What one request can make the `eth_` methods do. docs/rpc.md has these in a table with all other limits. */
export type EthLimits = LogLimits & {
  /** Simulations that wait, those of one address a quarter of them. Default 4096. */
  waiting: number
  /** Blocks of one `eth_simulateV1`, gaps included. Default 256, which is also the most (geth's). */
  simulatedBlocks: number
  /** Slots that one request proves or reads. Default 1024 (geth's). */
  slots: number
  /** Blocks of one `eth_feeHistory`; more are left out. Default 1024 (geth's). */
  feeHistoryBlocks: number
  /** Percentiles of one `eth_feeHistory`. Default 100 (geth's). */
  percentiles: number
  /** Requests that wait in `eth_sendRawTransactionSync`. Default 1000. */
  waitingSends: number
}

/** The limits with their defaults. */
export function ethLimits(given: Partial<EthLimits> = {}): EthLimits {
  return {
    waiting: 4_096,
    simulatedBlocks: 256,
    slots: 1_024,
    feeHistoryBlocks: 1_024,
    percentiles: 100,
    waitingSends: 1_000,
    ...logLimits(),
    ...given,
  }
}
