import { createCluster } from '@causeway/cluster'
import { CausewayError } from '@causeway/core'
import { columns, style, type Output } from '../output.js'

/** Options of `causeway cluster`. */
export type ClusterCommandOptions = { directory: string; port: number; l1?: string; l1Port?: number; chains: number; aggregator: boolean }

/** Runs a cluster until a signal ends it. */
export async function cluster({ directory, port, l1, l1Port, chains, aggregator }: ClusterCommandOptions, output: Output, signal: AbortSignal): Promise<void> {
  if (!Number.isInteger(chains) || chains < 0) throw new CausewayError('--chains has to be a whole number.', { code: 'BAD_ARGUMENT', fix: '0 to 4' })
  const running = await createCluster({ directory, port, aggregator, ...(l1 !== undefined && { l1Url: l1 }), ...(l1Port !== undefined && { l1Port }), chains: Array.from({ length: chains }, (_, i) => ({ name: String.fromCharCode(97 + i) })) })
  const rows: [string, string][] = [
    ['cluster', `${style('cyan', running.url)}  (join it: causeway dev --cluster ${running.url})`],
    ['L1', `${running.l1.url}  chain ${running.domain.l1ChainId}`],
    ['hub', running.contracts.hub],
    ...running.chains.map(({ name, chainId, rpcUrl }): [string, string] => [name, `${rpcUrl}  chain ${chainId}`]),
    ['state', `${running.directory}, log in ${running.logFile}`],
  ]
  columns(rows).forEach((line) => output.line(line))
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  output.line(style('dim', 'stopping'))
  await running.stop()
}
