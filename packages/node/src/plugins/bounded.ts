import { CausewayError, type Clock } from '@causeway/core'

/** How something of a plugin's is run. */
export type Bounds = {
  /** For the error: what takes too long. */
  what: string
  ms: number
  clock: Clock
  /** Gives it up before its time. */
  stopped?: AbortSignal
}

/**
 * Runs what somebody else has written, and waits for it so long at most. Its signal aborts with the wait; what it does after that, nobody waits for.
 * @throws `PLUGIN_TIMEOUT`, or what it throws
 */
export async function bounded<T>(run: (signal: AbortSignal) => T, { what, ms, clock, stopped }: Bounds): Promise<Awaited<T>> {
  const abort = new AbortController()
  const giveUp = () => abort.abort()
  stopped?.addEventListener('abort', giveUp, { once: true })
  if (stopped?.aborted) giveUp()
  const timeout = clock.sleep(ms, abort.signal).then(() => {
    throw new CausewayError(`${what} did not end within ${ms} ms.`, { code: 'PLUGIN_TIMEOUT', fix: 'it has to end when its signal aborts, and to do less at once', docs: 'plugins.md' })
  })
  try {
    return await Promise.race([(async () => run(abort.signal))(), timeout])
  } finally {
    stopped?.removeEventListener('abort', giveUp)
    giveUp()
  }
}
