import { readdirSync, readFileSync } from 'node:fs'
import type { Cluster } from '@causeway/cluster'

/** Resident memory of this process and all below it, in MB; undefined where /proc is missing. */
function treeMemory(): number | undefined {
  try {
    const pages = new Map<number, { parent: number; mb: number }>()
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue
      try {
        const status = readFileSync(`/proc/${entry}/status`, 'utf8')
        pages.set(Number(entry), { parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0), mb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024 })
      } catch (error) {
        // A process may end between the listing and the reading.
        if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))) throw error
      }
    }
    const isOurs = (pid: number): boolean => pid === process.pid || (pid > 1 && isOurs(pages.get(pid)?.parent ?? 0))
    return [...pages].reduce((sum, [pid, { mb }]) => (isOurs(pid) ? sum + mb : sum), 0)
  } catch {
    return undefined
  }
}

/** Watches a running cluster: memory of the whole process tree, and the block times of its first chain while a proof is made. */
export function watch(cluster: Cluster) {
  let peak = 0
  let proving = false
  let provingSince = 0
  const proofs: { epoch: bigint; ms: number }[] = []
  const blocks: { ms: number; proving: boolean }[] = []
  let last = 0
  const timer = setInterval(() => (peak = Math.max(peak, treeMemory() ?? 0)), 500)
  const chain = cluster.chains[0]?.nodes[0]?.rollup.chain
  const endBlocks = chain?.subscribe(() => {
    const now = performance.now()
    if (last > 0) blocks.push({ ms: now - last, proving })
    last = now
  })
  const endEvents = cluster.aggregator?.aggregator.subscribe((event) => {
    if (event.kind !== 'transition') return
    proving = event.to === 'proving'
    if (proving) provingSince = performance.now()
    if (event.to === 'proven' && event.epoch !== undefined) proofs.push({ epoch: event.epoch, ms: performance.now() - provingSince })
  })
  return {
    proofs,
    /** MB */
    peakMemory: () => peak,
    /** ms between blocks: median and 99th percentile, of those while the prover ran (or all). */
    blockTimes(whileProving: boolean) {
      const times = blocks.filter((block) => !whileProving || block.proving).map(({ ms }) => ms).sort((a, b) => a - b)
      const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
      return { count: times.length, median: at(0.5), p99: at(0.99) }
    },
    stop() {
      clearInterval(timer)
      endBlocks?.()
      endEvents?.()
    },
  }
}
