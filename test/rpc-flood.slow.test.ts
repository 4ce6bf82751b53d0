import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { quantile } from './bench/report.js'
import { flood, summary } from './rpc-flood.js'

/** s; `npm run bench:rpc` does it for 60. */
const SECONDS = Number(process.env['FLOOD_SECONDS'] ?? 20)

it('blocks keep their pace under endless calls, reads, batches of a thousand and 200 sockets that do not read', async () => {
  // What the machine itself keeps waiting: timers of this process, which does next to nothing.
  let [lag, isOver] = [0, false]
  const control = (async () => {
    while (!isOver) {
      const asleep = performance.now()
      await setTimeout(50)
      lag = Math.max(lag, performance.now() - asleep - 50)
    }
  })()
  const result = await flood(SECONDS)
  isOver = true
  await control
  console.log({ ...summary(result), 'most that the machine kept a timer waiting, ms': Math.round(lag) })
  const { gaps, memory, waits, attacker } = result
  expect(gaps.flooded.length).toBeGreaterThanOrEqual(SECONDS * 0.7)
  expect(quantile(gaps.flooded, 0.99)).toBeLessThanOrEqual(1_200 + 2 * lag)
  expect(quantile(gaps.flooded, 0.5)).toBeLessThanOrEqual(1_100 + lag)
  expect(memory.most - memory.before).toBeLessThanOrEqual(300)
  // Others are served meanwhile, and the attacker did get through: a simulation of his takes 5 s.
  expect(quantile(waits.number, 0.5)).toBeLessThanOrEqual(2_000)
  expect(attacker.answers).toBeGreaterThan(SECONDS / 4)
})
