import { CausewayError, type Metric } from '@causeway/core'

/** A number that is shown, and the plugin that it is of. */
export type OwnedMetric = Metric & { plugin: string }

const NAME = /^[a-z_][a-z0-9_]*$/

/** @throws `BAD_METRIC`, naming what is wrong, unless it is a number under a name that Prometheus takes */
export function checkMetric({ name, help, type, value }: Metric): void {
  const wrong =
    typeof name !== 'string' || !NAME.test(name)
      ? 'its name is lower-case letters, digits and _'
      : (type !== 'counter' && type !== 'gauge') || typeof help !== 'string'
        ? 'it has a help text, and is a counter or a gauge'
        : typeof value !== 'bigint' && !Number.isFinite(value)
          ? 'its value is a number'
          : undefined
  if (wrong) throw new CausewayError(`The metric ${JSON.stringify(name)} cannot be shown.`, { code: 'BAD_METRIC', fix: wrong, docs: 'plugins.md' })
}

/** Numbers in Prometheus' text format, each with the label `plugin`; those of one name together, as the format wants it. */
export function metricsText(metrics: readonly OwnedMetric[]): string {
  const names = [...new Set(metrics.map(({ name }) => name))]
  return names.map((name) => family(metrics.filter((metric) => metric.name === name))).join('')
}

function family(metrics: readonly OwnedMetric[]): string {
  const [first] = metrics
  if (!first) return ''
  const { name, help, type } = first
  const lines = [`# HELP ${name} ${help.replace(/\s+/g, ' ').replaceAll('\\', '\\\\')}`, `# TYPE ${name} ${type}`, ...metrics.map(({ plugin, value }) => `${name}{plugin="${plugin}"} ${value}`)]
  return `${lines.join('\n')}\n`
}
