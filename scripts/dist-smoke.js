// Run by check-dist.ts with plain Node: imports the modules named on the command line from their `dist`, then runs a cluster of one chain,
// in a process of its own, until it has a block.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

for (const name of process.argv.slice(2)) {
  const url = import.meta.resolve(name)
  if (!url.includes('/dist/')) throw new Error(`${name} resolves to ${url}, which is not built`)
  if (Object.keys(await import(name)).length === 0) throw new Error(`${name} exports nothing`)
}
console.log(`imported ${process.argv.length - 2} modules`)

const { loadArtefact, PLACES } = await import('@causeway/prover-ultrahonk')
for (const places of PLACES) if ((await loadArtefact(places)).bytecode.length === 0) throw new Error(`no circuit for ${places} certificates`)

// A prover process that says what is wrong with a job has found its program and its prover package.
const { createBroker, proverWorker, spawnWorkers } = await import('@causeway/prover')
const { silentLog, systemClock } = await import('@causeway/core')
const { lmdbStore } = await import('@causeway/node')
const folder = mkdtempSync(join(tmpdir(), 'causeway-smoke-'))
const store = lmdbStore(folder)
const broker = createBroker({ store, clock: systemClock, log: silentLog })
const workers = spawnWorkers({ broker, clock: systemClock, log: silentLog, kinds: ['smoke'], count: 1, command: proverWorker('@causeway/prover-ultrahonk', import.meta.url), timeoutMs: 60_000 })
const answer = await broker.wait(await broker.submit({ kind: 'smoke', input: new TextEncoder().encode('not a job') })).catch((error) => error)
await workers.stop()
await store.close()
rmSync(folder, { recursive: true })
if (answer.cause?.code !== 'BAD_JSON') throw new Error('the prover process did not answer', { cause: answer })

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
