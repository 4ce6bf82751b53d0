import { checkPlugins, type RpcHandler } from '@causeway/core'
import { cursorRows } from './cursor.js'
import { createFeed, type Feed, type Happenings } from './feed.js'
import { checkMetric, metricsText, type OwnedMetric } from './metrics.js'
import { disposeAll, rowsOf, setUp, type SetUp, type SetupParameters } from './setup.js'

/** The plugins of a node. */
export type Plugins = {
  /** Their JSON-RPC methods. */
  readonly rpc: Readonly<Record<string, RpcHandler>>
  /** Tells each what happens until it is stopped. */
  run(stopped: AbortSignal): Promise<void>
  /** Tells each what there is to tell now, one after the other. @throws what a hook throws */
  deliver(): Promise<void>
  /** Their numbers, in Prometheus' text format. */
  metrics(): string
  /** Ends them, the last first. */
  dispose(): Promise<void>
}

/** Sets the plugins of a node up. @throws `BAD_PLUGIN`, `PLUGIN_MISSING`, `PLUGIN_ORDER`, `PLUGIN_SETUP` */
export async function createPlugins({ happenings, ...parameters }: SetupParameters & { happenings: Happenings }): Promise<Plugins> {
  const { plugins, store, clock } = parameters
  checkPlugins(plugins)
  const { ready, rpc } = await setUp(parameters)
  const feeds: { plugin: string; feed: Feed }[] = []
  for (const { plugin, parts, log } of ready)
    if (parts.hooks) feeds.push({ plugin: plugin.name, feed: await createFeed({ plugin, hooks: parts.hooks, rows: cursorRows(store, rowsOf(plugin)), happenings, clock, log }) })

  const ofFeeds = (): OwnedMetric[] =>
    feeds.flatMap(({ plugin, feed }) => {
      const { block, failures } = feed.state()
      return [
        { plugin, name: 'causeway_plugin_block', help: 'Last block that the plugin was told.', type: 'gauge', value: block },
        { plugin, name: 'causeway_plugin_failures_total', help: 'Calls of its hooks that failed.', type: 'counter', value: failures },
      ]
    })

  function ofPlugin({ plugin, parts, log }: SetUp): OwnedMetric[] {
    try {
      const metrics = parts.metrics?.() ?? []
      metrics.forEach(checkMetric)
      return metrics.map((metric) => ({ ...metric, plugin: plugin.name }))
    } catch (error) {
      log.error('its metrics cannot be shown', { error })
      return []
    }
  }

  return {
    rpc,
    async run(stopped) {
      await Promise.all(feeds.map(({ feed }) => feed.run(stopped)))
    },
    async deliver() {
      for (const { feed } of feeds) await feed.deliver(NEVER_STOPPED)
    },
    metrics: () => metricsText([...ofFeeds(), ...ready.flatMap(ofPlugin)]),
    dispose: () => disposeAll(ready, clock),
  }
}

const NEVER_STOPPED = new AbortController().signal
