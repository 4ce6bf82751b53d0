import { CausewayError, type Clock, type Log } from '@causeway/core'
import type { ChildConfig } from './node-child.js'
import { spawnNodes, type ChildNodes } from './spawn-nodes.js'

/** Nodes in a process of their own that is started again when it dies. */
export type SupervisedNodes = {
  /** The process that runs, or the last one that did. */
  readonly child: ChildNodes
  /** Why it is not started any more; undefined while it runs or is being started. */
  readonly error: CausewayError | undefined
  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void>
}

/** Deaths in a row, each within `HEALTHY` ms of its start, after which the process is given up. */
const MAX_DEATHS = 5
const HEALTHY = 60_000n

/**
 * Starts nodes in a process of their own, and again whenever it ends by itself: on the same ports, from its databases.
 * @param host.name the chain's, for the log
 * @throws `NODE_FAILED` if it does not start the first time
 */
export async function superviseNodes(config: ChildConfig, { name, clock, log, spawn = spawnNodes }: { name: string; clock: Clock; log: Log; spawn?: typeof spawnNodes }): Promise<SupervisedNodes> {
  let child = await spawn(config)
  let error: CausewayError | undefined
  const again = { ...config, nodes: config.nodes.map((node, i) => ({ ...node, ...(child.rpcUrls[i] && { rpcPort: Number(new URL(child.rpcUrls[i]).port) }) })) }
  const stopping = new AbortController()

  async function watch(): Promise<void> {
    for (let deaths = 0; ; ) {
      const started = clock.now()
      const { code, signal } = await child.exited
      if (stopping.signal.aborted) return
      deaths = clock.now() - started > HEALTHY ? 1 : deaths + 1
      let reason = signal ? `was killed by ${signal}` : `ended with exit code ${code}`
      for (let running = false; !running; ) {
        if (deaths > MAX_DEATHS) {
          error = new CausewayError(`The process of chain ${name} ${reason}, ${deaths} times in a row; it is not started again.`, { code: 'CHAIN_DOWN', fix: `see ${config.logFile}, and start the cluster again` })
          return log.error(error.shortMessage)
        }
        log.error(`the process of chain ${name} ${reason}; it is started again`, { pid: child.pid, deaths })
        await clock.sleep(250 * 2 ** deaths, stopping.signal)
        if (stopping.signal.aborted) return
        try {
          child = await spawn(again)
          running = true
          log.info(`the process of chain ${name} is up again`, { pid: child.pid })
        } catch (cause) {
          deaths++
          reason = `does not start (${cause instanceof CausewayError ? cause.shortMessage : String(cause)})`
        }
      }
    }
  }
  const watching = watch()

  return {
    get child() {
      return child
    },
    get error() {
      return error
    },
    async stop() {
      stopping.abort()
      await child.stop()
      // A process that was just being started.
      await watching
      await child.stop()
    },
  }
}
