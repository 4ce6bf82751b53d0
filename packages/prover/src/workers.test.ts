import { readdirSync, readFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { silentLog, systemClock as clock, type Log } from '@causeway/core'
import { memoryStore } from '@causeway/testing'
import { afterEach, expect, it } from 'vitest'
import { createBroker, spawnWorkers, workerCommand, type Workers } from './index.js'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (output: Uint8Array) => new TextDecoder().decode(output)
const isAlive = (pid: number) => {
  try {
    // A zombie has ended, though nobody has collected it.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
const until = async (holds: () => boolean) => {
  for (let i = 0; i < 200 && !holds(); i++) await sleep(50)
  expect(holds()).toBe(true)
}

let workers: Workers | undefined
afterEach(async () => workers?.stop())

function pool({ timeoutMs = 20_000, log = silentLog }: { timeoutMs?: number; log?: Log } = {}) {
  const broker = createBroker({ store: memoryStore(), clock, log, maxAttempts: 2 })
  workers = spawnWorkers({ broker, clock, log, kinds: ['test'], count: 1, command: workerCommand('./fixture-worker', import.meta.url), timeoutMs, niceness: 7, leaseMs: 3000 })
  return { broker, ask: async (what: string) => broker.submit({ kind: 'test', input: bytes(what) }) }
}

it('does jobs one after the other in one patient process', async () => {
  const { broker, ask } = pool()
  const [first, second] = await Promise.all([ask('one'), ask('two')])
  const outputs = [text(await broker.wait(first as `0x${string}`)), text(await broker.wait(second as `0x${string}`))]
  const [pid] = workers?.pids() ?? []
  expect(outputs).toEqual([`one by ${pid}`, `two by ${pid}`])
  if (process.platform === 'linux')
    for (const task of readdirSync(`/proc/${pid}/task`)) expect(readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8').split(') ')[1]?.split(' ')[16]).toBe('7')
})

it('survives a worker that dies, one that throws and a job that can never be done', async () => {
  const { broker, ask } = pool()
  await expect(broker.wait(await ask('exit'))).rejects.toThrow(/2 attempts.*ended \(code 3\)/s)
  await expect(broker.wait(await ask('throw'))).rejects.toThrow(/2 attempts.*not this time/s)
  const refused = await ask('refuse')
  await expect(broker.wait(refused)).rejects.toMatchObject({ code: 'PROOF_FAILED', cause: { code: 'RULE_R20' } })
  expect(broker.list().find(({ id }) => id === refused)?.attempts).toBe(1)
  expect(text(await broker.wait(await ask('three')))).toMatch(/^three/)
})

it('does the job of a killed worker again', async () => {
  const { broker, ask } = pool()
  const id = await ask('hang')
  await until(() => workers?.pids().length === 1 && broker.list()[0]?.state === 'leased')
  const [pid] = workers?.pids() as [number]
  process.kill(pid, 'SIGKILL')
  await until(() => broker.list()[0]?.attempts === 2)
  expect(isAlive(pid)).toBe(false)
  await broker.cancel(id)
})

it('kills a hanging worker with all that it started, and goes on', async () => {
  let grandchild = 0
  const log: Log = {
    ...silentLog,
    debug: (_, fields) => {
      grandchild = Number(/grandchild (\d+)/.exec(String(fields?.stderr))?.[1] ?? grandchild)
    },
  }
  const { broker, ask } = pool({ timeoutMs: 2500, log })
  const id = await ask('hang aloud')
  await until(() => grandchild > 0)
  expect(isAlive(grandchild)).toBe(true)
  const hung = grandchild
  await until(() => !isAlive(hung))
  await broker.cancel(id)
  expect(text(await broker.wait(await ask('four')))).toMatch(/^four/)
})

it('leaves no orphan when the parent is killed', async () => {
  const { file, execArgv } = workerCommand('./fixture-parent', import.meta.url)
  const parent = spawn(process.execPath, [...execArgv, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const said = await new Promise<string>((resolve) => parent.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())))
  const { worker, grandchild } = JSON.parse(said) as { worker: number; grandchild: number }
  expect([isAlive(worker), isAlive(grandchild)]).toEqual([true, true])
  parent.kill('SIGKILL')
  await until(() => !isAlive(worker) && !isAlive(grandchild))
})
