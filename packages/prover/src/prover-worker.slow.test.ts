import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { applyEpoch, silentLog, systemClock as clock, type Log } from '@causeway/core'
import { decodeProof, encodeJob, L1_PLACES } from '@causeway/prover-ultrahonk'
import { memoryStore, randomEpoch } from '@causeway/testing'
import { afterAll, expect, it } from 'vitest'
import { brokeredProver, createBroker, proverWorker, spawnWorkers } from './index.js'

const heard: string[] = []
const log: Log = { ...silentLog, debug: (_, fields) => heard.push(JSON.stringify(fields)), warn: (message, fields) => heard.push(`${message} ${JSON.stringify(fields)}`) }
const broker = createBroker({ store: memoryStore(), clock, log })
const workers = spawnWorkers({ broker, clock, log, kinds: ['ultrahonk-2'], count: 1, command: proverWorker('@causeway/prover-ultrahonk', import.meta.url), timeoutMs: 300_000 })
afterAll(() => workers.stop())

/** The native prover among the processes below `pid`; processes that have ended and wait to be collected do not count. */
function nativeProver(pid: number): number | undefined {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid=,stat=,comm=']).toString().trim().split('\n').map((line) => line.trim().split(/\s+/))
  const below = new Set([String(pid)])
  for (const [child, parent] of table) if (below.has(parent as string)) below.add(child as string)
  const found = table.find(([child, , stat, name]) => below.has(child as string) && name === 'bb' && !stat?.startsWith('Z'))
  return found && Number(found[0])
}

/** Waits until a worker's native prover is well into a proof. */
async function busy(): Promise<{ worker: number; native: number }> {
  for (;;) {
    await sleep(200)
    const [worker] = workers.pids()
    const native = worker === undefined ? undefined : nativeProver(worker)
    if (worker === undefined || native === undefined) continue
    await sleep(3000)
    expect(nativeProver(worker)).toBe(native)
    return { worker, native }
  }
}

const isRunning = (pid: number) => execFileSync('ps', ['-eo', 'pid=,stat=']).toString().split('\n').map((line) => line.trim().split(/\s+/)).some(([id, stat]) => Number(id) === pid && !stat?.startsWith('Z'))

it('proves an epoch in a worker process, though the first worker is killed half-way, and then the native prover of the second', async () => {
  const { epoch } = await randomEpoch(7, 1)
  const prover = brokeredProver({
    broker,
    name: 'ultrahonk-2',
    places: L1_PLACES,
    encode: (witness) => new TextEncoder().encode(encodeJob({ witness })),
    decode: (output) => decodeProof(new TextDecoder().decode(output)),
  })
  const proving = prover.prove(epoch.witness)
  const first = await busy()
  process.kill(first.worker, 'SIGKILL')
  await sleep(1000)
  expect(isRunning(first.native)).toBe(false)

  const second = await busy()
  process.kill(second.native, 'SIGKILL')
  const { proof, publicInputs } = await proving
  // That worker has noticed, and has taken another native prover.
  expect(workers.pids()).toEqual([second.worker])
  expect(nativeProver(second.worker)).not.toBe(second.native)
  expect(publicInputs.map(BigInt)).toEqual(applyEpoch(epoch.witness).publicInputs)
  expect(proof.length).toBeGreaterThan(10_000)
  expect(broker.list()).toMatchObject([{ state: 'done', attempts: 3 }])
  console.log(`proof of ${(proof.length - 2) / 2} bytes; ${heard.length} log lines`)
})
