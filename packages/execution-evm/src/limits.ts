import { CausewayError } from '@causeway/core'
import { availableParallelism } from 'node:os'

/** What one who asks for simulations can make the node do. docs/rpc.md has them all in a table. */
export type SimulationLimits = {
  /** Gas of a call, whatever its caller names, and of all calls of one `simulate` together (geth's `--rpc.gascap`). Default 50,000,000. */
  gas: bigint
  /** ms that one simulation runs (geth's `--rpc.evmtimeout`). Default 5000. */
  ms: number
  /** Characters of what one simulation answers. Default 5,242,880. */
  resultBytes: number
  /** Threads that simulate, if the store can be read by others. Default: one less than the cores, at least 1 and at most 4. */
  threads: number
  /** MB of heap of each of them. Default 128. */
  threadMb: number
}

/** The interpreter reckons gas in numbers. */
export const MOST_GAS = BigInt(Number.MAX_SAFE_INTEGER)

/** The limits with their defaults. */
export function simulationLimits(given: Partial<SimulationLimits> = {}): SimulationLimits {
  const { gas = 50_000_000n } = given
  return {
    ms: 5_000,
    resultBytes: 5_242_880,
    threads: Math.min(4, Math.max(1, availableParallelism() - 1)),
    threadMb: 128,
    ...given,
    gas: gas < MOST_GAS ? gas : MOST_GAS,
  }
}

/** Refuses to answer too much. @throws `RESULT_TOO_LARGE` */
export function checkResult(size: number, { resultBytes }: Pick<SimulationLimits, 'resultBytes'>): void {
  if (size > resultBytes)
    throw new CausewayError(`response too large: a simulation answers at most ${resultBytes} characters`, { code: 'RESULT_TOO_LARGE', fix: 'ask for less at once' })
}

/** The error of a simulation that ran too long, in geth's words. */
export function timedOut({ ms }: Pick<SimulationLimits, 'ms'>): CausewayError {
  return new CausewayError(`execution aborted (timeout = ${ms < 1000 ? `${ms}ms` : `${ms / 1000}s`})`, { code: 'SIMULATION_TIMEOUT' })
}
