import { CausewayError, silentLog, type Log } from '@causeway/core'
import { manualClock } from '@causeway/testing'
import { expect, it } from 'vitest'
import type { ChildConfig } from './node-child.js'
import type { ChildExit, ChildNodes } from './spawn-nodes.js'
import { superviseNodes } from './supervise.js'

/** Processes that end when they are told. */
function scene() {
  const clock = manualClock()
  const lines: string[] = []
  const log: Log = { ...silentLog, error: (message) => lines.push(message) }
  const started: { ports: (number | undefined)[]; die(exit?: ChildExit): void }[] = []
  const failing = { now: false }
  const spawn = async ({ nodes }: ChildConfig): Promise<ChildNodes> => {
    if (failing.now) throw new CausewayError('A node did not start: no luck', { code: 'NODE_FAILED' })
    let die: (exit: ChildExit) => void = () => undefined
    const exited = new Promise<ChildExit>((resolve) => (die = resolve))
    started.push({ ports: nodes.map(({ rpcPort }) => rpcPort), die: (exit = { code: null, signal: 'SIGKILL' }) => die(exit) })
    return {
      pid: 1000 + started.length,
      rpcUrls: ['http://127.0.0.1:4567', null],
      exited,
      kill: () => die({ code: null, signal: 'SIGKILL' }),
      async stop() {
        die({ code: 0, signal: null })
      },
    }
  }
  const config = { linkUrl: 'ws://here', logFile: 'log', nodes: [{ rpcPort: 0 }, {}] } as unknown as ChildConfig
  /** Lets what is pending happen, and time pass. */
  const pass = async (ms: number) => {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(ms)
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  return { lines, started, failing, pass, start: () => superviseNodes(config, { name: 'b', clock, log, spawn }) }
}

it('starts a process that died again, on the port it had, and says so', async () => {
  const { start, started, pass, lines } = scene()
  const nodes = await start()
  started[0]?.die()
  await pass(1000)
  expect(started.map(({ ports }) => ports)).toEqual([[0, undefined], [4567, undefined]])
  expect([nodes.child.pid, nodes.error]).toEqual([1002, undefined])
  expect(lines).toEqual(['the process of chain b was killed by SIGKILL; it is started again'])
  await nodes.stop()
  await pass(10_000)
  expect(started.length).toBe(2)
})

it('gives up one that dies again and again, not one that dies now and then', async () => {
  const { start, started, pass } = scene()
  const nodes = await start()
  for (let i = 0; i < 10; i++) {
    await pass(61_000)
    started.at(-1)?.die()
    await pass(1000)
  }
  expect([started.length, nodes.error]).toEqual([11, undefined])
  for (let i = 0; i < 10; i++) {
    started.at(-1)?.die({ code: 7, signal: null })
    await pass(10_000)
  }
  expect(nodes.error).toMatchObject({ code: 'CHAIN_DOWN', shortMessage: expect.stringMatching(/chain b ended with exit code 7, 6 times/) })
  const before = started.length
  await pass(100_000)
  expect(started.length).toBe(before)
  await nodes.stop()
})

it('tries again when the process does not start, and can be stopped meanwhile', async () => {
  const { start, started, failing, pass, lines } = scene()
  const nodes = await start()
  failing.now = true
  started[0]?.die()
  await pass(1000)
  expect(lines.at(-1)).toMatch(/does not start \(A node did not start: no luck\)/)
  failing.now = false
  await pass(2000)
  expect([started.length, nodes.error]).toEqual([2, undefined])
  failing.now = true
  started[1]?.die()
  await pass(100)
  const stopped = nodes.stop()
  await pass(0)
  await stopped
  await pass(100_000)
  expect(started.length).toBe(2)
})
