// Run by check-dist.ts with plain Node: imports the modules named on the command line from their `dist`, then runs a cluster of one chain,
// in a process of its own, until it has a block.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

for (const name of process.argv.slice(2)) {
  const url = import.meta.resolve(name)
  if (!url.includes('/dist/')) throw new Error(`${name} resolves to ${url}, which is not built`)
  if (Object.keys(await import(name)).length === 0) throw new Error(`${name} exports nothing`)
}
console.log(`imported ${process.argv.length - 2} modules`)

const { WORKER, loadArtefact, PLACES } = await import('@causeway/prover-ultrahonk')
if (!existsSync(fileURLToPath(WORKER))) throw new Error(`no prover program at ${WORKER}`)
for (const places of PLACES) if ((await loadArtefact(places)).bytecode.length === 0) throw new Error(`no circuit for ${places} certificates`)

const { createCluster } = await import('@causeway/cluster')
const cluster = await createCluster({ chains: [{ name: 'one', ownProcess: true }] })
try {
  const [chain] = cluster.chains
  const deadline = Date.now() + 60_000
  while ((await chain.client.getBlockNumber()) < 1n) {
    if (Date.now() > deadline) throw new Error(`no block within a minute: see ${cluster.logFile}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  console.log(`chain ${chain.chainId} made block ${await chain.client.getBlockNumber()} in process ${chain.child.pid}`)
} finally {
  await cluster.stop()
}
